"""AWS KMS: keys and aliases."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.cloudformation.resources.kind import Kind, Made, Request, document, values


def _key(request: Request) -> Made:
    given = request.properties
    identifier = request.uuid()
    arn = request.place.arn("kms", f"key/{identifier}")
    state = values(
        id=identifier,
        key_id=identifier,
        arn=arn,
        description=given.get("Description", ""),
        enable_key_rotation=given.get("EnableKeyRotation", False),
        is_enabled=given.get("Enabled", True),
        customer_master_key_spec=given.get("KeySpec", "SYMMETRIC_DEFAULT"),
        key_usage=given.get("KeyUsage", "ENCRYPT_DECRYPT"),
        multi_region=given.get("MultiRegion", False),
        deletion_window_in_days=given.get("PendingWindowInDays", 30),
        policy=document(given["KeyPolicy"]) if "KeyPolicy" in given else None,
        tags=request.all_tags(),
    )
    return Made(identifier, {"Arn": arn, "KeyId": identifier}, (("aws_kms_key", state),))


def _alias(request: Request) -> Made:
    name = str(request.properties["AliasName"])
    state = values(
        id=name,
        name=name,
        arn=request.place.arn("kms", name),
        target_key_id=request.properties["TargetKeyId"],
    )
    return Made(name, {}, (("aws_kms_alias", state),))


KINDS: Mapping[str, Kind] = {
    "AWS::KMS::Key": Kind(
        _key,
        unserved={
            "BypassPolicyLockoutSafetyCheck": "no key's policy is checked for a lockout",
            "Origin": "the key material is the miniature's own",
            "RotationPeriodInDays": "no key material is rotated",
        },
    ),
    "AWS::KMS::Alias": Kind(_alias, named_by="AliasName"),
}
