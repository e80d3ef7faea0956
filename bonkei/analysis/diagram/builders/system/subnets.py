"""Frames: the VPC, and its subnets by purpose."""

from __future__ import annotations

from collections import defaultdict

from bonkei.analysis.diagram.builders.system.drawing import (
    Drawing,
)
from bonkei.analysis.diagram.model import Group, GroupKind
from bonkei.analysis.diagram.names import common_prefix, plural
from bonkei.blueprint.ec2 import Subnet


def subnet_groups(drawing: Drawing) -> tuple[Group, ...]:
    network = drawing.blueprint.network
    tiers: dict[str, list[str]] = defaultdict(list)
    subnets: dict[str, list[Subnet]] = defaultdict(list)
    for subnet_ids, members in drawing.tiers.items():
        found = [s for s in map(network.subnet, subnet_ids) if s is not None]
        # Subnets of one route table belong to one tier, whatever services use them.
        key = found[0].route_table_id or found[0].id
        tiers[key] += members
        subnets[key] += found
    names = {key: _tier_name(subnets[key]) for key in tiers}
    prefix = common_prefix(names.values())
    groups = [
        Group(
            id=f"tier-{names[key]}",
            kind=_tier_kind(subnets[key][0]),
            title=f"{names[key].removeprefix(prefix)} subnets",
            members=tuple(members),
            note=_way_out(subnets[key][0]),
        )
        for key, members in sorted(tiers.items(), key=lambda item: names[item[0]])
    ]
    vpcs = network.vpcs
    if groups and len(vpcs) == 1:
        zones = len({s.availability_zone for s in network.subnets})
        inside = (*(group.id for group in groups), *_in_vpc_only(drawing))
        note = f"{', '.join(vpcs[0].cidr_blocks)} · {plural(zones, 'availability zone')}"
        groups.insert(0, Group("vpc", "network", "VPC", inside, note))
    return tuple(groups)


def _in_vpc_only(drawing: Drawing) -> tuple[str, ...]:
    """A gateway endpoint is in the VPC's route tables, not in a subnet."""
    return tuple(node.id for node in drawing.nodes if node.id == "endpoints-Gateway")


def _tier_name(subnets: list[Subnet]) -> str:
    """The common part of the subnets' names, without zones; or else their Terraform address."""
    names = {
        (s.name or s.address.partition("[")[0].rpartition(".")[2])
        .replace(s.availability_zone or "\\0", "")
        .strip("-_. ")
        for s in subnets
    }
    return min(names)


def _tier_kind(subnet: Subnet) -> GroupKind:
    targets = {
        route.target for route in subnet.routes if route.destination in ("0.0.0.0/0", "::/0")
    }
    if "internet_gateway" in targets:
        return "public"
    return "private" if targets else "isolated"


def _way_out(subnet: Subnet) -> str:
    return {
        "public": "public",
        "private": "out by NAT",
        "isolated": "no way out",
    }[_tier_kind(subnet)]
