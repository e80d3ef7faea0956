"""Services and tasks: their state, their history, and the actions on them."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Service
from bonkei.miniature.parts.ecs.timeline import Entry, Timeline
from bonkei.miniature.parts.ecs.usage import Usage
from bonkei.services.console import Console, ConsoleError, Json
from bonkei.services.ecs.snapshot import ServiceSnapshot, TaskSnapshot, TasksSnapshot

_MIB = 1024 * 1024
_SPARK = 40  # points
_SPAN = 180.0
_LONGEST_SPAN = 24 * 3600.0
_MOST_TASKS = 300
_NO_NAMES: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class TaskSources:
    """The data to show: the blueprint, the present tasks, and their history."""

    blueprint: Callable[[], Blueprint]
    tasks: Callable[[], TasksSnapshot | None]
    usage: Usage
    timeline: Timeline
    clock: Callable[[], float] = time.time


@dataclass(frozen=True, slots=True)
class TaskDeeds:
    """The actions. `stop`: a task, by its id. `restart`, `scale`: a service, by its ARN."""

    stop: Callable[[str], None]
    restart: Callable[[str], Awaitable[None]]
    scale: Callable[[str, int], Awaitable[None]]


def offer_tasks(console: Console, sources: TaskSources, deeds: TaskDeeds) -> None:
    """The topics `tasks`, `tasks.task` and `tasks.timeline`, and the actions."""

    async def tasks(_: Mapping[str, str]) -> Json:
        return all_tasks(sources)

    async def one(query: Mapping[str, str]) -> Json:
        seconds = query.get("seconds", "")
        return one_task(
            sources, query.get("id", ""), float(seconds) if seconds.isdecimal() else _SPAN
        )

    async def timeline(query: Mapping[str, str]) -> Json:
        return entries(sources, query.get("service", ""), query.get("task", ""))

    async def stop(body: Mapping[str, Any]) -> Json:
        task = _find_task(sources, str(body["task"]))
        deeds.stop(task.id)
        return {"stopping": task.id}

    async def restart(body: Mapping[str, Any]) -> Json:
        service = _find_service(sources.blueprint(), str(body["service"]))
        await deeds.restart(service.arn)
        return {"restarted": service.name}

    async def scale(body: Mapping[str, Any]) -> Json:
        service = _find_service(sources.blueprint(), str(body["service"]))
        count = _count(service, body["count"])
        await deeds.scale(service.arn, count)
        return {"service": service.name, "count": count}

    console.topics({"tasks": tasks, "tasks.task": one, "tasks.timeline": timeline})
    console.actions({"task.stop": stop, "service.restart": restart, "service.scale": scale})


def all_tasks(sources: TaskSources) -> Json:
    """For `tasks`: services, tasks, ended tasks, and those that do not run as defined."""
    blueprint, snapshot = sources.blueprint(), sources.tasks()
    if snapshot is None:
        return {"started": False, "services": [], "tasks": [], "stopped": [], "notes": []}
    sources.usage.note(snapshot, sources.clock())
    shown = snapshot.tasks[:_MOST_TASKS]
    return {
        "started": True,
        "services": [_service(each, blueprint) for each in snapshot.services],
        "tasks": [_row(each, sources, blueprint) for each in shown],
        "stopped": [_ended(each) for each in snapshot.stopped[:50]],
        "notes": [{"subject": note.subject, "text": note.text} for note in snapshot.notes],
        "more": len(snapshot.tasks) - len(shown),
    }


def one_task(sources: TaskSources, task_id: str, seconds: float) -> Json:
    """For `tasks.task`: a task's usage over the last `seconds`, its checks and its events."""
    task = _find_task(sources, task_id)
    blueprint, now = sources.blueprint(), sources.clock()
    series = sources.usage.series(task.id, min(seconds, _LONGEST_SPAN), now)
    checks = sources.timeline.checks(task.id)
    names = {group.arn: group for group in blueprint.target_groups}
    return {
        **_row(task, sources, blueprint),
        "containers": [asdict(each) for each in task.containers],
        "pids": [list(each) for each in task.pids],
        "created": task.created_at,
        "usage": {
            "times": [round(at, 1) for at in series.times],
            "cpu": [round(each, 1) for each in series.cpu],
            "memory": list(series.memory),
        },
        "targets": [
            {
                "group": names[arn].name if arn in names else arn,
                "address": names[arn].address if arn in names else "",
                "checks": [asdict(check) for check in kept],
            }
            for arn, kept in checks.items()
        ],
        "events": entries(sources, "", task.id),
    }


