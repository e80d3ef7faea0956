"""aws_vpc, aws_subnet and their routing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from bonkei.blueprint.ec2 import (
    AclRule,
    NatGateway,
    Network,
    NetworkAcl,
    PrefixList,
    Route,
    RouteTarget,
    Subnet,
    Vpc,
    VpcEndpoint,
)
from bonkei.blueprint.iam import read_policy_document
from bonkei.blueprint.state import Resource, State
from bonkei.blueprint.state.block import Block

# Weights of AWS-managed prefix lists: "AWS-managed prefix lists",
# https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html
_MANAGED_WEIGHTS = {
    "com.amazonaws.global.cloudfront.origin-facing": 55,
    "com.amazonaws.global.ipv6.cloudfront.origin-facing": 55,
    "com.amazonaws.global.groundstation": 5,
    "route53-healthchecks": 25,
    "ipv6.route53-healthchecks": 25,
    "vpc-lattice": 10,
    "ipv6.vpc-lattice": 10,
    "ec2-instance-connect": 2,
    "ipv6.ec2-instance-connect": 2,
    "dynamodb": 1,
    "s3": 1,
    "s3express": 6,
}

_DESTINATIONS = (
    # The argument of an aws_route, and of a route block in a table.
    ("destination_cidr_block", "cidr_block"),
    ("destination_ipv6_cidr_block", "ipv6_cidr_block"),
    ("destination_prefix_list_id", "destination_prefix_list_id"),
)
_TARGETS: tuple[tuple[str, RouteTarget], ...] = (
    ("nat_gateway_id", "nat_gateway"),
    ("egress_only_gateway_id", "egress_only_internet_gateway"),
    ("vpc_endpoint_id", "vpc_endpoint"),
    ("transit_gateway_id", "other"),
    ("vpc_peering_connection_id", "other"),
    ("network_interface_id", "other"),
    ("local_gateway_id", "other"),
    ("carrier_gateway_id", "other"),
    ("core_network_arn", "other"),
)


def read_network(state: State) -> Network:
    """The network of the state, with resources looked up by data sources."""
    return Network(
        vpcs=tuple(_vpc(block) for block in state.managed("aws_vpc", "aws_default_vpc")),
        subnets=tuple(_subnet(block, state) for block in state.managed("aws_subnet")),
        nat_gateways=tuple(
            block.read(
                NatGateway,
                subnet_id=block.text("subnet_id", ""),
                connectivity=block.text("connectivity_type", "public"),
            )
            for block in state.managed("aws_nat_gateway")
        ),
        endpoints=tuple(_endpoint(block, state) for block in state.managed("aws_vpc_endpoint")),
        prefix_lists=tuple(_prefix_lists(state)),
        acls=read_acls(state),
    )


def _vpc(block: Resource) -> Vpc:
    return block.read(
        Vpc,
        cidr_blocks=(block.text("cidr_block"),),
        dns=block.flag("enable_dns_support", True) and block.flag("enable_dns_hostnames"),
    )


def _subnet(block: Resource, state: State) -> Subnet:
    vpc_id = block.text("vpc_id")
    table_id = _route_table_id(block.text("id"), vpc_id, state)
    return block.read(
        Subnet,
        vpc_id=vpc_id,
        cidr_block=block.text("cidr_block", ""),
        availability_zone=block.text("availability_zone", ""),
        route_table_id=table_id,
        routes=tuple(_routes(table_id, state)),
        name=dict(block.pairs("tags")).get("Name", ""),
        routes_known=_is_known(table_id, vpc_id, state),
    )


def _route_table_id(subnet_id: str, vpc_id: str, state: State) -> str:
    """ "Subnet route tables": a subnet's own route table, or else the VPC's main one.

    https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html
    """
    for association in state.managed("aws_route_table_association"):
        if association.text("subnet_id", "") == subnet_id:
            return association.text("route_table_id")
    for main in state.managed("aws_main_route_table_association"):
        if main.text("vpc_id") == vpc_id:
            return main.text("route_table_id")
    for default in state.managed("aws_default_route_table"):
        if default.text("vpc_id", "") == vpc_id:
            return default.text("id")
    vpc = state.find(vpc_id, "id", "aws_vpc", "aws_default_vpc")
    return vpc.text("main_route_table_id", "") if vpc else ""


def _is_known(table_id: str, vpc_id: str, state: State) -> bool:
    """Whether the table is in the state: declared, or created with a declared VPC."""
    tables = state.managed("aws_route_table", "aws_default_route_table")
    vpcs = state.managed("aws_vpc", "aws_default_vpc")
    return any(table.text("id") == table_id for table in tables) or any(
        vpc.text("id") == vpc_id and vpc.text("main_route_table_id", "") == table_id for vpc in vpcs
    )


def _routes(table_id: str, state: State) -> Iterator[Route]:
    """Read routes in both spellings, and drop repetitions in a table's blocks."""
    if not table_id:
        return
    seen: set[tuple[str, str]] = set()
    written = [r for r in state.managed("aws_route") if r.text("route_table_id") == table_id]
    tables = state.managed("aws_route_table", "aws_default_route_table")
    blocks = [b for t in tables if t.text("id") == table_id for b in t.blocks("route")]
    for block in (*written, *blocks):
        route = _route(block)
        if route is not None and (route.destination, route.target_id) not in seen:
            seen.add((route.destination, route.target_id))
            yield route


