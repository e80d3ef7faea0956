"""Networks of this stack, the default VPC, and a region's zones and prefix lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bonkei.definitions.provider.aws.ec2 import default_network
from bonkei.definitions.provider.aws.shared.blocks import each
from bonkei.definitions.provider.aws.shared.checks import at, one_of, validator
from bonkei.definitions.provider.aws.shared.own import by_own_names, every, own
from bonkei.definitions.provider.aws.shared.regions import (
    dns_suffix,
    gateway_prefix_list,
    origin_facing_prefix_list,
    zone_id,
    zone_names,
)
from bonkei.definitions.provider.aws.shared.seeds import HEX, scatter
from bonkei.definitions.provider.behaviour import Context, DataSource, Refused
from bonkei.definitions.provider.values import Object, Value


def _ami(config: Object, context: Context) -> Object:
    """A machine image. Only EC2 instances use it, and they do not run here."""
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


def _vpcs(context: Context) -> Iterator[Object]:
    for vpc in context.peers("aws_vpc"):
        yield {"default": False, "state": "available", **vpc}
    yield default_network.default_vpc(context)


def _subnets(context: Context) -> Iterator[Object]:
    for subnet in context.peers("aws_subnet"):
        yield {"default_for_az": False, "state": "available", **subnet}
    yield from default_network.default_subnets(context)


def _security_groups(context: Context) -> Iterator[Object]:
    """The stack's security groups, and the default one of each VPC."""
    yield from context.peers("aws_security_group")
    for vpc in _vpcs(context):
        identifier = vpc.get("default_security_group_id")
        yield {
            "id": identifier,
            "name": "default",
            "description": "default VPC security group",
            "vpc_id": vpc.get("id"),
            "arn": str(vpc.get("arn")).replace(f"vpc/{vpc['id']}", f"security-group/{identifier}"),
            "tags": {},
        }


def _internet_gateways(context: Context) -> Iterator[Object]:
    for gateway in context.peers("aws_internet_gateway"):
        yield {**gateway, "internet_gateway_id": gateway.get("id")}
    yield default_network.default_internet_gateway(context)


def _route_tables(context: Context) -> Iterator[Object]:
    """The stack's route tables, once for each associated subnet, and the main ones."""
    pairs = [
        (link.get("route_table_id"), link.get("subnet_id"))
        for link in context.peers("aws_route_table_association")
    ]
    for table in context.peers("aws_route_table"):
        identifier = table.get("id")
        whole = {**table, "route_table_id": identifier, "association.main": False}
        subnets = [subnet for linked, subnet in pairs if linked == identifier]
        yield from ({**whole, "subnet_id": subnet} for subnet in subnets or [None])
    for vpc in _vpcs(context):
        main = vpc.get("main_route_table_id")
        yield {
            "id": main,
            "route_table_id": main,
            "vpc_id": vpc.get("id"),
            "arn": str(vpc.get("arn")).replace(f"vpc/{vpc['id']}", f"route-table/{main}"),
            "owner_id": vpc.get("owner_id"),
            "association.main": True,
            "subnet_id": None,
            "tags": {},
        }


DATA_SOURCES: Mapping[str, DataSource] = {
    **by_own_names(
        "aws_eip aws_launch_template aws_nat_gateway aws_network_interface aws_vpc_endpoint"
    ),
    "aws_ami": DataSource(read=_ami),
    "aws_availability_zone": DataSource(read=_availability_zone),
    "aws_availability_zones": DataSource(
        read=_zones,
        validate=validator(
            at("state", one_of("available", "information", "impaired", "unavailable"))
        ),
    ),
    "aws_ec2_managed_prefix_list": DataSource(read=_managed_prefix_list),
    "aws_internet_gateway": own("aws_internet_gateway", _internet_gateways),
    "aws_nat_gateways": every("aws_nat_gateway"),
    "aws_prefix_list": DataSource(read=_prefix_list),
    "aws_route_table": own("aws_route_table", _route_tables),
    "aws_route_tables": every("aws_route_table", _route_tables),
    "aws_security_group": own("aws_security_group", _security_groups),
    "aws_security_groups": every("aws_security_group", _security_groups),
    "aws_subnet": own("aws_subnet", _subnets),
    "aws_subnets": every("aws_subnet", _subnets),
    "aws_vpc": own("aws_vpc", _vpcs),
    "aws_vpc_endpoint_service": DataSource(read=_endpoint_service),
    "aws_vpcs": every("aws_vpc", _vpcs),
}
