"""What happened to a service, in the words of "Amazon ECS service event messages" (Amazon ECS
Developer Guide)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import NAMESPACE_URL, uuid5

from bonkei.miniature.parts.ecs.timeline import Entry
from bonkei.miniature.rollout.watch import INTENDED
from bonkei.services.ecs.api.values import EcsService, EcsServiceEvent


def service_events(service: EcsService, entries: Sequence[Entry]) -> tuple[EcsServiceEvent, ...]:
    """`entries`: of all services, in any order that is kept. The names of targets lead to a service
    by its tasks."""
    tasks = {entry.task_id for entry in entries if _is_of(entry, service) and entry.task_id}
    return tuple(
        EcsServiceEvent(
            str(uuid5(NAMESPACE_URL, f"{service.arn}/{entry.number}/{entry.at}/{number}")),
            entry.at,
            f"(service {service.name}) {text}",
        )
        for entry in entries
        if _is_of(entry, service) or (entry.kind == "target" and entry.task_id in tasks)
        for number, text in enumerate(_texts(entry, service))
    )


def _is_of(entry: Entry, service: EcsService) -> bool:
    return entry.service_arn == service.arn


def _texts(entry: Entry, service: EcsService) -> Iterator[str]:
    """The newest first. Nothing for what ECS makes no event of."""
    match entry.kind:
        case "deployment":
            yield from _of_deployment(entry)
        case "task":
            yield from _of_task(entry)
        case "target":
            yield from _of_target(entry, service)


def _of_deployment(entry: Entry) -> Iterator[str]:
    which = f"(deployment {entry.deployment})"
    if entry.word == "COMPLETED":
        yield "has reached a steady state."
        yield f"{which} deployment completed."
    elif entry.word == "FAILED":
        yield f"{which} deployment failed: {entry.reason.rstrip('.')}."


def _of_task(entry: Entry) -> Iterator[str]:
    task = f"(task {entry.task_id})"
    if entry.word == "PROVISIONING":
        yield f"has started 1 tasks: {task}."
    elif entry.word == "STOPPED" and entry.reason.startswith(INTENDED):
        yield f"has stopped 1 running tasks: {task}."
    elif entry.word == "RUNNING, UNHEALTHY":
        yield f"{task} failed container health checks."


def _of_target(entry: Entry, service: EcsService) -> Iterator[str]:
    group = f"(target-group {entry.about})"
    if entry.word == "initial":
        yield f"registered 1 targets in {group}"
    elif entry.word == "draining":
        yield "has begun draining connections on 1 tasks."
        yield f"deregistered 1 targets in {group}"
    elif entry.word == "unhealthy":
        ports = (port for arn, _, port in service.targets if arn == entry.about)
        why = f" due to (reason {entry.reason})" if entry.reason else ""
        yield f"(port {next(ports, 0)}) is unhealthy in {group}{why}."