def _route(block: Block) -> Route | None:
    names = [name for pair in _DESTINATIONS for name in pair]
    destination = next((block.text(name) for name in names if block.has(name)), "")
    gateway = block.text("gateway_id", "")
    if not destination or gateway == "local":
        return None
    if gateway:
        kind: RouteTarget = "vpc_endpoint" if gateway.startswith("vpce-") else "internet_gateway"
        return Route(destination, kind, gateway, block.address)
    for name, target in _TARGETS:
        if block.has(name):
            return Route(destination, target, block.text(name), block.address)
    return Route(destination, "other", "", block.address)


def _endpoint(block: Resource, state: State) -> VpcEndpoint:
    endpoint_id = block.text("id")
    subnets = {*block.texts("subnet_ids")} | _associated(
        "aws_vpc_endpoint_subnet_association", "subnet_id", endpoint_id, state
    )
    groups = {*block.texts("security_group_ids")} | _associated(
        "aws_vpc_endpoint_security_group_association", "security_group_id", endpoint_id, state
    )
    tables = {*block.texts("route_table_ids")} | _associated(
        "aws_vpc_endpoint_route_table_association", "route_table_id", endpoint_id, state
    )
    return block.read(
        VpcEndpoint,
        id=endpoint_id,
        service_name=block.text("service_name", ""),
        kind=block.text("vpc_endpoint_type", "Gateway"),
        subnet_ids=tuple(sorted(subnets)),
        security_group_ids=tuple(sorted(groups)),
        route_table_ids=tuple(sorted(tables)),
        private_dns=block.flag("private_dns_enabled"),
        policy=read_policy_document(_has_policy(block, state), "policy"),
    )


def _has_policy(endpoint: Resource, state: State) -> Resource:
    own = [
        found
        for found in state.managed("aws_vpc_endpoint_policy")
        if found.text("vpc_endpoint_id") == endpoint.text("id")
    ]
    return own[0] if own else endpoint


def _associated(kind: str, attribute: str, endpoint_id: str, state: State) -> set[str]:
    return {
        block.text(attribute)
        for block in state.managed(kind)
        if block.text("vpc_endpoint_id") == endpoint_id
    }


def _prefix_lists(state: State) -> Iterator[PrefixList]:
    """Read the stack's own lists and those that are looked up, each id once."""
    seen: set[str] = set()
    for block in state.known("aws_ec2_managed_prefix_list", "aws_prefix_list"):
        identifier = block.text("id")
        if identifier in seen:
            continue
        seen.add(identifier)
        name = block.text("name", "")
        weight = _MANAGED_WEIGHTS.get(_without_region(name), 0)
        yield PrefixList(
            address=block.address,
            id=identifier,
            name=name,
            weight=weight or block.integer("max_entries", 1),
        )
    for endpoint in state.managed("aws_vpc_endpoint"):
        # A gateway endpoint has the id of its service's prefix list.
        identifier = endpoint.text("prefix_list_id", "")
        if identifier and identifier not in seen:
            seen.add(identifier)
            yield PrefixList(endpoint.address, identifier, endpoint.text("service_name"), 1)


def _without_region(name: str) -> str:
    """Turn com.amazonaws.eu-west-1.s3 into s3. Global names stay."""
    if name in _MANAGED_WEIGHTS or not name.startswith("com.amazonaws."):
        return name
    return name.split(".", 3)[-1]


_PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}


def read_acls(state: State) -> tuple[NetworkAcl, ...]:
    """Every ACL with declared settings. A VPC's default ACL allows everything."""
    return tuple(
        block.read(
            NetworkAcl,
            vpc_id=block.text("vpc_id", ""),
            subnet_ids=tuple(sorted(_subnets(block, state))),
            rules=tuple(sorted(_rules(block, state), key=lambda rule: rule.number)),
        )
        for block in state.managed("aws_network_acl", "aws_default_network_acl")
    )


def _subnets(acl: Resource, state: State) -> set[str]:
    found = {*acl.texts("subnet_ids")}
    for each in state.managed("aws_network_acl_association"):
        if each.text("network_acl_id") == acl.text("id"):
            found.add(each.text("subnet_id"))
    return found


def _rules(acl: Resource, state: State) -> Iterator[AclRule]:
    own = [
        rule
        for rule in state.managed("aws_network_acl_rule")
        if rule.text("network_acl_id") == acl.text("id")
    ]
    for rule in own:
        outward = rule.flag("egress")
        yield _rule(rule, "egress" if outward else "ingress", "rule_number", "rule_action")
    if own:  # the state repeats the rules in the ACL's computed arguments
        return
    for written in acl.blocks("ingress"):
        yield _rule(written, "ingress", "rule_no", "action")
    for written in acl.blocks("egress"):
        yield _rule(written, "egress", "rule_no", "action")


def _rule(
    block: Block, direction: Literal["ingress", "egress"], number: str, action: str
) -> AclRule:
    protocol = block.text("protocol", "-1").lower()
    protocol = _PROTOCOLS.get(protocol, protocol)
    everything = protocol == "-1"
    return AclRule(
        direction=direction,
        number=block.integer(number),
        allows=block.text(action, "").lower() == "allow",
        protocol=protocol,
        cidr_block=block.text("cidr_block", "") or block.text("ipv6_cidr_block", ""),
        from_port=0 if everything else block.integer("from_port", 0),
        to_port=65535 if everything else block.integer("to_port", 65535),
    )
