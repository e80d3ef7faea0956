"""Keys of this stack, and those that AWS manages."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.lookups import none_found
from bonkei.definitions.provider.aws.shared.seeds import HEX, scatter
from bonkei.definitions.provider.behaviour import Context, DataSource
from bonkei.definitions.provider.values import Object


def _uuid(seed: str) -> str:
    digits = scatter(seed, 32, HEX)
    parts = (digits[:8], digits[8:12], f"4{digits[13:16]}", f"a{digits[17:20]}", digits[20:])
    return "-".join(parts)


def _key(config: Object, context: Context) -> Object:
    """A key by its id, its ARN or an alias. Keys that AWS manages always exist."""
    asked = str(config.get("key_id"))
    name = asked.rpartition(":")[2] if ":alias/" in asked else asked
    for alias in context.peers("aws_kms_alias"):
        if name.startswith("alias/") and alias.get("name") == name:
            asked = str(alias.get("target_key_id"))
    for key in context.peers("aws_kms_key"):
        if asked in (key.get("key_id"), key.get("arn")):
            return {**key, "key_id": config.get("key_id")}
    if not name.startswith("alias/aws/"):
        raise none_found("aws_kms_key", config)
    found = _aws_key(name, context)
    return {
        "id": found["target_key_id"],
        "arn": found["target_key_arn"],
        "aws_account_id": context.account_id,
        "enabled": True,
        "key_manager": "AWS",
        "key_spec": "SYMMETRIC_DEFAULT",
        "key_state": "Enabled",
        "key_usage": "ENCRYPT_DECRYPT",
        "customer_master_key_spec": "SYMMETRIC_DEFAULT",
        "multi_region": False,
        "origin": "AWS_KMS",
    }


def _alias(config: Object, context: Context) -> Object:
    name = str(config.get("name"))
    for alias in context.peers("aws_kms_alias"):
        if alias.get("name") == name:
            return alias
    if not name.startswith("alias/aws/"):
        raise none_found("aws_kms_alias", config)
    return _aws_key(name, context)


def _aws_key(name: str, context: Context) -> Object:
    place = f"arn:{context.partition}:kms:{context.region}:{context.account_id}"
    identifier = _uuid(f"kms/{context.region}/{name}")
    return {
        "id": f"{place}:{name}",
        "arn": f"{place}:{name}",
        "name": name,
        "region": context.region,
        "target_key_id": identifier,
        "target_key_arn": f"{place}:key/{identifier}",
    }


DATA_SOURCES: Mapping[str, DataSource] = {
    "aws_kms_alias": DataSource(read=_alias),
    "aws_kms_key": DataSource(read=_key),
}
