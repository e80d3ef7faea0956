"""S3 buckets: their settings, and their declared objects.

reader     aws_s3_bucket and the resources that configure it; aws_s3_object
settings   a bucket's settings in the form of S3's API
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bonkei.blueprint.iam import PolicyStatement
from bonkei.blueprint.state.use import Use

Document = Mapping[str, Any]
"""The elements of an XML document in order: text, a document, or a list of either for a repeated
element. None is left out."""


@dataclass(frozen=True, slots=True)
class BucketSetting:
    """A setting of a bucket in S3's API. `name` is its word in the address (`lifecycle`, `cors`).
    `root` is the root element of its document. A policy is JSON text. `headers` have further
    values."""

    name: str
    root: str = ""
    document: Document = field(default_factory=dict)
    text: str = ""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class StoredObject:
    """A declared object. Its content is `text`, `base64` or the file `source`, relative to the root
    module. `headers` are PutObject's. Terraform compares `content_id` to find changes."""

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
    """A bucket. `encryption` is aws:kms, aws:kms:dsse or AES256, or empty if the definitions do not
    set it."""

    address: str
    arn: str
    name: str
    encryption: str = ""
    kms_key_id: str = ""
    lifecycle_rules: tuple[str, ...] = ()  # the ids of those that are enabled
    policy: tuple[PolicyStatement, ...] = ()
    users: tuple[Use, ...] = ()  # resources that name it, without its satellites
    settings: tuple[BucketSetting, ...] = ()  # all its settings, in the form of S3's API
    object_lock: bool = False
    request_metrics: tuple[tuple[str, str], ...] = ()  # metrics configurations: id, prefix
    force_destroy: bool = False  # it is emptied and removed when it is no longer declared
