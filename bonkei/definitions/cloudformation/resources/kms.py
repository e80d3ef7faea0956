"""AWS KMS: keys and aliases."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.cloudformation.resources.kind import Kind, Made, Request, document, plain


def _key(request: Request) -> Made:
    given = request.properties
    identifier = request.uuid()
    arn = request.place.arn("kms", f"key/{identifier}")
    state = {
        "id": identifier,
        "key_id": identifier,
        "arn": arn,
        **plain(
            given,
            "Description EnableKeyRotation KeyUsage MultiRegion",
            is_enabled="Enabled",
            customer_master_key_spec="KeySpec",
            deletion_window_in_days="PendingWindowInDays",
        ),
        "tags": request.all_tags(),
    }
    if "KeyPolicy" in given:
        state["policy"] = document(given["KeyPolicy"])
    return Made(identifier, {"Arn": arn, "KeyId": identifier}, (("aws_kms_key", state),))


def _alias(request: Request) -> Made:
    name = str(request.properties["AliasName"])
    arn, target = request.place.arn("kms", name), request.properties["TargetKeyId"]
    state = {"id": name, "name": name, "arn": arn, "target_key_id": target}
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
