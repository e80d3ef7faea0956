"""Creates the rooms of a miniature and connects them. Nothing runs yet."""

from __future__ import annotations

import time
from collections import ChainMap
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bonkei.aws_service import AwsService
from bonkei.blueprint import Blueprint
from bonkei.blueprint.service import Service, TaskDefinition
from bonkei.cloud.port.certificate import ca_file
from bonkei.config import Config
from bonkei.database import describe
from bonkei.edge.snapshot import ListenerState
from bonkei.events import Bus
from bonkei.miniature import applied_elsewhere
from bonkei.miniature.addresses import Addresses
from bonkei.miniature.aws.ecs_view import Change, EcsView
from bonkei.miniature.aws.endpoint import AwsEndpoint
from bonkei.miniature.aws.own_services import own_services
from bonkei.miniature.home import Home, MiniatureError
from bonkei.miniature.lifecycle.one_offs import OneOffError, OneOffs, Started
from bonkei.miniature.measures.measures import Shown
from bonkei.miniature.parts import MakeParts
from bonkei.miniature.rehearsal.values import Means
from bonkei.miniature.requests.explaining import RequestWorld
from bonkei.miniature.requests.recorder import Recorder
from bonkei.miniature.rollout.diagnosis import Unhealthy
from bonkei.miniature.rollout.registered import RegisteredDefinitions
from bonkei.miniature.rollout.rollout import settle
from bonkei.miniature.rollout.service_changes import ServiceChanges
from bonkei.miniature.rollout.watch import Watch
from bonkei.miniature.rooms.builds.room import BuildConnections
from bonkei.miniature.rooms.builds.tools import Commands
from bonkei.miniature.rooms.console.timeline import Timeline
from bonkei.miniature.rooms.console.usage import Usage
from bonkei.miniature.rooms.databases import Databases
from bonkei.miniature.rooms.faults import Around, FaultRoom
from bonkei.miniature.rooms.faults.filling import FillAround
from bonkei.miniature.rooms.faults.sights import SeenAround
from bonkei.miniature.rooms.functions import Connections
from bonkei.miniature.rooms.log_routers import LogRouters
from bonkei.miniature.rooms.logs import LogRoom
from bonkei.miniature.rooms.monitor import MonitorRoom
from bonkei.miniature.rooms.network import NetworkRoom
from bonkei.miniature.rooms.pipelines.room import Neighbours, PipelineRoom
from bonkei.miniature.rooms.registry import RegistryRoom, RegistrySettings
from bonkei.miniature.rooms.stacks import StackRoom
from bonkei.miniature.rooms.traces import TraceRoom
from bonkei.miniature.steps import Report, Steps
from bonkei.provider.counters import FileCounters
from bonkei.tasks import Tasks, TaskSettings, TasksSnapshot


