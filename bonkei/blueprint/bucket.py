"""S3 buckets, with the satellites that say how they keep things."""

from __future__ import annotations

from dataclasses import dataclass

from bonkei.blueprint.role import PolicyStatement
from bonkei.blueprint.use import Use


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
