"""Availability Zones: the network without one of them.

A subnet is in one zone, and so is everything with a network interface there: a task, a database
instance, a NAT gateway, an interface endpoint's address ("VPC subnets", "Availability Zones" in the
Amazon VPC and EC2 user guides).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from bonkei.blueprint import Blueprint


def zones_of(blueprint: Blueprint, subnet_ids: Iterable[str]) -> tuple[str, ...]:
    """The zones of these subnets, each once, in order."""
    found = (blueprint.network.subnet(each) for each in subnet_ids)
    return tuple(sorted({one.availability_zone for one in found if one and one.availability_zone}))


def every_zone(blueprint: Blueprint) -> tuple[str, ...]:
    return zones_of(blueprint, (one.id for one in blueprint.network.subnets))


def without_zones(blueprint: Blueprint, zones: Collection[str]) -> Blueprint:
    """The definitions without the parts that have their network in these zones. An endpoint keeps
    its addresses in the other zones, which its regional name leads to; a subnet whose NAT gateway
    was there leads nowhere.
    """
    if not zones:
        return blueprint
    network = blueprint.network
    gone = {one.id for one in network.subnets if one.availability_zone in zones}
    gateways = {one.id for one in network.nat_gateways if one.subnet_id in gone}
    subnets = tuple(
        replace(one, routes=tuple(r for r in one.routes if r.target_id not in gateways))
        for one in network.subnets
    )
    endpoints = tuple(
        replace(one, subnet_ids=tuple(each for each in one.subnet_ids if each not in gone))
        for one in network.endpoints
    )
    services = tuple(
        replace(one, subnet_ids=_left(one.subnet_ids, gone)) for one in blueprint.services
    )
    functions = tuple(
        replace(one, subnet_ids=_left(one.subnet_ids, gone)) for one in blueprint.functions
    )
    return replace(
        blueprint,
        network=replace(network, subnets=subnets, endpoints=endpoints),
        services=services,
        functions=functions,
    )


def _left(subnet_ids: tuple[str, ...], gone: Collection[str]) -> tuple[str, ...]:
    """A part without another subnet keeps its present ones: nothing reaches it anyway."""
    return tuple(each for each in subnet_ids if each not in gone) or subnet_ids
