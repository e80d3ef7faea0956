"""What a region offers to networks: zones, prefix lists, services to make endpoints for."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.provider.aws.shared.blocks import each
from bonkei.provider.aws.shared.checks import at, one_of, validator
from bonkei.provider.aws.shared.regions import (
    dns_suffix,
    gateway_prefix_list,
    origin_facing_prefix_list,
    zone_id,
    zone_names,
)
from bonkei.provider.aws.shared.seeds import HEX, scatter
from bonkei.provider.behaviour import Context, DataSource, Refused
from bonkei.provider.values import Object, Value

_ORIGIN_FACING = "com.amazonaws.global.cloudfront.origin-facing"


def _zones(config: Object, context: Context) -> Object:
    region = str(config.get("region") or context.region)
    names = [
        name
        for name in zone_names(region)
        if name not in (config.get("exclude_names") or ())
        and zone_id(name) not in (config.get("exclude_zone_ids") or ())
        and all(_zone_passes(name, region, block) for block in each(config.get("filter")))
        and config.get("state") in (None, "available")
    ]
    return {
        "id": region,
        "region": region,
        "names": names,
        "zone_ids": [zone_id(name) for name in names],
        "group_names": [region] if names else [],
    }


def _zone_passes(name: str, region: str, block: Mapping[str, Value]) -> bool:
    facts = {
        "zone-name": name,
        "zone-id": zone_id(name),
        "zone-type": "availability-zone",
        "opt-in-status": "opt-in-not-required",
        "group-name": region,
        "region-name": region,
        "state": "available",
    }
    if block["name"] not in facts:
        raise Refused(f'there is no filter "{block["name"]}"', "", ("filter",))
    return facts[str(block["name"])] in block["values"]


def _managed_prefix_list(config: Object, context: Context) -> Object:
    """The lists that AWS manages, and the stack's own. `entries` of AWS's lists are not published
    as a contract, so they stay empty; `max_entries` is the weight in a security group's quota."""
    region = str(config.get("region") or context.region)
    name, identifier = _prefix_list_named(config)
    known = {
        _ORIGIN_FACING: (origin_facing_prefix_list(region), 55),
        f"com.amazonaws.{region}.s3": (gateway_prefix_list(region, "s3"), 0),
        f"com.amazonaws.{region}.dynamodb": (gateway_prefix_list(region, "dynamodb"), 0),
    }
    for known_name, (known_id, weight) in known.items():
        if name == known_name or identifier == known_id:
            return {
                "id": known_id,
                "name": known_name,
                "region": region,
                "arn": f"arn:{context.partition}:ec2:{region}:aws:prefix-list/{known_id}",
                "address_family": "IPv4",
                "entries": [],
                "max_entries": weight,
                "owner_id": "AWS",
                "version": 1,
                "tags": {},
            }
    for peer in context.peers("aws_ec2_managed_prefix_list"):
        if peer.get("name") == name or peer.get("id") == identifier:
            return {**peer, "entries": peer.get("entry") or []}
    raise Refused(f'no such prefix list: "{name or identifier}"', f"Known: {', '.join(known)}.")


def _prefix_list_named(config: Object) -> tuple[Value, Value]:
    name, identifier = config.get("name"), config.get("id") or config.get("prefix_list_id")
    for block in each(config.get("filter")):
        values = block.get("values") or [None]
        if block.get("name") == "prefix-list-name":
            name = values[0]
        elif block.get("name") == "prefix-list-id":
            identifier = values[0]
    return name, identifier


def _prefix_list(config: Object, context: Context) -> Object:
    found = _managed_prefix_list(config, context)
    return {name: found[name] for name in ("id", "name", "region")} | {"cidr_blocks": []}


def _endpoint_service(config: Object, context: Context) -> Object:
    region = context.region
    short = config.get("service") or str(config.get("service_name") or "").rpartition(".")[2]
    name = config.get("service_name") or f"com.amazonaws.{region}.{short}"
    gateway = short in ("s3", "dynamodb")
    return {
        "id": name,
        "service_name": name,
        "region": region,
        "service_region": region,
        "service_id": f"vpce-svc-0{scatter(str(name), 16, HEX)}",
        "service_type": "Gateway" if gateway else "Interface",
        "owner": "amazon",
        "acceptance_required": False,
        "manages_vpc_endpoints": False,
        "vpc_endpoint_policy_supported": True,
        "availability_zones": list(zone_names(region)),
        "base_endpoint_dns_names": [f"{short}.{region}.vpce.{dns_suffix(context.partition)}"],
        "private_dns_name": f"{short}.{region}.{dns_suffix(context.partition)}",
        "private_dns_names": [f"{short}.{region}.{dns_suffix(context.partition)}"],
        "supported_ip_address_types": ["ipv4"],
        "arn": f"arn:{context.partition}:ec2:{region}:{context.account_id}:vpc-endpoint-service/"
        f"vpce-svc-0{scatter(str(name), 16, HEX)}",
        "tags": {},
    }


DATA_SOURCES: Mapping[str, DataSource] = {
    "aws_availability_zones": DataSource(
        read=_zones,
        validate=validator(
            at("state", one_of("available", "information", "impaired", "unavailable"))
        ),
    ),
    "aws_ec2_managed_prefix_list": DataSource(read=_managed_prefix_list),
    "aws_prefix_list": DataSource(read=_prefix_list),
    "aws_vpc_endpoint_service": DataSource(read=_endpoint_service),
}
