"""`dependsOn`: the order of containers at a task's start, reversed at its end.

Source: "ContainerDependency", "ContainerDefinition: startTimeout" (Amazon ECS API Reference). A
dependency on an omitted container counts as met; the notes of the task say so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from bonkei.services.ecs.scheduling.container_health import HEALTHY
from bonkei.services.ecs.scheduling.container_state import ContainerState

FARGATE_START_TIMEOUT = 180.0  # seconds; "The default value is 3 minutes" on Fargate

Containers: TypeAlias = Mapping[str, ContainerState]  # of one task, by name


def is_met(condition: str, other: ContainerState) -> bool:
    """Whether `other` has reached the condition."""
    match condition:
        case "START":
            return other.has_started
        case "COMPLETE":
            return other.has_started and other.status == "STOPPED"
        case "SUCCESS":
            return other.status == "STOPPED" and other.exit_code == 0
        case "HEALTHY":
            return other.status == "RUNNING" and other.health_status == HEALTHY
    return False


def may_start(state: ContainerState, containers: Containers) -> bool:
    """Whether all dependencies of the container are met."""
    return not any(_unmet(state, containers))


def failure(containers: Containers, prepared_at: float, now: float) -> str:
    """Why a container waits in vain, or has waited too long; empty if none does."""
    for state, condition, other in _waiting(containers):
        if other.status == "STOPPED":
            return (
                f"Container {state.container.name} depends on {other.container.name} "
                f"reaching {condition}, which it did not"
            )
        if condition != "START" and now >= _start_deadline(other, prepared_at):
            return (
                f"Container {other.container.name} did not reach {condition} "
                "within its startTimeout"
            )
    return ""


def deadlines(containers: Containers, prepared_at: float) -> Iterator[float]:
    """Times at which `failure` may change without an event (monotonic seconds)."""
    for _, condition, other in _waiting(containers):
        if condition != "START":
            yield _start_deadline(other, prepared_at)


def has_dependants(name: str, containers: Containers) -> bool:
    """Whether a container that depends on `name` still runs. It must stop first."""
    return any(
        state.status in {"STARTING", "RUNNING"}
        and any(d.container_name == name for d in state.container.depends_on)
        for state in containers.values()
    )


def _waiting(containers: Containers) -> Iterator[tuple[ContainerState, str, ContainerState]]:
    """Waiting containers, each with the condition and its dependency."""
    for state in containers.values():
        if state.status == "PENDING":
            for condition, other in _unmet(state, containers):
                yield state, condition, other


def _unmet(state: ContainerState, containers: Containers) -> Iterator[tuple[str, ContainerState]]:
    for dependency in state.container.depends_on:
        other = containers.get(dependency.container_name)
        if other is not None and not is_met(dependency.condition, other):
            yield dependency.condition, other


def _start_deadline(state: ContainerState, prepared_at: float) -> float:
    timeout = state.container.start_timeout or FARGATE_START_TIMEOUT
    return (state.started_at or prepared_at) + timeout
