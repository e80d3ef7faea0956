"""All about one resource: its state, the things that it uses and that use it, its permissions and
connections, its history, and its metrics."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bonkei.analysis.network.callers import find_caller
from bonkei.analysis.network.flows import databases_of, peers_of
from bonkei.analysis.network.start import obstacle_to_start
from bonkei.analysis.network.ways import obstacle_to_cluster, obstacle_to_peer
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Service
from bonkei.blueprint.iam import Role
from bonkei.definitions.sources import Sources
from bonkei.miniature.console.estate import Estate, Estates
from bonkei.miniature.console.health import Parts, node_health
from bonkei.miniature.console.tasks import event
from bonkei.miniature.parts.ecs.timeline import Timeline
from bonkei.services.cloudwatch.metric.model import MetricId
from bonkei.services.cloudwatch.metric.store import MetricStore
from bonkei.services.console import Console, ConsoleError, Json

_MOST_METRICS = 8
_SPAN = 3 * 3600
_SUMS = ("Count", "Bytes")


@dataclass(frozen=True, slots=True)
class ResourceSources:
    parts: Parts
    estates: Estates
    timeline: Timeline
    metrics: Callable[[], MetricStore]
    clock: Callable[[], float] = time.time


def offer_resource(console: Console, sources: ResourceSources) -> None:
    """The topics `resource`, `resource.metrics` (of an `address`) and `resource.all`."""

    async def topic(query: Mapping[str, str]) -> Json:
        estate = await sources.estates.of(sources.parts.blueprint())
        return about(query.get("address", ""), sources, estate)

    async def metrics(query: Mapping[str, str]) -> Json:
        estate = await sources.estates.of(sources.parts.blueprint())
        names = _names(query.get("address", ""), estate)
        return measured(sources.metrics(), names, sources.clock())

    async def everything(_: Mapping[str, str]) -> Json:
        estate = await sources.estates.of(sources.parts.blueprint())
        return [
            {"address": address, "type": each.type, "mode": each.mode}
            for address, each in estate.resources.items()
        ]

    console.topics({"resource": topic, "resource.metrics": metrics, "resource.all": everything})


def about(address: str, sources: ResourceSources, estate: Estate) -> Json:
    """Raises ConsoleError if nothing has that address."""
    if address not in estate.resources:
        raise ConsoleError(f"the definitions have no {address}")
    blueprint = sources.parts.blueprint()
    resource = estate.resources[address]
    health = node_health(sources.parts).get(address)
    service = next((each for each in blueprint.services if each.address == address), None)
    near = _near(address, estate, blueprint)
    roles = [role for role in blueprint.roles if role.address in near]
    events = sources.timeline.entries(service.arn, most=50) if service is not None else []
    return {
        "address": address,
        "type": resource.type,
        "name": _name(estate, address),
        "arn": str(resource.values.get("arn") or ""),
        "health": asdict(health) if health is not None else None,
        "tasks": _tasks(service, sources),
        "uses": _related(estate.uses.get(address, ()), estate),
        "used_by": _related(estate.used_by.get(address, ()), estate),
        "log_groups": _log_groups(near, estate),
        "alarms": _alarms(_names(address, estate), sources.parts),
        "roles": [_role(role) for role in roles],
        "reach": list(_reach(blueprint, service)) if service is not None else [],
        "events": [event(each) for each in events],
    }


def _alarms(names: set[str], parts: Parts) -> Sequence[Json]:
    """The alarms for a metric with one of these names as a dimension."""
    states = {each.name: each for each in parts.monitor().alarms}
    return [
        {"name": alarm.name, "state": states[alarm.name].state, "reason": states[alarm.name].reason}
        for alarm in parts.blueprint().alarms
        if alarm.name in states
        and any(value in names for one in alarm.metrics() for _, value in one.dimensions)
    ]


def measured(store: MetricStore, names: set[str], now: float) -> Json:
    """The metrics with one of these names as a dimension, for each minute of the last hours."""
    found = [
        metric
        for metric in store.metrics()
        if any(value in names for _, value in metric.dimensions)
    ]
    found.sort(key=lambda metric: (len(metric.dimensions), metric.namespace, metric.name))
    begin = (now - _SPAN) // 60 * 60
    return [_series(store, metric, begin, now) for metric in found[:_MOST_METRICS]]


def _series(store: MetricStore, metric: MetricId, begin: float, now: float) -> Json:
    buckets = store.buckets(metric, begin, now, 60)
    shown = {n: each for n, each in sorted(buckets.items()) if each.count}
    unit = next((each.unit for each in shown.values()), "None")
    is_sum = unit in _SUMS
    return {
        "namespace": metric.namespace,
        "name": metric.name,
        "unit": unit,
        "statistic": "Sum" if is_sum else "Average",
        "times": [begin + 60 * n for n in shown],
        "values": [
            round(each.total if is_sum else each.total / each.count, 4) for each in shown.values()
        ],
    }


def _names(address: str, estate: Estate) -> set[str]:
    """CloudWatch's names for it in a dimension."""
    resource = estate.resources.get(address)
    if resource is None:
        return set()
    kinds = ("name", "id", "function_name", "cluster_identifier", "arn_suffix", "bucket")
    found = {str(resource.values.get(kind) or "") for kind in kinds}
    return {name for name in found if name}


