"""What AWS itself provides before any stack: images, its own keys, the default event bus.

Such a thing is taken to exist, under an id minted from its name; one that this stack makes is found
first.
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.provider.aws.data_sources.lookups import none_found
from bonkei.provider.aws.rds.common import family
from bonkei.provider.aws.shared.blocks import each
from bonkei.provider.aws.shared.regions import load_balancer_zone, zone_id, zone_names
from bonkei.provider.aws.shared.seeds import HEX, scatter
from bonkei.provider.behaviour import Context, DataSource, Refused
from bonkei.provider.values import Object


def _uuid(seed: str) -> str:
    digits = scatter(seed, 32, HEX)
    parts = (digits[:8], digits[8:12], f"4{digits[13:16]}", f"a{digits[17:20]}", digits[20:])
    return "-".join(parts)


def _ami(config: Object, context: Context) -> Object:
    """A machine image. Only EC2 instances are made from one, and they do not run here."""
    names = [b["values"] for b in each(config.get("filter")) if b.get("name") == "name"]
    name = str(names[0][0] if names and names[0] else config.get("name_regex") or "image")
    seed = f"{context.region}/{name}/{config.get('owners')}"
    identifier = f"ami-0{scatter(seed, 16, HEX)}"
    return {
        "id": identifier,
        "image_id": identifier,
        "arn": f"arn:{context.partition}:ec2:{context.region}::image/{identifier}",
        "name": name,
        "architecture": "arm64" if "arm64" in name or "aarch64" in name else "x86_64",
        "root_device_name": "/dev/xvda",
        "root_device_type": "ebs",
        "virtualization_type": "hvm",
        "state": "available",
        "block_device_mappings": [],
        "product_codes": [],
        "tags": {},
    }


def _key(config: Object, context: Context) -> Object:
    """A key by its id, its ARN or an alias; those that AWS manages are there from the beginning."""
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


def _event_bus(config: Object, context: Context) -> Object:
    name = config.get("name")
    for bus in context.peers("aws_cloudwatch_event_bus"):
        if bus.get("name") == name:
            return bus
    if name != "default":
        raise none_found("aws_cloudwatch_event_bus", config)
    place = f"arn:{context.partition}:events:{context.region}:{context.account_id}"
    return {"id": name, "name": name, "arn": f"{place}:event-bus/default", "description": ""}


def _availability_zone(config: Object, context: Context) -> Object:
    region = str(config.get("region") or context.region)
    for name in zone_names(region):
        if config.get("name") == name or config.get("zone_id") == zone_id(name):
            return {
                "id": name,
                "name": name,
                "name_suffix": name[len(region) :],
                "zone_id": zone_id(name),
                "zone_type": "availability-zone",
                "region": region,
                "group_name": region,
                "network_border_group": region,
                "opt_in_status": "opt-in-not-required",
                "state": "available",
            }
    raise Refused(
        f"there is no such availability zone: {config.get('name') or config.get('zone_id')}",
        f"{region} has {', '.join(zone_names(region))}.",
    )


def _balancer_zone(config: Object, context: Context) -> Object:
    region = str(config.get("region") or context.region)
    zone = load_balancer_zone(region, str(config.get("load_balancer_type") or "application"))
    return {"id": zone, "region": region}


def _engine_version(config: Object, _: Context) -> Object:
    """The version asked for, or the first that is preferred. Which is the newest, is not known."""
    engine = str(config.get("engine"))
    preferred = config.get("preferred_versions") or []
    version = str(config.get("version") or (preferred[0] if preferred else ""))
    if not version:
        raise Refused(
            "which version of a database is the newest, is not known here",
            'Say "version", or "preferred_versions".',
        )
    return {
        "id": version,
        "engine": engine,
        "version": version,
        "version_actual": version,
        "parameter_group_family": config.get("parameter_group_family") or family(engine, version),
        "status": "available",
    }


def _arn(config: Object, _: Context) -> Object:
    text = str(config.get("arn"))
    parts = text.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":
        raise Refused(
            f'"{text}" is no ARN', "arn:partition:service:region:account:resource", ("arn",)
        )
    names = ("partition", "service", "region", "account", "resource")
    return {"id": text, **dict(zip(names, parts[1:], strict=True))}


def _session(config: Object, _: Context) -> Object:
    """Whoever evaluates is a user here, so there is no role behind a session."""
    arn = str(config.get("arn"))
    return {"id": arn, "issuer_arn": arn, "issuer_id": "", "issuer_name": "", "session_name": ""}


DATA_SOURCES: Mapping[str, DataSource] = {
    "aws_ami": DataSource(read=_ami),
    "aws_arn": DataSource(read=_arn),
    "aws_availability_zone": DataSource(read=_availability_zone),
    "aws_cloudwatch_event_bus": DataSource(read=_event_bus),
    "aws_iam_session_context": DataSource(read=_session),
    "aws_kms_alias": DataSource(read=_alias),
    "aws_kms_key": DataSource(read=_key),
    "aws_lb_hosted_zone_id": DataSource(read=_balancer_zone),
    "aws_rds_engine_version": DataSource(read=_engine_version),
}
