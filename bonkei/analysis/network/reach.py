"""Whether a packet gets from one place of the network to another: subnet, route, endpoint or NAT,
and the security groups on both sides.

A subnet or a group outside the definitions (looked up) cannot be judged, so the packet passes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from ipaddress import ip_network

from bonkei.analysis.network.acl import acl_obstacle, acl_obstacle_to_gateway_endpoint
from bonkei.analysis.policy.lenient import allowed
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ec2 import Subnet, VpcEndpoint
from bonkei.blueprint.ec2.security_group import SecurityGroup, SecurityGroupRule
from bonkei.blueprint.iam import PolicyStatement

HTTPS = 443
_EVERYWHERE = "0.0.0.0/0"
_EVERYWHERE_V6 = "::/0"


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the network: one subnet, its security groups, and whether it is public."""

    subnet: Subnet
    groups: tuple[SecurityGroup, ...]
    public_ip: bool = False


def places(
    blueprint: Blueprint,
    subnet_ids: Iterable[str],
    group_ids: Iterable[str],
    public_ip: bool = False,
) -> tuple[Place, ...]:
    """The places in subnets that the definitions hold."""
    found = [blueprint.network.subnet(subnet_id) for subnet_id in subnet_ids]
    groups = all_groups(blueprint, group_ids)
    return tuple(Place(subnet, groups, public_ip) for subnet in found if subnet is not None)


def known_groups(blueprint: Blueprint, group_ids: Iterable[str]) -> tuple[SecurityGroup, ...]:
    """The security groups that the definitions hold."""
    found = [blueprint.security_group(group_id) for group_id in group_ids]
    return tuple(group for group in found if group is not None)


def all_groups(blueprint: Blueprint, group_ids: Iterable[str]) -> tuple[SecurityGroup, ...]:
    """The security groups. Empty if one of them is outside the definitions, because it might allow
    more."""
    group_ids = tuple(group_ids)
    found = known_groups(blueprint, group_ids)
    return found if len(found) == len(group_ids) else ()


def cidr_blocks(blueprint: Blueprint, subnet_ids: Iterable[str]) -> tuple[str, ...]:
    """The subnets' CIDR blocks. Empty if a subnet is outside the definitions."""
    found = [blueprint.network.subnet(subnet_id) for subnet_id in subnet_ids]
    known = tuple(subnet.cidr_block for subnet in found if subnet is not None)
    return known if len(known) == len(found) else ()


def obstacle_to_service(blueprint: Blueprint, place: Place, service: str) -> str:
    """Say why HTTPS to an AWS service (`logs`, `ecr.api`, …) is impossible, or why the service's
    endpoint refuses a task's calls to start and to log. The result is empty if neither is the
    case."""
    obstacle, endpoint = way_to_service(blueprint, place, service)
    if obstacle or endpoint is None:
        return obstacle
    return _refused_by_policy(endpoint)


def way_to_service(
    blueprint: Blueprint, place: Place, service: str, region: str = ""
) -> tuple[str, VpcEndpoint | None]:
    """The obstacle on the way to an AWS service, or the endpoint on the way. None: over the
    internet. `region` empty: the region of the endpoints.

    An interface endpoint with private DNS takes over the service's name in the whole VPC. So it is
    the only way. "Access an AWS service using an interface VPC endpoint",
    https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html
    """
    endpoints = [
        endpoint
        for endpoint in blueprint.network.endpoints
        if endpoint.vpc_id == place.subnet.vpc_id and endpoint.service == service
        if region in ("", endpoint.region)
    ]
    for endpoint in endpoints:
        if endpoint.kind == "Interface" and endpoint.private_dns:
            return _obstacle_to_endpoint(blueprint, place, endpoint), endpoint
    for endpoint in endpoints:
        if endpoint.kind == "Gateway" and place.subnet.route_table_id in endpoint.route_table_ids:
            return _obstacle_to_gateway_endpoint(blueprint, place, service), endpoint
    if not place.subnet.routes_known or not _holds_vpc(blueprint, place):
        return "", None  # there may be endpoints outside the definitions
    without = f"{place.subnet.address} has no endpoint for {service}"
    internet = obstacle_to_internet(blueprint, place)
    return (f"{without}, and {internet}" if internet else ""), None


