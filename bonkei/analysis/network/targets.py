"""The connection from a load balancer to the tasks behind it."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.analysis.network.acl import acl_obstacle
from bonkei.analysis.network.reach import all_groups, cidr_blocks, obstacle_between, places
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ec2 import Subnet
from bonkei.blueprint.ecs import Service
from bonkei.blueprint.elbv2 import Forward, LoadBalancer


def closed_target_groups(blueprint: Blueprint) -> Mapping[str, str]:
    """ARN of a target group -> why no load balancer reaches its tasks.

    A group is open as soon as one of its load balancers reaches one subnet of the service.
    Everything outside the definitions counts as open.
    """
    closed: dict[str, str] = {}
    for service in blueprint.services:
        for target in service.targets:
            arn = target.target_group_arn
            balancers = [each for each in blueprint.load_balancers if forwards_to(each, arn)]
            found = [
                obstacle
                for balancer in balancers
                for obstacle in obstacles_to(blueprint, balancer, service, target.container_port)
            ]
            if found and all(found):
                closed[arn] = found[0]
    return closed


def obstacles_to(
    blueprint: Blueprint, balancer: LoadBalancer, service: Service, port: int
) -> tuple[str, ...]:
    """The obstacle on the way to each of the service's places; an empty text if there is none."""
    source = all_groups(blueprint, balancer.security_group_ids)
    cidrs = cidr_blocks(blueprint, balancer.subnet_ids)
    return tuple(
        obstacle_between(blueprint, source, cidrs, place.groups, (place.subnet.cidr_block,), port)
        or _closed_by_acl(blueprint, balancer, place.subnet, port)
        for place in places(
            blueprint, service.subnet_ids, service.security_group_ids, service.assign_public_ip
        )
    )


def _closed_by_acl(blueprint: Blueprint, balancer: LoadBalancer, target: Subnet, port: int) -> str:
    """The obstacle, if every subnet of the load balancer has one."""
    sources = [blueprint.network.subnet(each) for each in balancer.subnet_ids]
    closed = [
        acl_obstacle(blueprint.network, source, target, port) if source else ""
        for source in sources
    ]
    return closed[0] if closed and all(closed) else ""


def forwards_to(balancer: LoadBalancer, target_group_arn: str) -> bool:
    """Whether one of the load balancer's listeners forwards to the target group."""
    return any(
        target.target_group_arn == target_group_arn
        for listener in balancer.listeners
        for action in (listener.default_action, *(rule.action for rule in listener.rules))
        if isinstance(action, Forward)
        for target in action.targets
    )
