"""Small definitions to run, and an edge that reports every target as healthy."""

from __future__ import annotations

import asyncio
import textwrap
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from bonkei.base.events import (
    Bus,
    Event,
    TargetDeregistered,
    TargetDrained,
    TargetHealthChanged,
    TargetRegistered,
)
from bonkei.base.vault import MemoryVault
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import (
    Container,
    PortMapping,
    Service,
    ServiceTarget,
    TaskDefinition,
)
from bonkei.services.ecs import Tasks, TaskSettings
from tests.bonkei.services.ecs.log_lines import MemoryLogSink

GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/0123456789abcdef"

SERVER = """
    import http.server, os, signal, sys
    signal.signal(signal.SIGTERM, lambda *_: (print("terminated", flush=True), sys.exit(0)))
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200); self.end_headers(); self.wfile.write(b"ok")
        def log_message(self, *_): pass
    address = (os.environ["HOST"], int(os.environ["PORT"]))
    server = http.server.HTTPServer(address, Handler)
    print("listening on", os.environ["PORT"], flush=True)
    server.serve_forever()
"""


def definition(*containers: Container, family: str = "web", revision: int = 1) -> TaskDefinition:
    arn = f"arn:aws:ecs:eu-west-1:123456789012:task-definition/{family}:{revision}"
    return TaskDefinition(
        address=f"aws_ecs_task_definition.{family}",
        arn=arn,
        family=family,
        revision=revision,
        cpu=256,
        memory=512,
        containers=containers,
    )


def service(task: TaskDefinition, desired: int = 1, **changes: Any) -> Service:
    return Service(
        address="aws_ecs_service.web",
        arn="arn:aws:ecs:eu-west-1:123456789012:service/main/web",
        name="web",
        cluster_arn="arn:aws:ecs:eu-west-1:123456789012:cluster/main",
        task_definition_arn=task.arn,
        desired_count=desired,
        **changes,
    )


def blueprint(task: TaskDefinition, **changes: Any) -> Blueprint:
    return Blueprint(services=(service(task, **changes),), task_definitions=(task,))


class Program:
    """A directory with a Dockerfile and one Python file."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir()
        (directory / "Dockerfile").write_text(
            'FROM python:3.13\nWORKDIR /app\nEXPOSE 8000\nCMD ["python3", "/app/main.py"]\n'
        )

    def write(self, source: str) -> Program:
        (self.directory / "main.py").write_text(textwrap.dedent(source))
        return self


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], Program]:
    return lambda name: Program(tmp_path / name)


@pytest.fixture
def web(program: Callable[[str], Program]) -> Program:
    return program("web").write(SERVER)


def web_container(**changes: Any) -> Container:
    return Container(
        name="web",
        image="web:1",
        port_mappings=(PortMapping(8000, "http"),),
        **{"stop_timeout": 30.0, **changes},
    )


TARGETS = (ServiceTarget(GROUP, "web", 8000),)


class Edge:
    """Reports each target as healthy at once, and as drained as soon as it is deregistered."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self.events: list[Event] = []
        self.automatic = True
        bus.subscribe(Event, self.events.append)
        bus.subscribe(TargetRegistered, self._registered)
        bus.subscribe(TargetDeregistered, self._deregistered)

    def of(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def _registered(self, event: TargetRegistered) -> None:
        if self.automatic:
            self._bus.publish(TargetHealthChanged(event.target_group_arn, event.task_id, "healthy"))

    def _deregistered(self, event: TargetDeregistered) -> None:
        if self.automatic:
            self._bus.publish(TargetDrained(event.target_group_arn, event.task_id))


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def edge(bus: Bus) -> Edge:
    return Edge(bus)


@pytest.fixture
def vault() -> MemoryVault:
    return MemoryVault()


@pytest.fixture
def logs() -> MemoryLogSink:
    return MemoryLogSink()


@pytest.fixture
async def tasks(
    bus: Bus, edge: Edge, vault: MemoryVault, logs: MemoryLogSink, tmp_path: Path
) -> AsyncIterator[Tasks]:
    directories = {name: tmp_path / name for name in ("web", "sidecar", "job")}
    settings = TaskSettings(tmp_path / "home", directories)
    manager = Tasks(bus, vault, settings, logs=logs)
    yield manager
    await asyncio.wait_for(manager.stop(), 60)


async def steady(tasks: Tasks) -> None:
    await asyncio.wait_for(tasks.steady(), 60)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.02)


def pids(tasks: Tasks) -> set[int]:
    return {pid for task in tasks.snapshot().tasks for _, pid in task.pids}
