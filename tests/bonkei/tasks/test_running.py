"""Real processes: what runs, what it is given, and that nothing is left."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import httpx
import psutil
import pytest

from bonkei.blueprint.service import ContainerDependency, ContainerHealthCheck
from bonkei.events import (
    DeploymentStateChanged,
    TargetDeregistered,
    TargetRegistered,
    TaskStateChanged,
)
from bonkei.tasks import TaskError

from .conftest import TARGETS, blueprint, definition, web_container


async def steady(tasks) -> None:
    await asyncio.wait_for(tasks.steady(), 30)


async def until(condition) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.02)


async def test_a_service_serves_and_stops_in_ecs_order(tasks, edge, logs, web) -> None:
    await tasks.reconcile(blueprint(definition(web_container()), targets=TARGETS))
    await steady(tasks)

    [registered] = edge.of(TargetRegistered)
    await until(lambda: logs.texts("web"))
    async with httpx.AsyncClient(trust_env=False) as client:
        response = await client.get(f"http://127.0.0.1:{registered.endpoint.port}/")
    assert response.text == "ok"
    [task] = tasks.snapshot().tasks
    assert len(task.id) == 32
    assert task.last_status == "RUNNING"
    assert task.memory > 1_000_000
    [(_, pid)] = task.pids

    await tasks.stop()

    assert not psutil.pid_exists(pid)
    assert logs.texts("web")[-1] == "terminated"
    statuses = [event.last_status for event in edge.of(TaskStateChanged)]
    assert list(dict.fromkeys(statuses)) == [
        "PROVISIONING", "PENDING", "RUNNING", "DEACTIVATING", "STOPPING", "STOPPED",
    ]  # fmt: skip
    states = [event.rollout_state for event in edge.of(DeploymentStateChanged)]
    assert states == ["IN_PROGRESS", "COMPLETED"]