class Assembly:
    """`blueprint` is the current one. `tasks` is None until the start has created them."""

    def __init__(
        self,
        config: Config,
        home: Home,
        report: Report,
        make: MakeParts,
        change: Change,
        follow_stacks: Callable[[], Awaitable[Sequence[str]]],
        follow_builds: Callable[[], Awaitable[None]],
    ) -> None:
        """`change`: changes a service for `ecs update-service`. `follow_stacks`: follow changes of
        stacks; returns notes. `follow_builds`: follow a build's apply."""
        self._config, self._home = config, home
        self._rehearse = config.rehearse
        self._report = report
        self.blueprint = Blueprint()
        self.tasks: Tasks | None = None
        self.bus = Bus()
        self.containers = dict(config.containers)
        self.addresses = Addresses(home.addresses)
        self.parts = make(config, home, self.bus, self.addresses.services, report)
        self.edge = self.parts.edge
        self.console = self.parts.console
        self.usage = Usage()
        self.timeline = Timeline(self.bus)
        self.network = NetworkRoom(
            config.enforce, self.parts.caller_addresses, self.addresses.translator, report
        )
        self.registered = RegisteredDefinitions(
            home.path / "ecs" / "task-definitions.json",
            FileCounters(home.path / "terraform" / "counters.json"),
        )
        commands = Commands(self._install, config.terraform)
        self.registry = RegistryRoom(
            home,
            lambda: self.aws.asks,
            report,
            self.bus,
            RegistrySettings(
                lambda: commands.trivy(report), config.builds_engine, config.trivy_database
            ),
        )
        self.service_changes = ServiceChanges(
            home.path / "ecs" / "service-changes.json",
            lambda arn: arn in applied_elsewhere.services(home.path),
        )
        self.watch = Watch(self.bus)
        self.one_offs = OneOffs(config.one_offs, Started(home.started))
        server = describe(config.database_url) if config.database_url else ""
        self.databases = Databases(self.parts.database, server)
        routers = LogRouters(
            config.fluent_bit,
            self.containers,
            report,
            ca_file(home.cloud / "tls"),
            self.registry.built,
        )
        self.logs = LogRoom(
            self.parts.logs, report, self._put_object, routers, lambda: self.aws.asks
        )
        self.functions = self.parts.functions(
            Connections(lambda: self.aws.cloud, self.logs.writer, self._tell_function)
        )
        self.builds = self.parts.builds(
            BuildConnections(
                lambda: self.aws.cloud,
                self.logs.writer,
                self._install,
                self.registry.engine,
            )
        )
        self.pipelines = PipelineRoom(
            home,
            self.bus,
            report,
            Neighbours(
                lambda: self.aws.cloud,
                self.functions,
                self.builds,
                follow_builds,
                lambda: self.monitor,
                60 / config.time_factor,
            ),
        )
        self.stacks = StackRoom(
            home.stacks,
            self.parts.definitions,
            follow_stacks,
            lambda: self.aws.cloud,
            self.bus,
            report,
        )
        services = self._services(change)
        self.monitor = MonitorRoom(
            self.parts.monitor,
            self.bus,
            Shown(self.edge.snapshot, self._measured_tasks, self.databases.snapshots),
            services,
            self._call_queue,
            lambda: self.aws.asks,
            self._store_rests,
        )
        services.update({**self.monitor.answers, **self.registry.services})
        self.parts.requests.hear_together(self.monitor.measures.seen)
        self.parts.requests.hear_together(self.logs.seen)
        self.recorder = Recorder(self.parts.requests.hear)
        self.traces = TraceRoom(config.traces_port)
        beside = {**self.registry.beside, **self.pipelines.beside}
        self.aws = AwsEndpoint(self.parts.cloud, services, beside)
        self.faults = FaultRoom(home.path / "faults", self._around_faults(report))

    def _services(self, change: Change) -> ChainMap[str, AwsService]:
        """The AWS services that rooms answer. Those of functions are added at their start."""
        ecs = EcsView(
            lambda: self.blueprint,
            self.running,
            change,
            self._report,
            self.registered,
            self.registry.digest,
            self.network.started,
        )
        own = own_services(
            lambda: ecs if self.tasks is not None else None,
            self.logs.service,
            lambda: self.blueprint,
            self.edge.snapshot,
            self.databases.snapshots,
            self.databases.rotate,
        )
        rooms = {"codebuild": self.builds.service, "cloudformation": self.stacks.service}
        return ChainMap({**own, **rooms, **self.pipelines.services}, self.functions.services)

    def _around_faults(self, report: Report) -> Around:
        seen = SeenAround(
            lambda: self.blueprint,
            self.task_snapshot,
            self.edge.targets,
            self.databases.snapshots,
            self.network.why_not_gated,
            self.network.disturb,
            lambda: self.aws.cloud_if_started,
        )
        fill = FillAround(
            lambda: self.blueprint,
            self.running,
            self.databases.snapshots,
            self.parts.vault,
            self._home.path / "tasks",
        )
        return Around(
            seen, fill, lambda: self.edge, self.bus, report, self.public_listeners,
            lambda: self.monitor.monitor, self._config.root,
        )  # fmt: skip

    async def _install(self, locks: Sequence[Path]) -> Path:
        return await self.parts.install(locks, self._home.environments, self._report)

    def running(self) -> Tasks:
        """The tasks. They exist once the start has created them."""
        assert self.tasks is not None  # noqa: S101 - the start makes it before
        return self.tasks

    def task_snapshot(self) -> TasksSnapshot | None:
        return self.tasks.snapshot() if self.tasks is not None else None

    def _measured_tasks(self) -> TasksSnapshot | None:
        """The monitor's metrics of each minute give the console its data for a day."""
        snapshot = self.task_snapshot()
        if snapshot is not None:
            self.usage.note(snapshot, time.time())
        return snapshot

    def public_listeners(self) -> list[ListenerState]:
        listeners = self.edge.snapshot().listeners
        return [listener for listener in listeners if listener.kind != "service_connect"]

    def locate(self) -> None:
        """Give every name of the blueprint its address, and publish the public URLs."""
        urls = self.aws.urls(self.blueprint)
        self.addresses.follow(self.blueprint, self.edge.snapshot(), urls)
        self.network.place(self.blueprint, self.addresses.loopback, self.addresses.translator.book)

    def follow_records(self, steps: Steps) -> None:
        """Addresses, log groups, alarms and repositories, before the parts that write to them."""
        self.locate()
        self.logs.follow(self.blueprint, steps)
        self.monitor.follow(self.blueprint)
        self.registry.follow(self.blueprint)

    async def follow_deliveries(self, steps: Steps, *, are_new: bool) -> None:
        """The parts that need the resources behind the endpoint. `are_new`: pipelines that are
        declared for the first time run at once."""
        self.logs.buckets_are_there()
        await self.functions.follow(self.blueprint, steps)
        self.builds.follow(self.blueprint)
        await self.pipelines.follow(self.blueprint, are_new=are_new)

    def task_settings(self, steps: Steps) -> TaskSettings:
        return TaskSettings(
            home=self._home.path,
            containers=self.containers,
            addresses=self.addresses.translator,
            progress=steps.note,
            cloud=self._task_environment,
            may_read=self.aws.may_read,
            may_start=self._may_start,
            log_driver=self.logs.log_driver,
            log_router=self.logs.log_router,
            built=self.registry.built,
            minute=60 / self._config.time_factor,
        )

    def _task_environment(
        self, definition: TaskDefinition, task_id: str, group: str
    ) -> Mapping[str, str]:
        source = self.network.source(task_id, group)
        own = self.aws.task_environment(definition, task_id, source)
        return {**own, **self.traces.environment(definition)}

    def _may_start(self, definition: TaskDefinition, group: str) -> str:
        return (
            self.network.may_start(definition, group)
            or self.aws.may_start(definition, group)
            or self.faults.may_start(self.blueprint, group)
        )

    async def follow_databases(self, steps: Steps) -> None:
        clusters = self.blueprint.database_clusters
        await self.databases.follow(clusters, self.addresses.clusters, steps)
        await self.network.follow(self.addresses.clusters, steps)

    async def migrate(self, steps: Steps, done: str, service: Service | None = None) -> None:
        """Run the one-off commands before new tasks. If one fails, the running tasks continue."""
        try:
            await self.one_offs.run(self.blueprint, self.running(), steps, service)
        except OneOffError as error:
            raise MiniatureError(
                f"{done}, and no new task is started: {error.message}",
                remedy=f"{error.remedy}\nthe old tasks keep serving",
            ) from None

    @property
    def as_released(self) -> Blueprint:
        """The blueprint with what calls of `ecs` have changed: revisions, and what services run."""
        return self.service_changes.over(self.registered.over(self.blueprint))

    async def roll_out(self, steps: Steps, *only: str) -> list[Unhealthy]:
        """Roll out all services, or those with these ARNs, by the blueprint and later calls of
        `ecs`."""
        return await (await self.begin_roll_out(steps, *only))()

    async def begin_roll_out(
        self, steps: Steps, *only: str
    ) -> Callable[[], Awaitable[list[Unhealthy]]]:
        """Begin, and return what waits for the end."""
        blueprint = self.as_released
        tasks, logs = self.running(), self._home.logs
        await tasks.reconcile(blueprint, only)
        return lambda: settle(tasks, self.watch, blueprint, steps, logs, only)

    def request_world(self) -> RequestWorld:
        """The part that explains requests."""
        return RequestWorld(
            self.edge,
            lambda: self.blueprint,
            self.parts.requests.hear,
            self._config.definitions,
            self._config.root,
            self._home.logs,
            self.traces.of,
        )

    def means(self) -> Means:
        """The parts with which a rehearsal of alarms creates real causes."""
        return Means(
            self.running,
            self.edge.snapshot,
            self.databases.snapshots,
            self.parts.vault,
            self._rehearse,
            self.functions.webhook,
            self._call_queue,
            self.monitor.look,
            self.functions.prepare,
        )

    async def _put_object(self, bucket: str, key: str, content: bytes) -> str:
        return await self.aws.put_object(bucket, key, content)

    def _tell_function(self, name: str, value: str) -> str:
        """A value of a function's environment, with the function's own addresses."""
        return self.addresses.translator.of(f"function {name}").translate(value)

    def _store_rests(self) -> bool:
        return self.aws.store_rests()

    async def _call_queue(
        self, operation: str, parameters: Mapping[str, Any], region: str
    ) -> Mapping[str, Any]:
        return await self.aws.cloud.call("", "sqs", f"AmazonSQS.{operation}", parameters, region)
