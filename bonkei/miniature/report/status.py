"""The output of `bonkei status` as a plain value for JSON. `status_text` has its text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from typing import Any

from bonkei.blueprint import Blueprint
from bonkei.definitions.refresh.observe import Outside
from bonkei.miniature.lifecycle.preparation import nothing_runs
from bonkei.miniature.measures.recent import Answers
from bonkei.miniature.parts.network.network import NetworkSnapshot
from bonkei.miniature.rollout.diagnosis import Judged, Unhealthy, find_unhealthy
from bonkei.services.ecs import TasksSnapshot
from bonkei.services.edge import EdgeSnapshot
from bonkei.services.elasticache import CacheSnapshot
from bonkei.services.faults.values import FaultsSnapshot
from bonkei.services.rds.snapshot import DatabaseSnapshot

_FEWEST = 3  # failed requests of a minute that count, so that a single one does not
_SHARE = 0.01  # of the requests


@dataclass(frozen=True, slots=True)
class Noticed:
    """What visitors notice beside the parts' own states: `answers` of the last minute, faults that
    a person began, ways that the network closes, and caches."""

    answers: Answers = field(default_factory=Answers)
    faults: FaultsSnapshot = field(default_factory=FaultsSnapshot)
    network: NetworkSnapshot | None = None
    caches: Sequence[CacheSnapshot] = ()


def compose_status(
    judged: Judged,
    blueprint: Blueprint,
    shown: Mapping[str, object],
    outside: Sequence[Outside] = (),
) -> dict[str, Any]:
    """The parts' snapshots by their names, in the form of JSON.

    `state`: starting | ready | degraded; `unhealthy` lists the degraded parts, with reasons.
    `outside`: what others than Terraform have changed.
    """
    plain = {name: _plain(snapshot) for name, snapshot in shown.items()}
    return {
        "running": True,
        "state": judged.state,
        "ready": judged.state == "ready",
        "unhealthy": [{"name": one.name, "reason": one.reason} for one in judged.unhealthy],
        **plain,
        "outside": _plain(outside),
        "not_simulated": [*_plain(blueprint.not_simulated), *plain["edge"]["not_simulated"]],
    }


def judge_state(
    started: bool,
    blueprint: Blueprint,
    edge: EdgeSnapshot,
    tasks: TasksSnapshot | None,
    databases: Sequence[DatabaseSnapshot],
    noticed: Noticed | None = None,
) -> Judged:
    """The state of the miniature as a whole: the worst that a visitor notices. During the start,
    nothing is judged."""
    if not started:
        return Judged("starting")
    noticed = noticed or Noticed()
    unhealthy = [
        *(find_unhealthy(tasks) if tasks else ()),
        *_lost("database", databases),
        *_lost("cache", noticed.caches),
        *_without_target(edge),
        *_refused(noticed, databases),
        *_failing(noticed.answers),
    ]
    listeners = [one for one in edge.listeners if one.kind != "service_connect"]
    if idle := nothing_runs(blueprint, tasks, len(listeners)):
        unhealthy.append(Unhealthy("miniature", idle))
    return Judged("degraded" if unhealthy else "ready", tuple(unhealthy))


def _lost(
    kind: str, stores: Sequence[DatabaseSnapshot] | Sequence[CacheSnapshot]
) -> Iterator[Unhealthy]:
    for store in stores:
        if store.status != "available":
            yield Unhealthy(store.identifier, f"the {kind} is {store.status}")


def _without_target(edge: EdgeSnapshot) -> Iterator[Unhealthy]:
    for group in edge.target_groups:
        states = {target.state for target in group.targets}
        if "unhealthy" in states and "healthy" not in states:
            reasons = {one.reason for one in group.targets if one.state == "unhealthy"}
            why = f" ({', '.join(sorted(reasons - {''}))})" if reasons - {""} else ""
            yield Unhealthy(group.name, f"no target is healthy{why}")


def _refused(noticed: Noticed, databases: Sequence[DatabaseSnapshot]) -> Iterator[Unhealthy]:
    for fault in noticed.faults.active:
        if fault.kind == "refuse" and fault.target.startswith("database:"):
            yield Unhealthy(fault.target.partition(":")[2], f"a fault: {fault.words}")
    names = {database.identifier for database in databases}
    if noticed.network is not None and noticed.network.enforce == "on":
        for closed in noticed.network.obstacles:
            if closed.target in names:
                yield Unhealthy(closed.target, f"{closed.source} does not reach it: {closed.why}")


def _failing(answers: Answers) -> Iterator[Unhealthy]:
    if answers.failed >= max(_FEWEST, _SHARE * answers.requests):
        words = f"{answers.failed} of {answers.requests} requests of the last minute got a 5xx"
        yield Unhealthy("visitors", words)


def _plain(value: Any) -> Any:
    """Dataclasses, tuples and paths in the form of JSON."""
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, (str, int, float, bool)) or value is None:
        return value
    return str(value)
