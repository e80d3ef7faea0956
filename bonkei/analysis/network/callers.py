"""Callers: where in the network a task, a function or a build runs.

A short text names a caller, and its credentials carry this text: `task NAME` (a service's name, or
a family), `function NAME`, `project NAME`, `awsvpc NAME SUBNETS GROUPS PUBLIC` for a task started
with its own network.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import ip_network

from bonkei.analysis.network.reach import Place, places
from bonkei.blueprint import Blueprint


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller. `places` has one entry for each subnet that the definitions contain. Without
    places, the caller is in no VPC or nothing is known about it, and every way counts as open."""

    name: str
    places: tuple[Place, ...] = ()
    in_vpc: bool = True


def find_caller(blueprint: Blueprint, source: str) -> Caller | None:
    """The caller that the text names; None if the definitions do not contain it."""
    kind, _, name = source.partition(" ")
    find = _KINDS.get(kind)
    return find(blueprint, name) if find else None


def awsvpc(name: str, subnets: Iterable[str], groups: Iterable[str], *, public_ip: bool) -> str:
    """The text for a task started with its own network."""
    return f"awsvpc {name} {','.join(subnets)} {','.join(groups)} {'public' if public_ip else ''}"


def _task(blueprint: Blueprint, name: str) -> Caller | None:
    families = {each.arn: each.family for each in blueprint.task_definitions}
    for service in blueprint.services:
        if name in (service.name, families.get(service.task_definition_arn)):
            found = places(
                blueprint, service.subnet_ids, service.security_group_ids, service.assign_public_ip
            )
            return Caller(name, found)
    return None


def _started(blueprint: Blueprint, text: str) -> Caller | None:
    name, subnets, groups, public = text.split(" ", 3)
    ids = [each for each in groups.split(",") if each]
    return Caller(name, places(blueprint, subnets.split(","), ids, public == "public"))


def _function(blueprint: Blueprint, name: str) -> Caller | None:
    for function in blueprint.functions:
        if function.name == name:
            found = places(blueprint, function.subnet_ids, function.security_group_ids)
            return Caller(name, found, in_vpc=bool(function.subnet_ids))
    return None


def _project(blueprint: Blueprint, name: str) -> Caller | None:
    for project in blueprint.build_projects:
        if project.name == name:
            found = places(blueprint, project.subnet_ids, project.security_group_ids)
            return Caller(name, found, in_vpc=bool(project.subnet_ids))
    return None


_KINDS: dict[str, Callable[[Blueprint, str], Caller | None]] = {
    "task": _task,
    "awsvpc": _started,
    "function": _function,
    "project": _project,
}


def private_address(place: Place, key: str) -> str:
    """An address within the subnet, always the same for a key. AWS reserves the first four."""
    try:
        network = ip_network(place.subnet.cidr_block)
    except ValueError:
        return ""
    return str(network[4 + zlib.crc32(key.encode()) % max(network.num_addresses - 5, 1)])
