"""The default VPC that every account has in every region, and the resources that adopt it.

https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc-components.html
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence

from bonkei.definitions.provider.aws.shared.checks import at, matches
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.regions import zone_id, zone_names
from bonkei.definitions.provider.aws.shared.resource import resource, words
from bonkei.definitions.provider.aws.shared.seeds import HEX, scatter
from bonkei.definitions.provider.behaviour import Context, Refused, ResourceBehaviour
from bonkei.definitions.provider.values import Object, Value

_BLOCK = "172.31.0.0/16"


def default_vpc(context: Context) -> Object:
    """The VPC as the resource and the data source have it."""
    identifier = _id(context, "vpc")
    return {
        "id": identifier,
        "arn": _arn(context, f"vpc/{identifier}"),
        "owner_id": context.account_id,
        "region": context.region,
        "cidr_block": _BLOCK,
        "default": True,
        "state": "available",
        "instance_tenancy": "default",
        "enable_dns_support": True,
        "enable_dns_hostnames": True,
        "enable_network_address_usage_metrics": False,
        "main_route_table_id": _id(context, "rtb"),
        "default_route_table_id": _id(context, "rtb"),
        "default_network_acl_id": _id(context, "acl"),
        "default_security_group_id": _id(context, "sg"),
        "dhcp_options_id": f"dopt-0{scatter(f'{context.account_id}/{context.region}', 16, HEX)}",
        "tags": {},
    }


def default_subnets(context: Context) -> Sequence[Object]:
    """One public /20 in each availability zone."""
    blocks = ipaddress.IPv4Network(_BLOCK).subnets(new_prefix=20)
    zones = zone_names(context.region)
    return [
        {
            "id": (identifier := _id(context, "subnet", zone)),
            "arn": _arn(context, f"subnet/{identifier}"),
            "owner_id": context.account_id,
            "region": context.region,
            "vpc_id": _id(context, "vpc"),
            "cidr_block": str(block),
            "availability_zone": zone,
            "availability_zone_id": zone_id(zone),
            "available_ip_address_count": block.num_addresses - 5,
            "default_for_az": True,
            "map_public_ip_on_launch": True,
            "assign_ipv6_address_on_creation": False,
            "state": "available",
            "tags": {},
        }
        for zone, block in zip(zones, blocks, strict=False)
    ]


def default_internet_gateway(context: Context) -> Object:
    """The gateway that the default VPC's main route table leads to."""
    identifier = _id(context, "igw")
    return {
        "id": identifier,
        "internet_gateway_id": identifier,
        "arn": _arn(context, f"internet-gateway/{identifier}"),
        "owner_id": context.account_id,
        "vpc_id": _id(context, "vpc"),
        "tags": {},
    }


def _id(context: Context, kind: str, label: str = "") -> str:
    seed = f"default/{context.account_id}/{context.region}/{kind}/{label}"
    return f"{kind}-0{scatter(seed, 16, HEX)}"


def _arn(context: Context, what: str) -> str:
    return f"arn:{context.partition}:ec2:{context.region}:{context.account_id}:{what}"


# Attributes of the data source alone, and the resource's own arguments.
_NOT_ADOPTED = words(
    "default state default_for_az available_ip_address_count tags availability_zone"
    " enable_dns_support enable_dns_hostnames"
    " map_public_ip_on_launch assign_ipv6_address_on_creation"
)


def _adopted(found: Object) -> Object:
    return {name: value for name, value in found.items() if name not in _NOT_ADOPTED}


def _adopted_vpc(mint: Mint) -> Mapping[str, Value]:
    return {**_adopted(default_vpc(mint.context)), "existing_default_vpc": True}


def _adopted_subnet(mint: Mint) -> Mapping[str, Value]:
    zone = mint.given("availability_zone")
    for subnet in default_subnets(mint.context):
        if subnet["availability_zone"] == zone:
            return {**_adopted(subnet), "existing_default_subnet": True}
    raise Refused(
        f'there is no default subnet in "{zone}"',
        f"{mint.region} has {', '.join(zone_names(mint.region))}.",
        ("availability_zone",),
    )


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_default_vpc": resource(_adopted_vpc),
    "aws_default_subnet": resource(
        _adopted_subnet,
        at("availability_zone", matches(r"[a-z0-9-]+[a-z]", "an availability zone's name")),
    ),
}
