"""In-memory doubles of a miniature's parts. They record their calls in order."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bonkei.base.aws_service import Operations
from bonkei.base.events import Bus, DeploymentStateChanged, TaskStateChanged
from bonkei.base.vault import MemoryVault
from bonkei.blueprint import Blueprint
from bonkei.blueprint.state import Resource
from bonkei.config import FolderProgram
from bonkei.definitions.refresh.observe import Observed, Outside
from bonkei.definitions.refresh.values import Ask
from bonkei.miniature.parts.edge.access_hooks import Requests
from bonkei.services.cloudwatch.monitor import Monitor
from bonkei.services.cloudwatch.values import Around
from bonkei.services.console import Console
from bonkei.services.ecs import TaskSettings, TasksSnapshot
from bonkei.services.ecs.snapshot import (
    DeploymentSnapshot,
    ServiceSnapshot,
    TaskOutcome,
    TaskSnapshot,
)
from bonkei.services.edge.objects import Objects
from bonkei.services.edge.snapshot import EdgeSnapshot, ListenerState
from bonkei.services.endpoint.cloud import CloudSnapshot
from bonkei.services.logs.logs import LogsSnapshot
from bonkei.services.rds.snapshot import DatabaseSnapshot


@dataclass
class World:
    """Shared by the doubles. `done`: the operations so far. `failing`: operations that raise.
    `holding`: operations that wait until they are released.
    """

    blueprint: Blueprint
    done: list[str] = field(default_factory=list)
    failing: dict[str, BaseException] = field(default_factory=dict)
    holding: dict[str, asyncio.Event] = field(default_factory=dict)
    is_current: bool = False
    listeners: tuple[ListenerState, ...] = ()
    unhealthy: set[str] = field(default_factory=set)  # names of services
    refused: dict[str, str] = field(default_factory=dict)
    exit_codes: dict[str, int] = field(default_factory=dict)  # by a one-off's first word
    pids: tuple[int, ...] = ()
    console: Console = field(default_factory=Console)  # switched off
    reports: list[str] = field(default_factory=list)  # Terraform's output meanwhile
    on_apply: Callable[[Callable[[str], None]], None] = lambda _: None
    interrupted: threading.Event = field(default_factory=threading.Event)  # Terraform was
    check_later: bool = False
    checked: asyncio.Event = field(default_factory=asyncio.Event)  # the declared resources were

    async def do(self, what: str) -> None:
        self.done.append(what)
        if what in self.holding:
            await self.holding[what].wait()
        if what in self.failing:
            raise self.failing[what]

    def hold(self, what: str) -> asyncio.Event:
        self.holding[what] = asyncio.Event()
        return self.holding[what]


@dataclass
class Definitions:
    world: World

    def up_to_date(self) -> bool:
        return self.world.is_current

    def apply(self, report: Callable[[str], None]) -> str:
        self.world.done.append("terraform apply")
        self.world.on_apply(report)
        return "3 added"

    def interrupt(self) -> None:
        self.world.interrupted.set()

    def read(self, more: Iterable[Resource] = (), revisions: Sequence[Any] = ()) -> Blueprint:
        return self.world.blueprint

    def resources(self) -> Sequence[Resource]:
        return ()

    def observe(self, ask: Ask) -> Observed:
        return {}

    def outside(self, ask: Ask) -> Sequence[Outside]:
        return ()


@dataclass
class Edge:
    world: World
    objects: Objects = field(default_factory=Objects)

    def targets(self) -> dict[Any, Any]:
        return {}

    def detour(self, wanted: Any) -> None:
        self.world.done.append("edge detour")

    async def start(self, blueprint: Blueprint) -> None:
        await self.world.do("edge starts")

    async def apply(self, blueprint: Blueprint) -> None:
        await self.world.do("edge follows")

    async def drain(self, grace: float) -> None:
        await self.world.do("edge drains")

    async def stop(self, grace: float) -> None:
        await self.world.do("edge stops")

    def snapshot(self) -> EdgeSnapshot:
        return EdgeSnapshot(self.world.listeners)


@dataclass
class Tasks:
    world: World
    bus: Bus
    settings: TaskSettings
    blueprint: Blueprint = field(default_factory=Blueprint)

    async def prepare(self) -> None:
        """Nothing is to be found out."""

    async def make_ready(self, program: FolderProgram) -> None:
        await self.world.do(f"{program.directory.name} is prepared")

    async def reconcile(self, blueprint: Blueprint, only: Collection[str] = ()) -> None:
        self.blueprint = blueprint
        tokens = "".join(s.force_new_deployment_token for s in blueprint.services)
        await self.world.do(f"services roll out{tokens}")
        for service in blueprint.services:
            if service.name in self.world.unhealthy:
                for number in range(3):
                    task = f"{service.name}-{number}"
                    self.bus.publish(
                        TaskStateChanged(service.arn, task, "STOPPED", "UNKNOWN", "exit code 3")
                    )
            elif service.name not in self.world.refused:
                definition = service.task_definition_arn
                self.bus.publish(DeploymentStateChanged(service.arn, definition, "COMPLETED"))

    async def would_deploy(self, blueprint: Blueprint) -> bool:
        return blueprint.services != self.blueprint.services

    async def run_task(
        self, task_definition: Any, container: str, command: Sequence[str]
    ) -> TaskOutcome:
        self.settings.cloud(
            task_definition, "1" * 32, f"family:{task_definition.family}", container
        )
        await self.world.do(f"runs {command[0]}")
        code = self.world.exit_codes.get(command[0], 0)
        return TaskOutcome(code, "", ("its last word",))

    async def stop(self) -> None:
        await self.world.do("tasks stop")

    def snapshot(self) -> TasksSnapshot:
        pids = tuple((str(pid), pid) for pid in self.world.pids)
        task = TaskSnapshot("1" * 32, "", "", "RUNNING", "HEALTHY", "", "", pids, None, 0.0, 0)
        services = tuple(self._service(service) for service in self.blueprint.services)
        return TasksSnapshot(services, (task,) if pids else (), (), ())

    def _service(self, service: Any) -> ServiceSnapshot:
        healthy = 0 if service.name in self.world.unhealthy else 1
        refused = self.world.refused.get(service.name, "")
        deployment = DeploymentSnapshot("d", "PRIMARY", "web:1", "COMPLETED", 1, 0, 0)
        return ServiceSnapshot(service.arn, service.name, 1, 1, 0, healthy, (deployment,), refused)


@dataclass
class Database:
    world: World
    identifier: str
    host: str
    status: str = "stopped"
    others: tuple[str, ...] = ()

    async def start(self) -> None:
        self.status = "creating"
        await self.world.do(f"database {self.identifier} starts")
        self.status = "available"

    async def apply(self, cluster: Any) -> None:
        await self.world.do(f"database {self.identifier} follows")

    async def stop(self) -> None:
        await self.world.do(f"database {self.identifier} stops")
        self.status = "stopped"

    def snapshot(self) -> DatabaseSnapshot:
        return DatabaseSnapshot(
            self.identifier, self.status, f"{self.host}:5432", "app", "PostgreSQL 18.6", None,
            "", "", 0.0, 0, (),
        )  # fmt: skip


class Callers:
    def task(self, role_arn: str, task_id: str, source: str = "") -> dict[str, str]:
        return {"AWS_ENDPOINT_URL": "http://127.0.0.1:8083"}

    def person(self, role: str, user: str = "") -> dict[str, str]:
        return {"AWS_REGION": "eu-west-1", "ROLE": role, "USER": user}


@dataclass
class Cloud:
    world: World
    asks: Any = field(default_factory=lambda: SimpleNamespace(may_pull=lambda _: ""))
    aws: Any = field(default_factory=lambda: SimpleNamespace(look=None))
    callers: Callers = field(default_factory=Callers)

    async def start(self) -> None:
        await self.world.do("cloud starts")

    @property
    def store(self) -> Any:
        return SimpleNamespace(wake=lambda: self.world.done.append("cloud expects calls"))

    async def apply(self, blueprint: Blueprint, *, check_later: bool = False) -> None:
        await self.world.do("cloud follows")
        self.world.check_later = check_later

    def check(self) -> None:
        assert self.world.check_later
        self.world.checked.set()

    def hear(self, listener: Callable[[Any], None]) -> None:
        """No calls arrive."""

    async def stop(self) -> None:
        await self.world.do("cloud stops")

    def snapshot(self) -> CloudSnapshot:
        return CloudSnapshot("http://127.0.0.1:8083", "eu-west-1", "available", ())


@dataclass
class Logs:
    world: World

    async def stop_requests(self) -> None:
        """No request waits."""

    service: Any = None

    def start(self) -> None:
        """No store is opened."""

    def apply(self, blueprint: Blueprint) -> None:
        """No group is made."""

    def buckets_are_there(self) -> None:
        """Nothing is delivered."""

    async def stop(self) -> None:
        """Nothing runs."""

    def snapshot(self) -> LogsSnapshot:
        return LogsSnapshot(0, 0, 1, 0, ())


@dataclass
class Functions:
    world: World
    name = "functions"
    services: dict[str, Any] = field(default_factory=dict)

    async def start(self) -> None:
        """Nothing is loaded."""

    async def follow(self, blueprint: Blueprint, steps: Any) -> None:
        """No function is there."""

    async def stop(self) -> None:
        """Nothing runs."""

    def snapshot(self) -> None:
        return None


class Builds:
    name = "builds"
    service = Operations({})

    async def start(self) -> None:
        """Nothing is left."""

    def follow(self, blueprint: Blueprint) -> None:
        """No project is there."""

    def snapshot(self) -> None:
        return None

    def hear(self, listener: Callable[[Any], None]) -> None:
        """No build runs."""

    async def stop(self) -> None:
        """Nothing runs."""


@dataclass(frozen=True)
class Parts:
    definitions: Definitions
    edge: Edge
    tasks: Callable[[TaskSettings], Tasks]
    database: Callable[[Any, str], Database]
    install: Callable[..., Any]
    cloud: Callable[..., Cloud]
    logs: Callable[..., Logs]
    monitor: Callable[[Around], Monitor]
    requests: Requests
    functions: Callable[..., Functions]
    builds: Callable[..., Builds]
    vault: MemoryVault
    console: Console = field(default_factory=Console)
    caller_addresses: dict[tuple[str, str], str] = field(default_factory=dict)


def parts_of(world: World) -> Callable[..., Parts]:
    """The parts of a miniature, as doubles."""

    async def install(requirements: Sequence[Path], environments: Path, report: Any) -> Path:
        await world.do(f"installs {requirements[0].parent.name}")
        return environments

    def make(config: Any, home: Any, bus: Bus, addresses: Any, report: Any) -> Parts:
        return Parts(
            Definitions(world),
            Edge(world),
            lambda settings: Tasks(world, bus, settings),
            lambda cluster, host, _refused: Database(world, cluster.identifier, host),
            install,
            lambda ecs, report, beside: Cloud(world),
            lambda may, report, put_object: Logs(world),
            lambda around: Monitor(None, bus, around),
            Requests(),
            lambda *_: Functions(world),
            lambda *_: Builds(),
            MemoryVault({}),
            world.console,
        )

    return make