def obstacle_to_internet(blueprint: Blueprint, place: Place) -> str:
    """Say why HTTPS to the internet is impossible. The result is empty when it works."""
    if not place.subnet.routes_known:
        return ""
    default = [route for route in place.subnet.routes if route.destination == _EVERYWHERE]
    if not default:
        return f"{place.subnet.address} has no route to the internet"
    route = default[0]
    if route.target == "internet_gateway" and not place.public_ip:
        return f"{place.subnet.address} leads to an internet gateway, but there is no public IP"
    if route.target == "nat_gateway":
        nat = next((n for n in blueprint.network.nat_gateways if n.id == route.target_id), None)
        if nat is not None and nat.connectivity != "public":
            return f"{nat.address} is private"
        subnet = blueprint.network.subnet(nat.subnet_id) if nat else None
        if subnet is not None and not leads_to_internet_gateway(subnet):
            return f"{subnet.address}, the subnet of the NAT gateway, has no internet gateway"
        if subnet is not None and (closed := acl_obstacle(blueprint.network, subnet, None, HTTPS)):
            return closed
    if place.groups and not any(_lets_https_out(group) for group in place.groups):
        return f"{_names(place.groups)} allows no HTTPS out to the internet"
    return acl_obstacle(blueprint.network, place.subnet, None, HTTPS)


def obstacle_into(
    blueprint: Blueprint,
    place: Place,
    group_ids: Iterable[str],
    subnet_ids: Iterable[str],
    port: int,
) -> str:
    """Why TCP from a place to these subnets and groups is refused; empty when it is allowed. An ACL
    is an obstacle only if it closes all the subnets."""
    subnet_ids = tuple(subnet_ids)
    obstacle = obstacle_between(
        blueprint, place.groups, (place.subnet.cidr_block,), all_groups(blueprint, group_ids),
        cidr_blocks(blueprint, subnet_ids), port,
    )  # fmt: skip
    found = [blueprint.network.subnet(each) for each in subnet_ids]
    closed = [
        acl_obstacle(blueprint.network, place.subnet, subnet, port) if subnet else ""
        for subnet in found
    ]
    return obstacle or (closed[0] if closed and all(closed) else "")


def _holds_vpc(blueprint: Blueprint, place: Place) -> bool:
    return any(vpc.id == place.subnet.vpc_id for vpc in blueprint.network.vpcs)


def leads_to_internet_gateway(subnet: Subnet) -> bool:
    """Whether the subnet is public. A subnet with unknown routes counts as public."""
    return not subnet.routes_known or any(
        route.target == "internet_gateway" and route.destination == _EVERYWHERE
        for route in subnet.routes
    )


def obstacle_between(
    blueprint: Blueprint,
    source: Iterable[SecurityGroup],
    source_cidrs: Iterable[str],
    target: Iterable[SecurityGroup],
    target_cidrs: Iterable[str],
    port: int,
) -> str:
    """Why TCP to `port` is refused between two places of one VPC; empty when it is allowed.

    A security group is stateful, so one rule on each side is enough. The rules of all groups add
    up. A side without groups or CIDR blocks is unknown: a rule for an unknown peer counts as
    matching.
    """
    source, target = tuple(source), tuple(target)
    into, out_of = _Peer(target, tuple(target_cidrs)), _Peer(source, tuple(source_cidrs))
    if source and not any(
        _matches(blueprint, rule, port, into) for group in source for rule in group.egress()
    ):
        return f"{_names(source)} lets nothing out to {_names(target) or 'it'} on port {port}"
    if target and not any(
        _matches(blueprint, rule, port, out_of) for group in target for rule in group.ingress()
    ):
        return f"{_names(target)} lets nothing in from {_names(source) or 'it'} on port {port}"
    return ""


def _obstacle_to_endpoint(blueprint: Blueprint, place: Place, endpoint: VpcEndpoint) -> str:
    if not endpoint.subnet_ids:
        return f"{endpoint.address} stands in no subnet"
    return obstacle_into(blueprint, place, endpoint.security_group_ids, endpoint.subnet_ids, HTTPS)


# The actions that a task needs at an endpoint to start and to log. ECR keeps an image's layers in a
# bucket: "Minimum Amazon S3 Bucket Permissions for Amazon ECR",
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
_LAYERS = "arn:aws:s3:::prod-{region}-starport-layer-bucket/any"
_DONE_THROUGH: dict[str, tuple[tuple[str, str], ...]] = {
    "ecr.api": (
        ("ecr:GetAuthorizationToken", "*"),
        ("ecr:BatchGetImage", "arn:aws:ecr:any"),
        ("ecr:GetDownloadUrlForLayer", "arn:aws:ecr:any"),
    ),
    "logs": (
        ("logs:CreateLogStream", "arn:aws:logs:any"),
        ("logs:PutLogEvents", "arn:aws:logs:any"),
    ),
    "s3": (("s3:GetObject", _LAYERS),),
    "secretsmanager": (("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:any"),),
    "ssm": (("ssm:GetParameters", "arn:aws:ssm:any"),),
    "ssmmessages": (("ssmmessages:OpenDataChannel", "*"),),
}


