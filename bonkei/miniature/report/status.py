"""The output of `bonkei status` as a plain value for JSON. `status_text` has its text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from typing import Any

from bonkei.blueprint import Blueprint
from bonkei.miniature.lifecycle.preparation import nothing_runs
from bonkei.miniature.rollout.diagnosis import Judged, Unhealthy, find_unhealthy
from bonkei.services.ecs import TasksSnapshot
from bonkei.services.edge import EdgeSnapshot
from bonkei.services.rds.snapshot import DatabaseSnapshot


def compose_status(
    judged: Judged, blueprint: Blueprint, shown: Mapping[str, object]
) -> dict[str, Any]:
    """The parts' snapshots by their names, in the form of JSON.

    `state`: starting | ready | degraded; `unhealthy` lists the degraded parts, with reasons.
    """
    plain = {name: _plain(snapshot) for name, snapshot in shown.items()}
    return {
        "running": True,
        "state": judged.state,
        "ready": judged.state == "ready",
        "unhealthy": [{"name": one.name, "reason": one.reason} for one in judged.unhealthy],
        **plain,
        "not_simulated": [*_plain(blueprint.not_simulated), *plain["edge"]["not_simulated"]],
    }


def judge_state(
    started: bool,
    blueprint: Blueprint,
    edge: EdgeSnapshot,
    tasks: TasksSnapshot | None,
    databases: Sequence[DatabaseSnapshot],
) -> Judged:
    """The state of the miniature as a whole. During the start, nothing is judged."""
    if not started:
        return Judged("starting")
    unhealthy = [*(find_unhealthy(tasks) if tasks else ()), *_lost(databases)]
    listeners = [one for one in edge.listeners if one.kind != "service_connect"]
    if idle := nothing_runs(blueprint, tasks, len(listeners)):
        unhealthy.append(Unhealthy("miniature", idle))
    return Judged("degraded" if unhealthy else "ready", tuple(unhealthy))


def _lost(databases: Sequence[DatabaseSnapshot]) -> Iterator[Unhealthy]:
    for database in databases:
        if database.status != "available":
            yield Unhealthy(database.identifier, f"the database is {database.status}")


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