def entries(sources: TaskSources, service: str, task: str) -> Json:
    """For `tasks.timeline`: newest first. `service`: a name."""
    blueprint = sources.blueprint()
    names = {each.arn: each.name for each in blueprint.services}
    arn = next((arn for arn, name in names.items() if name == service), service)
    groups = {each.arn: each.name for each in blueprint.target_groups}
    return [event(each, names, groups) for each in sources.timeline.entries(arn, task)]


def event(
    entry: Entry, names: Mapping[str, str] = _NO_NAMES, groups: Mapping[str, str] = _NO_NAMES
) -> Json:
    """An entry of the timeline. `names`, `groups`: of services and target groups, by ARN."""
    about = groups.get(entry.about) or entry.about.rpartition("/")[2]
    return {
        "number": entry.number,
        "at": entry.at,
        "kind": entry.kind,
        "tone": entry.tone,
        "word": entry.word,
        "reason": entry.reason,
        "service": names.get(entry.service_arn, ""),
        "task": entry.task_id,
        "about": about,
    }


def _service(snapshot: ServiceSnapshot, blueprint: Blueprint) -> Json:
    declared = next((each for each in blueprint.services if each.arn == snapshot.arn), None)
    scaling = declared.scaling if declared is not None else None
    return {
        "name": snapshot.name,
        "address": declared.address if declared is not None else "",
        "desired": snapshot.desired_count,
        "running": snapshot.running_count,
        "pending": snapshot.pending_count,
        "healthy": snapshot.healthy_count,
        "refused": snapshot.refused,
        "failure": snapshot.failure,
        "deployments": [asdict(each) for each in snapshot.deployments],
        "scaling": None
        if scaling is None
        else {
            "min": scaling.min_capacity,
            "max": scaling.max_capacity,
            "policies": [
                {"metric": each.metric, "target": each.target_value} for each in scaling.policies
            ],
        },
    }


def _row(task: TaskSnapshot, sources: TaskSources, blueprint: Blueprint) -> dict[str, Json]:
    family, _, revision = task.task_definition.rpartition(":")
    definition = next(
        (
            each
            for each in blueprint.task_definitions
            if each.family == family and str(each.revision) == revision
        ),
        None,
    )
    series = sources.usage.series(task.id, 120.0, sources.clock())
    checks = [check for kept in sources.timeline.checks(task.id).values() for check in kept[-8:]]
    return {
        "id": task.id,
        "group": task.group,
        "service": task.group.removeprefix("service:") if task.group.startswith("service:") else "",
        "definition": task.task_definition,
        "address": definition.address if definition is not None else "",
        "status": task.last_status,
        "health": task.health,
        "reason": task.reason,
        "endpoint": task.endpoint,
        "started": task.started_at,
        "cpu": round(task.cpu_percent, 1),
        "memory": task.memory,
        "cpu_limit": definition.cpu / 1024 * 100 if definition is not None else 0,
        "memory_limit": definition.memory * _MIB if definition is not None else 0,
        "cpu_line": [round(each, 1) for each in series.cpu[-_SPARK:]],
        "memory_line": list(series.memory[-_SPARK:]),
        "checks": [
            {"at": each.at, "passed": each.passed, "detail": each.detail} for each in checks
        ],
    }


def _ended(task: TaskSnapshot) -> Json:
    codes = {each.name: each.exit_code for each in task.containers}
    return {
        "id": task.id,
        "group": task.group,
        "definition": task.task_definition,
        "reason": task.reason,
        "stopped": task.stopped_at,
        "started": task.started_at,
        "exit_codes": codes,
        "started_by": task.started_by,
        "failed": task.failed,
        "containers": [asdict(each) for each in task.containers],
    }


def _find_task(sources: TaskSources, task_id: str) -> TaskSnapshot:
    snapshot = sources.tasks()
    for task in snapshot.tasks if snapshot is not None else ():
        if task.id == task_id:
            return task
    raise ConsoleError(f"task {task_id[:8]} has ended", remedy="see the tasks that run")


def _find_service(blueprint: Blueprint, name: str) -> Service:
    for service in blueprint.services:
        if service.name == name:
            return service
    raise ConsoleError(f"there is no service {name}", remedy="reload the page")


def _count(service: Service, wanted: object) -> int:
    if not isinstance(wanted, int) or isinstance(wanted, bool) or not 0 <= wanted <= 100:
        raise ConsoleError(f"{wanted!r} is not a number of tasks", remedy="give it 0 to 100")
    scaling = service.scaling
    if scaling is not None and not scaling.min_capacity <= wanted <= scaling.max_capacity:
        raise ConsoleError(
            f"auto scaling keeps {service.name} between {scaling.min_capacity} and "
            f"{scaling.max_capacity} tasks",
            remedy="give it a number between them, or change the definition",
        )
    return wanted
