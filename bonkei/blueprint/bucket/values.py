"""S3 buckets, with the satellites that say how they keep things."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bonkei.blueprint.role import PolicyStatement
from bonkei.blueprint.state.use import Use

Document = Mapping[str, Any]
"""The elements of an XML document in their order: text, a document, or a list of either where the
element is repeated. What is None is left out."""


@dataclass(frozen=True, slots=True)
class BucketSetting:
    """What S3's API keeps below a bucket: `name` is the word in the address (`lifecycle`, `cors`),
    `root` the element that its document has there; a policy is JSON text instead. `headers` say
    the rest."""

    name: str
    root: str = ""
    document: Document = field(default_factory=dict)
    text: str = ""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object that is declared. Its content is `text`, `base64` or the file `source`, which is
    as Terraform has it: relative to the root module. `headers` as PutObject has them. `content_id`
    is what Terraform compares in order to know whether it has changed."""

    address: str
    bucket: str
    key: str
    text: str = field(default="", repr=False)
    base64: str = field(default="", repr=False)
    source: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class Bucket:
    """`encryption` is aws:kms, aws:kms:dsse, AES256 or empty when the definitions say nothing."""

    address: str
    arn: str
    name: str
    encryption: str = ""
    kms_key_id: str = ""
    versioned: bool = False
    public_access_blocked: bool = False
    lifecycle_rules: tuple[str, ...] = ()  # the ids of those that are enabled
    policy: tuple[PolicyStatement, ...] = ()
    users: tuple[Use, ...] = ()  # whose argument names it, its satellites aside
    settings: tuple[BucketSetting, ...] = ()  # everything that is set on it, as S3's API has it
    object_lock: bool = False
    force_destroy: bool = False  # it is emptied when it is no longer declared