def _name(estate: Estate, address: str) -> str:
    values = estate.resources[address].values
    for kind in ("name", "function_name", "cluster_identifier", "bucket", "family", "identifier"):
        if isinstance(found := values.get(kind), str) and found:
            return found
    return address.rpartition(".")[2]


def _related(addresses: Iterable[str], estate: Estate) -> Sequence[Json]:
    return [
        {"address": each, "type": estate.resources[each].type, "name": _name(estate, each)}
        for each in addresses
    ][:80]


def _near(address: str, estate: Estate, blueprint: Blueprint) -> tuple[str, ...]:
    """The resource itself, the things that it names, and the things that its task definition
    names."""
    near = dict.fromkeys((address, *estate.uses.get(address, ())))
    arns = {each.task_definition_arn for each in blueprint.services if each.address == address}
    own = [each.address for each in blueprint.task_definitions if each.arn in arns]
    own += [each for each in near if estate.resources[each].type == "aws_ecs_task_definition"]
    for each in own:
        near.update(dict.fromkeys((each, *estate.uses.get(each, ()))))
    return tuple(near)


def _log_groups(near: Sequence[str], estate: Estate) -> Sequence[Json]:
    """The log groups that are named nearby, by address or by name."""
    texts = {str(estate.resources[each].values) for each in near if each in estate.resources}
    groups = {
        each: str(resource.values.get("name"))
        for each, resource in estate.resources.items()
        if resource.type == "aws_cloudwatch_log_group"
    }
    return [
        {"address": each, "name": name}
        for each, name in groups.items()
        if each in near or any(f"'{name}'" in text or f'"{name}"' in text for text in texts)
    ]


def _tasks(service: Service | None, sources: ResourceSources) -> Sequence[Json]:
    snapshot = sources.parts.tasks()
    if service is None or snapshot is None:
        return []
    return [
        {
            "id": each.id,
            "status": each.last_status,
            "health": each.health,
            "started": each.started_at,
        }
        for each in snapshot.tasks
        if each.group == f"service:{service.name}"
    ]


def _role(role: Role) -> Json:
    return {
        "address": role.address,
        "name": role.name,
        "statements": [
            {
                "address": each.address,
                "sid": each.sid,
                "effect": each.effect,
                "actions": list(each.actions or [f"not {one}" for one in each.not_actions]),
                "resources": list(each.resources or [f"not {one}" for one in each.not_resources]),
                "conditions": [" ".join(one) for one in each.conditions],
            }
            for each in role.statements
        ],
        "managed": [arn for _, arn in role.managed_policies],
    }


def _reach(blueprint: Blueprint, service: Service) -> Iterator[Json]:
    """The connections in its definition, and the obstacle on each (empty: none)."""
    caller = find_caller(blueprint, f"task {service.name}")
    definition = blueprint.definition_of(service)
    if definition is None or caller is None:
        return
    for cluster in databases_of(definition, blueprint):
        why = obstacle_to_cluster(blueprint, caller, cluster)
        yield {"to": f"{cluster.identifier}:{cluster.port}", "address": cluster.address, "why": why}
    for callee, port in peers_of(definition, blueprint):
        why = obstacle_to_peer(blueprint, caller, callee, port)
        yield {"to": f"{callee.name}:{port}", "address": callee.address, "why": why}
    why = obstacle_to_start(blueprint, definition, caller)[1]
    yield {"to": "AWS", "address": "", "why": why}


def offer_definition(
    console: Console,
    blueprint: Callable[[], Blueprint],
    estates: Estates,
    definitions: Path,
    root: Path,
) -> None:
    """The topic `definition` of an `address`. Files are named relative to `root`."""

    async def topic(query: Mapping[str, str]) -> Json:
        now = blueprint()
        estate = await estates.of(now)
        return definition(query.get("address", ""), now, estate, definitions, root)

    console.topics({"definition": topic})


def definition(
    address: str, blueprint: Blueprint, estate: Estate, definitions: Path, root: Path
) -> Json:
    """Raises ConsoleError if nothing has that address."""
    if address not in estate.resources:
        raise ConsoleError(
            f"the definitions have no {address}", remedy="see `bonkei apply`: it may be new"
        )
    resource = estate.resources[address]
    place = Sources(definitions).place(address)
    gaps = [
        {"title": gap.kind, "reason": gap.reason}
        for gap in blueprint.not_simulated
        if gap.address == address or (not gap.address and gap.kind == resource.type)
    ]
    return {
        "address": address,
        "type": resource.type,
        "mode": resource.mode,
        "file": _named(place.file, root) if place is not None else "",
        "path": str(place.file) if place is not None else "",
        "line": place.line if place is not None else 0,
        "values": [[name, value] for name, value in estate.values(address)],
        "not_simulated": gaps,
    }


def _named(file: Path, root: Path) -> str:
    return str(file.relative_to(root)) if file.is_relative_to(root) else str(file)