_OF_ACCOUNT = {
    f"aws:{whose}{what}" for whose in ("principal", "resource") for what in ("account", "orgid")
}


def _refused_by_policy(endpoint: VpcEndpoint) -> str:
    """An endpoint without a policy of its own allows everything."""
    if not endpoint.policy:
        return ""
    region = endpoint.service_name.split(".")[2]
    for action, resource in _DONE_THROUGH.get(endpoint.service, ()):
        if not allowed(_by_kind(endpoint), action, resource.format(region=region)):
            return f"{endpoint.address}'s policy does not allow {action}"
    return ""


def _by_kind(endpoint: VpcEndpoint) -> tuple[PolicyStatement, ...]:
    """Statements for any resource, because only the action counts here. The layers' bucket is
    AWS's, and ECR signs the requests to it: a condition on one's own account keeps them out."""
    if endpoint.service == "s3":
        return tuple(
            statement
            for statement in endpoint.policy
            if statement.effect != "Allow"
            or not _OF_ACCOUNT & {key.lower() for _, key, _ in statement.conditions}
        )
    return tuple(
        replace(statement, resources=("*",)) if statement.effect == "Allow" else statement
        for statement in endpoint.policy
    )


def _obstacle_to_gateway_endpoint(blueprint: Blueprint, place: Place, service: str) -> str:
    """A gateway endpoint has public addresses. The group must allow its prefix list, or everything,
    and the subnet's ACL some of them."""
    if closed := acl_obstacle_to_gateway_endpoint(blueprint.network, place.subnet):
        return closed
    if not place.groups or any(_lets_https_out(group) for group in place.groups):
        return ""
    for group in place.groups:
        for rule in group.egress():
            for identifier in rule.prefix_list_ids:
                known = blueprint.network.prefix_list(identifier)
                if rule.covers("tcp", HTTPS) and (
                    known is None or known.name.rpartition(".")[2] == service
                ):
                    return ""
    return f"{_names(place.groups)} lets no HTTPS out to {service}'s prefix list"


def _lets_https_out(group: SecurityGroup) -> bool:
    return any(
        rule.covers("tcp", HTTPS) and _EVERYWHERE in rule.cidr_blocks for rule in group.egress()
    )


@dataclass(frozen=True, slots=True)
class _Peer:
    groups: tuple[SecurityGroup, ...]
    cidrs: tuple[str, ...]


def _matches(blueprint: Blueprint, rule: SecurityGroupRule, port: int, peer: _Peer) -> bool:
    if not rule.covers("tcp", port):
        return False
    if rule.security_group_ids and not peer.groups:
        return True
    if any(group.id in rule.security_group_ids for group in peer.groups):
        return True
    if any(not _is_of_aws(blueprint, identifier) for identifier in rule.prefix_list_ids):
        return True  # the content of a customer's list is unknown
    if not peer.cidrs:
        return bool(rule.cidr_blocks)
    return all(_within(cidr, rule.cidr_blocks) for cidr in peer.cidrs)


def _is_of_aws(blueprint: Blueprint, prefix_list_id: str) -> bool:
    """An AWS service's prefix list contains no address of a VPC."""
    found = blueprint.network.prefix_list(prefix_list_id)
    return found is not None and found.name.startswith("com.amazonaws.")


def _within(cidr: str, blocks: Iterable[str]) -> bool:
    try:
        network = ip_network(cidr, strict=False)
        outer = [ip_network(block, strict=False) for block in blocks]
    except ValueError:
        return False
    return any(
        network.version == block.version and network.subnet_of(block)  # type: ignore[arg-type]
        for block in outer
    )


def _names(groups: Iterable[SecurityGroup]) -> str:
    return " and ".join(group.address for group in groups)


def leads_out(subnet: Subnet) -> str:
    """The Terraform address of the subnet's route to the internet, through any gateway; empty
    without one."""
    for route in subnet.routes:
        if route.destination in (_EVERYWHERE, _EVERYWHERE_V6) and route.target in (
            "internet_gateway",
            "egress_only_internet_gateway",
            "nat_gateway",
        ):
            return route.address or subnet.address
    return ""
