"""Waits for services that follow the blueprint, and reports those that are not healthy."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from bonkei.base.events import Bus, Event
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Service
from bonkei.miniature.home import MiniatureError
from bonkei.miniature.rollout.diagnosis import Unhealthy, diagnose, find_unhealthy
from bonkei.miniature.rollout.watch import Watch
from bonkei.miniature.steps import Steps
from bonkei.services.ecs import Tasks

_A_WHILE = 30.0  # seconds for services without a new deployment
_PATIENCE = 90.0  # seconds for services that are neither healthy nor failing


async def settle(
    tasks: Tasks,
    watch: Watch,
    blueprint: Blueprint,
    steps: Steps,
    logs: Path,
    only: Collection[str] = (),
) -> list[Unhealthy]:
    """Wait for services that have begun to follow the blueprint. Returns the unhealthy ones.

    `only`: the ARNs of the services to wait for; default: all.
    """
    with steps.step("services") as step:
        snapshot = tasks.snapshot()
        refused = {service.arn: service.refused for service in snapshot.services}
        wanted = [
            service
            for service in blueprint.services
            if service.capacity
            and not refused.get(service.arn, "no task definition of its own")
            and (not only or service.arn in only)
        ]
        patience = _PATIENCE + max((one.trial_seconds for one in snapshot.services), default=0.0)
        waiting = await watch.settled(wanted, patience, steps.note)
        step.detail = f"{len(wanted) - len(waiting)} of {len(wanted)} healthy"
        step.failed = bool(waiting)
    if not only:
        for service in blueprint.services:
            if reason := refused.get(service.arn, "its task definition is not defined"):
                steps.note(f"{service.name} is not run: {reason}")
    snapshot = tasks.snapshot()
    unhealthy = [diagnose(one.service.name, one.reason, snapshot, logs) for one in waiting]
    for one, awaited in zip(unhealthy, waiting, strict=True):
        for line in one.lines():
            steps.note(line)
        if not awaited.failing:
            steps.note("  its deployment continues: see `bonkei status`")
    return unhealthy


def find_service(blueprint: Blueprint, name: str) -> Service:
    """The service with this name, or with a name that ends in it after a hyphen. Raises
    MiniatureError."""
    found = find_services(blueprint, name)
    if len(found) != 1:
        known = ", ".join(sorted(service.name for service in blueprint.services)) or "none"
        how_many = "no service is" if not found else "more than one service is"
        raise MiniatureError(f"{how_many} called {name}", remedy=f"there are: {known}")
    return found[0]


def find_services(blueprint: Blueprint, name: str) -> list[Service]:
    """The service with this name, or else all services with a name that ends in it after a
    hyphen."""
    return [s for s in blueprint.services if s.name == name] or [
        s for s in blueprint.services if s.name.endswith(f"-{name}")
    ]


def require_capacity(service: Service) -> None:
    """Raises MiniatureError if no task of the service runs here, because then none can be
    replaced."""
    if not service.capacity:
        raise MiniatureError(
            f"{service.name} has no task to replace", remedy="its desired_count is 0"
        )


def require_runnable(service: Service, tasks: Tasks) -> None:
    """Raises MiniatureError if new tasks of the service cannot be run, by the containers' folders
    as they were when its deployment began."""
    states = tasks.snapshot().services
    if refused := next((state.refused for state in states if state.arn == service.arn), ""):
        raise MiniatureError(
            f"{service.name} is not run here: {refused}",
            remedy="correct it and run it again; tasks that ran before keep serving",
        )


async def still_unhealthy(tasks: Tasks, bus: Bus, limit: float = _A_WHILE) -> list[Unhealthy]:
    """The services that are still unhealthy after at most `limit` seconds. A service that is just
    starting becomes healthy meanwhile."""
    changed = asyncio.Event()

    def note(_: Event) -> None:
        changed.set()

    def bad() -> list[Unhealthy]:
        return list(find_unhealthy(tasks.snapshot()))

    def hopeless() -> bool:
        return any(service.failure for service in tasks.snapshot().services)

    undo = bus.subscribe(Event, note)
    try:
        async with asyncio.timeout(limit):
            while bad() and not hopeless():
                changed.clear()
                await changed.wait()
    except TimeoutError:
        pass
    finally:
        undo()
    return bad()


def unreachable(closed: Mapping[str, str], services: Sequence[Service]) -> Iterator[Unhealthy]:
    """The services whose tasks will fail their next checks: no load balancer reaches them.

    `closed`: why, by the ARN of the target group.
    """
    for service in services:
        whys = [closed.get(target.target_group_arn) for target in service.targets]
        if why := next(filter(None, whys), ""):
            yield Unhealthy(service.name, f"the load balancer does not reach its tasks: {why}")
