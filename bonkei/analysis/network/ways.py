"""The ways of a caller: to AWS's services, to a database, to a peer, to a load balancer.

A caller in several subnets gets through as soon as one of them does, because AWS spreads its tasks
over all of them. `bonkei check` judges each subnet separately.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bonkei.analysis.network.acl import acl_obstacle
from bonkei.analysis.network.callers import Caller, private_address
from bonkei.analysis.network.reach import (
    HTTPS,
    Place,
    all_groups,
    leads_to_internet_gateway,
    obstacle_into,
    way_to_service,
)
from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudfront import Origin
from bonkei.blueprint.ec2 import NatGateway, VpcEndpoint
from bonkei.blueprint.ec2.security_group import SecurityGroup
from bonkei.blueprint.ecs import Service
from bonkei.blueprint.elasticache import Cache
from bonkei.blueprint.elbv2 import LoadBalancer
from bonkei.blueprint.rds import DatabaseCluster


@dataclass(frozen=True, slots=True)
class Way:
    """A way that is open. `endpoint` is the VPC endpoint on the way, or None over the internet.
    `private_ip` is the caller's address in its VPC. `public_ip` is its address as the internet sees
    it, or empty if unknown."""

    obstacle: str = ""
    vpc_id: str = ""
    endpoint: VpcEndpoint | None = None
    private_ip: str = ""
    public_ip: str = ""


# From botocore's signing names to the names of VPC endpoints.
_ENDPOINTS = {"ecr": "ecr.api", "cloudwatch": "monitoring", "elbv2": "elasticloadbalancing"}


def way_to_aws(blueprint: Blueprint, caller: Caller, service: str, region: str, key: str) -> Way:
    """Find the way to an AWS service, named as in the credential scope. `key` names one task, so
    that each task has its own address."""
    if not caller.places:
        return Way()
    found = [_way(blueprint, each, service, region, key) for each in caller.places]
    return next((way for way in found if not way.obstacle), found[0])


def _way(blueprint: Blueprint, place: Place, service: str, region: str, key: str) -> Way:
    name = _ENDPOINTS.get(service, service)
    obstacle, endpoint = way_to_service(blueprint, place, name, region)
    private = private_address(place, key)
    if endpoint is not None or obstacle:
        return Way(obstacle, place.subnet.vpc_id, endpoint, private)
    return Way("", place.subnet.vpc_id, None, private, _public(blueprint, place))


def _public(blueprint: Blueprint, place: Place) -> str:
    nat = _nat(blueprint, place)
    return nat.public_ip if nat else ""


def _nat(blueprint: Blueprint, place: Place) -> NatGateway | None:
    wanted = [each.target_id for each in place.subnet.routes if each.target == "nat_gateway"]
    return next((each for each in blueprint.network.nat_gateways if each.id in wanted), None)


def obstacle_to_cluster(
    blueprint: Blueprint, caller: Caller, cluster: DatabaseCluster | Cache
) -> str:
    """Why a caller does not reach a database or a cache; empty when it does."""
    if not caller.in_vpc:
        return f"{caller.name} is in no VPC, and {cluster.address} is in a private one"
    return _first(
        obstacle_into(
            blueprint, place, cluster.security_group_ids, cluster.subnet_ids, cluster.port
        )
        for place in caller.places
    )


def obstacle_to_peer(blueprint: Blueprint, caller: Caller, callee: Service, port: int) -> str:
    """Why a caller does not reach a port of a service's tasks through Service Connect."""
    return _first(
        obstacle_into(blueprint, place, callee.security_group_ids, callee.subnet_ids, port)
        for place in caller.places
    )


def obstacle_to_balancer(
    blueprint: Blueprint, balancer: LoadBalancer, origin: Origin, port: int
) -> str:
    """Why CloudFront does not reach a load balancer. It comes over the internet, from the addresses
    of its prefix list; a VPC origin comes from the balancer's own subnets.

    "Restrict access to Application Load Balancers" and "Restrict access with VPC origins" (Amazon
    CloudFront Developer Guide).
    """
    if not origin.in_vpc:
        if balancer.internal:
            return f"{balancer.address} is internal, and {origin.domain_name} is not a VPC origin"
        closed = [_closed_to_internet(blueprint, each, port) for each in balancer.subnet_ids]
        if closed and all(closed):
            return closed[0]
    groups = all_groups(blueprint, balancer.security_group_ids)
    if not groups or any(_lets_cloudfront_in(blueprint, each, origin, port) for each in groups):
        return ""
    names = " and ".join(group.address for group in groups)
    return f"{names} lets nothing in from CloudFront on port {port}"


def _closed_to_internet(blueprint: Blueprint, subnet_id: str, port: int) -> str:
    subnet = blueprint.network.subnet(subnet_id)
    if subnet is None:
        return ""
    if not leads_to_internet_gateway(subnet):
        return f"{subnet.address} has no route to an internet gateway"
    return acl_obstacle(blueprint.network, subnet, None, port)


_ANYWHERE = ("0.0.0.0/0", "::/0")
_CLOUDFRONT = "cloudfront.origin-facing"


def _lets_cloudfront_in(
    blueprint: Blueprint, group: SecurityGroup, origin: Origin, port: int
) -> bool:
    """The group of CloudFront's own in a VPC (`CloudFront-VPCOrigins-Service-SG`) is not among the
    definitions: a rule for a group that is not known, or for the VPC, may be for it."""
    for rule in group.ingress():
        if not rule.covers("tcp", port):
            continue
        if any(block in _ANYWHERE for block in rule.cidr_blocks):
            return True
        if any(_is_cloudfront(blueprint, each) for each in rule.prefix_list_ids):
            return True
        known = {each.id for each in blueprint.security_groups}
        if origin.in_vpc and (rule.cidr_blocks or {*rule.security_group_ids} - known):
            return True
    return False


def _is_cloudfront(blueprint: Blueprint, prefix_list_id: str) -> bool:
    """A list that is not known, or a customer's own, may hold CloudFront's addresses."""
    found = blueprint.network.prefix_list(prefix_list_id)
    if found is None or not found.name.startswith("com.amazonaws."):
        return True
    return found.name.endswith(_CLOUDFRONT)


def _first(obstacles: Iterable[str] | Iterator[str]) -> str:
    """Return the first obstacle, or an empty text as soon as one place gets through."""
    found = list(obstacles)
    return found[0] if found and all(found) else ""


__all__ = [
    "HTTPS",
    "Way",
    "obstacle_to_balancer",
    "obstacle_to_cluster",
    "obstacle_to_peer",
    "way_to_aws",
]
