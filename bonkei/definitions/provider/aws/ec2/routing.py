"""Amazon VPC: route tables and routes.

https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping

from bonkei.definitions.provider.aws.ec2.networks import ec2
from bonkei.definitions.provider.aws.shared.checks import at, exactly_one
from bonkei.definitions.provider.aws.shared.formats import ipv4, ipv6
from bonkei.definitions.provider.aws.shared.import_ids import parts_of
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.aws.shared.seeds import HEX, scatter
from bonkei.definitions.provider.behaviour import Context, ResourceBehaviour
from bonkei.definitions.provider.values import Object, Value

_SUBNET_TARGETS = (
    "carrier_gateway_id",
    "core_network_arn",
    "egress_only_gateway_id",
    "gateway_id",
    "local_gateway_id",
    "nat_gateway_id",
    "network_interface_id",
    "odb_network_arn",
    "transit_gateway_id",
    "vpc_endpoint_id",
    "vpc_peering_connection_id",
)


_DESTINATIONS = ("destination_cidr_block", "destination_ipv6_cidr_block")


def _default_route_table(mint: Mint) -> Mapping[str, Value]:
    identifier = mint.given("default_route_table_id") or mint.id("rtb")
    vpcs = [
        vpc.get("id")
        for vpc in mint.context.peers("aws_vpc")
        if vpc.get("default_route_table_id") == identifier
    ]
    return {**ec2(mint, "route-table", identifier), "vpc_id": vpcs[0] if vpcs else None}


def _route(mint: Mint) -> Mapping[str, Value]:
    """The provider makes the id: `r-`, the table's id, a checksum of the destination."""
    names = (*_DESTINATIONS, "destination_prefix_list_id")
    destination = next((str(mint.given(name)) for name in names if mint.given(name)), "")
    return {
        "id": f"r-{mint.given('route_table_id')}{zlib.crc32(destination.encode())}",
        "origin": "CreateRoute",
        "state": "active",
    }


def _import_route(identifier: str, _: Context) -> Object:
    table, destination = parts_of(identifier, "ROUTETABLEID_DESTINATION")
    name = "destination_ipv6_cidr_block" if ":" in destination else "destination_cidr_block"
    name = "destination_prefix_list_id" if destination.startswith("pl-") else name
    checksum = zlib.crc32(destination.encode())
    return {"id": f"r-{table}{checksum}", "route_table_id": table, name: destination}


def _import_table_association(identifier: str, _: Context) -> Object:
    target, table = parts_of(identifier, "SUBNETID/ROUTETABLEID")
    name = "gateway_id" if target.startswith("igw-") else "subnet_id"
    token = scatter(identifier, 16, HEX)
    return {"id": f"rtbassoc-0{token}", "route_table_id": table, name: target}


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_route_table": resource(
        lambda mint: ec2(mint, "route-table", mint.id("rtb")),
        at("route.cidr_block", ipv4),
        at("route.ipv6_cidr_block", ipv6),
    ),
    "aws_default_route_table": resource(_default_route_table),
    "aws_route": resource(
        _route,
        at("destination_cidr_block", ipv4),
        at("destination_ipv6_cidr_block", ipv6),
        exactly_one(*_SUBNET_TARGETS),
        import_=_import_route,
    ),
    "aws_route_table_association": resource(
        lambda mint: {"id": mint.id("rtbassoc")},
        import_=_import_table_association,
    ),
    "aws_main_route_table_association": resource(
        lambda mint: {
            "id": mint.id("rtbassoc"),
            "original_route_table_id": mint.id("rtb", "original"),
        },
    ),
}
