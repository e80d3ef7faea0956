"""Turns all current faults into the state that they require. Faults add up: a target stays frozen
until the last fault that freezes it ends, the longer of two latencies counts, and a refusal by one
fault is enough."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bonkei.services.faults.rules import tasks_of
from bonkei.services.faults.values import (
    CallRule,
    DatabaseThing,
    Effects,
    Estate,
    Fault,
    Filling,
    Trouble,
)

NOTHING = Effects()


def effects(faults: Iterable[Fault], estate: Estate) -> Effects:
    """The effects of these faults on the targets that run now. Ways to targets that came after the
    fault's begin are disturbed as well."""
    faults = tuple(faults)
    tasks: dict[str, Trouble] = {}
    groups: dict[tuple[str, str], Trouble] = {}
    databases: dict[str, Trouble] = {}
    for fault in faults:
        for task, trouble in _task_ways(fault, estate):
            tasks[task] = tasks.get(task, Trouble()) | trouble
        for key, trouble in _group_ways(fault, estate):
            groups[key] = groups.get(key, Trouble()) | trouble
        for name, trouble in _database_ways(fault, estate):
            databases[name] = databases.get(name, Trouble()) | trouble
    zones = [fault for fault in faults if fault.target.kind == "zone"]
    return Effects(
        tasks=tasks,
        groups=groups,
        databases=databases,
        frozen_tasks=_frozen_tasks(faults, estate),
        frozen_databases=frozenset(
            one.name for fault in faults for one, does in _databases(fault, estate)
            if does == "freeze"
        ),
        kill_tasks=frozenset(kill for fault in faults for kill in _kills(fault, estate)),
        kill_databases=frozenset(
            (fault.id, one.name) for fault in faults for one, does in _databases(fault, estate)
            if does == "kill"
        ),
        calls=tuple(_rule(fault) for fault in faults if fault.target.kind == "aws"),
        fillings=tuple(filling for fault in faults for filling in _fillings(fault, estate)),
        shut=frozenset(one.target.name for one in zones if one.kind == "kill"),
        cut=frozenset(one.target.name for one in zones if one.kind in ("kill", "refuse", "freeze")),
        frozen_until=max((one.ends for one in faults if one.kind == "freeze"), default=0.0),
    )  # fmt: skip


def touched(fault: Fault, estate: Estate) -> tuple[str, ...]:
    """The targets that the fault hits now, as people read them."""
    if fault.target.kind == "aws":
        return (f"calls of {fault.target.name}",)
    alone = effects((fault,), estate)
    tasks = {
        *alone.tasks, *alone.frozen_tasks, *(task for _, task in alone.groups),
        *(task for _, task in alone.kill_tasks),
        *(one.name for one in alone.fillings if one.what != "connections"),
    }  # fmt: skip
    databases = {
        *alone.databases, *alone.frozen_databases, *(name for _, name in alone.kill_databases),
        *(one.name for one in alone.fillings if one.what == "connections"),
    }  # fmt: skip
    by_id = {task.id: task.service for task in estate.tasks}
    return (
        *sorted(f"{by_id.get(task, '')} {task[:8]}".strip() for task in tasks),
        *sorted(f"database {name}" for name in databases),
    )


def _trouble(fault: Fault) -> Trouble | None:
    if fault.kind == "slow":
        return Trouble(fault.latency, fault.jitter)
    return Trouble(refused=True) if fault.kind == "refuse" else None


def _task_ways(fault: Fault, estate: Estate) -> Iterator[tuple[str, Trouble]]:
    trouble = _trouble(fault)
    if trouble is None or fault.target.kind not in ("task", "service", "zone"):
        return
    for task in tasks_of(fault.target, estate):
        if fault.percent == 100 or task.id in fault.tasks:
            yield task.id, trouble


def _group_ways(fault: Fault, estate: Estate) -> Iterator[tuple[tuple[str, str], Trouble]]:
    trouble = _trouble(fault)
    if trouble is None or fault.target.kind != "target-group":
        return
    for arn, name in estate.groups.items():
        if name == fault.target.name:
            for task in estate.tasks:
                if arn in task.groups:
                    yield (arn, task.id), trouble


def _frozen_tasks(faults: Iterable[Fault], estate: Estate) -> frozenset[str]:
    """Tasks that ran at the fault's begin. FIS also resolves its targets once."""
    here = {task.id for task in estate.tasks}
    return frozenset(
        task for fault in faults if fault.kind == "freeze" for task in fault.tasks & here
    )


def _kills(fault: Fault, estate: Estate) -> Iterator[tuple[str, str]]:
    """Tasks that ran at the fault's begin. While the fault lasts, also the tasks that ECS starts in
    their place."""
    if fault.kind != "kill":
        return
    for task in tasks_of(fault.target, estate):
        is_new = fault.lasts and fault.percent == 100
        if task.serves and (is_new or task.id in fault.tasks):
            yield fault.id, task.id


def _databases(fault: Fault, estate: Estate) -> Iterator[tuple[DatabaseThing, str]]:
    """Each database that a fault hits, and the kind of fault that hits it."""
    for one in estate.databases:
        if fault.target.kind == "database" and one.name == fault.target.name:
            yield one, fault.kind
        elif fault.target.kind == "zone" and fault.target.name in one.zones[:1]:
            if not one.runs_here and fault.kind in ("kill", "freeze"):
                yield one, "refuse"
            elif _fails_over(fault, one):
                yield one, "kill"
            else:
                yield one, fault.kind


def _fails_over(fault: Fault, database: DatabaseThing) -> bool:
    """Whether a reader in another zone replaces the failed writer: "Failing over an Aurora DB
    cluster" (Amazon Aurora User Guide). A slow writer stays the writer."""
    elsewhere = [zone for zone in database.zones[1:] if zone != fault.target.name]
    return fault.kind != "slow" and bool(elsewhere)


def _database_ways(fault: Fault, estate: Estate) -> Iterator[tuple[str, Trouble]]:
    for one, does in _databases(fault, estate):
        if not one.gated:
            continue
        if does == "slow":
            yield one.name, Trouble(fault.latency, fault.jitter)
        elif does == "refuse":
            yield one.name, Trouble(refused=True)
        elif does == "kill" and fault.lasts:  # it starts again by itself, so its way is closed
            is_back = fault.target.kind == "zone" and _fails_over(fault, one)
            if not is_back:
                yield one.name, Trouble(refused=True)


def _rule(fault: Fault) -> CallRule:
    service, _, operation = fault.target.name.partition(":")
    return CallRule(
        service,
        operation,
        fault.percent,
        fault.refusal if fault.kind == "refuse" else None,
        fault.latency,
        fault.jitter,
        silent=fault.kind == "freeze",
    )


def _fillings(fault: Fault, estate: Estate) -> Iterator[Filling]:
    if fault.kind != "fill" or fault.what is None:
        return
    if fault.target.kind == "database":
        yield Filling(fault.id, fault.target.name, fault.what, fault.size)
        return
    here = {task.id for task in estate.tasks}
    for task in sorted(fault.tasks & here):
        yield Filling(fault.id, task, fault.what, fault.size)
