"""Finds out why a service is unhealthy, from its ended tasks and their last lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bonkei.base.tracebacks import raised
from bonkei.miniature.rollout.watch import INTENDED
from bonkei.services.ecs import TasksSnapshot
from bonkei.services.ecs.logs import FileLogSink
from bonkei.services.ecs.snapshot import ServiceSnapshot, TaskSnapshot

_LAST_WORDS = 10  # lines
_SEARCHED = 500  # lines; a log router beside the program writes more after the program's last ones


@dataclass(frozen=True, slots=True)
class Unhealthy:
    """An unhealthy service. `reason` has its containers' exit codes. `last_words`: the last lines
    of the task that failed last. `error`: the exception in its log, with file and line."""

    name: str
    reason: str
    last_words: tuple[str, ...] = ()
    error: str = ""

    def lines(self) -> Iterator[str]:
        """Everything as text, with the commands to see more and to try again."""
        yield f"{self.name}: {self.reason}"
        for line in self.last_words:
            yield f"  | {line}"
        if self.error and self.error not in self.reason:
            yield f"  {self.error}"
        again = f"`bonkei restart {self.name}`"
        yield f"  see `bonkei logs {self.name}`; with its program changed: {again}"


@dataclass(frozen=True, slots=True)
class Judged:
    """The miniature as a whole. `state`: starting | ready | degraded."""

    state: str
    unhealthy: tuple[Unhealthy, ...] = ()


def names(unhealthy: Sequence[Unhealthy]) -> str:
    """The services' names, each once, and the exceptions that their tasks died of."""
    found = (f"{one.name} ({one.error})" if one.error else one.name for one in unhealthy)
    return ", ".join(dict.fromkeys(found))


def diagnose(name: str, heard: str, tasks: TasksSnapshot, logs: Path) -> Unhealthy:
    """Diagnose a service. `heard` is the reason, unless a task has a better one."""
    task = _last_failed(name, tasks) or _last_started(name, tasks)
    if task is None:
        return Unhealthy(name, heard)
    words = FileLogSink(logs).last_lines(name, task.id, _SEARCHED)
    reason = heard if task.reason in heard else task.reason
    return Unhealthy(name, reason, tuple(words[-_LAST_WORDS:]), raised(words))


def find_unhealthy(tasks: TasksSnapshot) -> Iterator[Unhealthy]:
    """The services with fewer healthy tasks than wanted, or with a failing deployment."""
    for service in tasks.services:
        if service.desired_count and not service.refused and not _is_well(service):
            yield Unhealthy(service.name, _summary(service, tasks))


def _is_well(service: ServiceSnapshot) -> bool:
    """Whether it is well. A service that is only scaling or rolling is well: it serves, and no task
    has failed."""
    primary = next((d for d in service.deployments if d.status == "PRIMARY"), None)
    if service.failure or primary is None:
        return False
    if service.healthy_count >= service.desired_count:
        return primary.rollout_state == "COMPLETED" or not primary.failed_tasks
    return service.healthy_count > 0 and not primary.reason


def _summary(service: ServiceSnapshot, tasks: TasksSnapshot) -> str:
    counts = f"{service.healthy_count} of {service.desired_count} healthy"
    failed = _last_failed(service.name, tasks)
    reason = service.failure or (failed.reason if failed else "")
    return f"{counts}: {reason}" if reason else counts


def _last_failed(name: str, tasks: TasksSnapshot) -> TaskSnapshot | None:
    failed = [
        task
        for task in tasks.stopped
        if task.group == f"service:{name}" and not task.reason.startswith(INTENDED)
    ]
    return failed[-1] if failed else None


def _last_started(name: str, tasks: TasksSnapshot) -> TaskSnapshot | None:
    started = [task for task in tasks.tasks if task.group == f"service:{name}"]
    return started[-1] if started else None
