"""The miniature itself: its components, started in order, then following the blueprint.

Order of the start: definitions → edge (it answers 503 until targets come) → database and the
containers' environments, side by side → one-off tasks → services.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from textwrap import indent
from typing import Any

from bonkei.addresses import AddressBook, Loopback
from bonkei.blueprint import Blueprint
from bonkei.blueprint.service import Service
from bonkei.cloud.own.ecs import ServiceChange
from bonkei.cloud.port.certificate import ca_file
from bonkei.config import Config, ConfigError, is_unchanged, load
from bonkei.database import DatabaseSnapshot, describe
from bonkei.edge.snapshot import ListenerState
from bonkei.events import Bus
from bonkei.miniature import addresses
from bonkei.miniature.aws.ecs_view import EcsView
from bonkei.miniature.aws.endpoint import AwsEndpoint
from bonkei.miniature.aws.own_services import own_services
from bonkei.miniature.control import Call, ControlServer, alarms, sessions
from bonkei.miniature.home import Home, MiniatureError
from bonkei.miniature.lifecycle.begun import seconds_before
from bonkei.miniature.lifecycle.draining import drain
from bonkei.miniature.lifecycle.memory import settle_memory
from bonkei.miniature.lifecycle.one_offs import OneOffError, OneOffs, Started
from bonkei.miniature.lifecycle.preparation import nothing_runs, prepare
from bonkei.miniature.lifecycle.together import close_all, do_all
from bonkei.miniature.measures.measures import Shown
from bonkei.miniature.parts import MakeParts, real_parts
from bonkei.miniature.report.announce import announce
from bonkei.miniature.report.status import compose_status
from bonkei.miniature.rollout.diagnosis import Unhealthy, names
from bonkei.miniature.rollout.registered import RegisteredDefinitions
from bonkei.miniature.rollout.rollout import (
    find_service,
    require_tasks,
    roll_out,
    still_unhealthy,
)
from bonkei.miniature.rollout.service_changes import FORCED, ServiceChanges
from bonkei.miniature.rollout.target_checks import TargetChecks
from bonkei.miniature.rollout.watch import Watch
from bonkei.miniature.rooms.builds import BuildConnections
from bonkei.miniature.rooms.databases import Databases
from bonkei.miniature.rooms.functions import Connections
from bonkei.miniature.rooms.log_routers import LogRouters
from bonkei.miniature.rooms.logs import LogRoom
from bonkei.miniature.rooms.monitor import MonitorRoom
from bonkei.miniature.rooms.network import NetworkRoom
from bonkei.miniature.rooms.pipelines import Neighbours, PipelineRoom
from bonkei.miniature.rooms.registry import RegistryRoom
from bonkei.miniature.rooms.rehearsal import World
from bonkei.miniature.rooms.stacks import StackRoom
from bonkei.miniature.steps import Report, Steps
from bonkei.provider.counters import FileCounters
from bonkei.tasks import TaskError, Tasks, TaskSettings, TasksSnapshot

_GRACE = 10.0  # seconds for requests in flight when the miniature is stopped


class Miniature:
    """Started once, follows the definitions until it is stopped."""

    def __init__(
        self, config: Config, home: Home, report: Report, parts: MakeParts = real_parts
    ) -> None:
        self._config = config
        self._home = home
        self._report = report
        self._bus = Bus()
        self._watch = Watch(self._bus)
        self._blueprint = Blueprint()
        self._containers = dict(config.containers)
        self._loopback = Loopback(home.addresses)
        self._services: dict[str, str] = {}
        self._clusters: dict[str, str] = {}
        self._translator = addresses.Translator()
        self._parts = parts(config, home, self._bus, self._services, report)
        self._edge = self._parts.edge
        self._network = NetworkRoom(
            config.enforce, self._parts.caller_addresses, self._translator, report
        )
        self._tasks: Tasks | None = None
        self._registered = RegisteredDefinitions(
            home.path / "ecs" / "task-definitions.json",
            FileCounters(home.path / "terraform" / "counters.json"),
        )
        self._registry = RegistryRoom(home, lambda: self._aws.asks, report)
        self._ecs = EcsView(
            lambda: self._blueprint,
            self._running,
            self._change,
            report,
            self._registered,
            self._registry.digest,
        )
        authority = ca_file(home.cloud / "tls")
        routers = LogRouters(config.fluent_bit, self._containers, report, authority)
        self._logs = LogRoom(
            self._parts.logs, report, self._put_object, routers, lambda: self._aws.asks
        )
        own = dict(
            own_services(
                self._ecs_view,
                self._logs.service,
                lambda: self._blueprint,
                self._edge.snapshot,
                self._database_snapshots,
            )
        )
        self._functions = self._parts.functions(
            Connections(lambda: self._aws.cloud, self._logs.writer, self._translator.translate)
        )
        self._builds = self._parts.builds(
            BuildConnections(
                lambda: self._aws.cloud,
                self._logs.writer,
                lambda locks: self._parts.install(locks, home.environments, report),
            )
        )
        own["codebuild"] = self._builds.service
        self._pipelines = PipelineRoom(
            home,
            self._bus,
            report,
            Neighbours(lambda: self._aws.cloud, self._functions, self._builds),
        )
        own.update(self._pipelines.services)
        rooms = ChainMap(own, self._functions.services)  # those come while it starts
        self._monitor = MonitorRoom(
            self._parts.monitor,
            self._bus,
            Shown(self._edge.snapshot, self._task_snapshot, self._database_snapshots),
            rooms,
            self._call_queue,
            lambda: self._aws.asks,
        )
        rooms.update(self._monitor.answers)
        rooms.update(self._registry.services)
        self._stacks = StackRoom(
            home.stacks,
            self._parts.definitions,
            self._follow_stacks,
            lambda: self._aws.cloud.objects,
            self._bus,
        )
        own["cloudformation"] = self._stacks.service
        self._parts.requests.hear(self._monitor.measures.seen)
        self._parts.requests.hear(self._logs.seen)
        self._aws = AwsEndpoint(self._parts.cloud, rooms, self._registry.beside)
        server = describe(config.database_url) if config.database_url else ""
        self._databases = Databases(self._parts.database, server)
        self._one_offs = OneOffs(config.one_offs, Started(home.started))
        self._changes = ServiceChanges()
        self._started = False
        self._hurried = asyncio.Event()
        self._stopped = threading.Event()
        self._ask_to_stop: Callable[[], None] = lambda: None
        self._changing = asyncio.Lock()
        self._control = ControlServer(
            home,
            {
                "status": self._on_status,
                "reload": self._on_reload,
                "restart": self._on_restart,
                **sessions.handlers(lambda: (self._blueprint, self._tasks), self._bus),
                **alarms.handlers(self._alarm_world),
                "aws": self._on_aws,
                "stop": self._on_stop,
            },
        )

    def when_asked_to_stop(self, stop: Callable[[], None]) -> None:
        """Set the function for `bonkei down`."""
        self._ask_to_stop = stop

    async def start(self) -> None:
        """From nothing to healthy. Raises a BonkeiError; `stop` cleans up in any case."""
        async with self._changing:
            await self._control.start()
            steps = Steps(self._report, before=seconds_before(os.environ))
            await do_all(
                self._evaluate(steps),
                self._aws.start(steps),
                self._functions.start(),
                self._builds.start(),
            )
            self._translator.book = self._addresses()
            self._logs.follow(self._blueprint, steps)
            self._monitor.follow(self._blueprint)
            self._registry.follow(self._blueprint)
            with steps.step("edge") as step:
                await self._edge.start(self._blueprint)
                step.detail = ", ".join(listener.url for listener in self._public_listeners())
            self._translator.book = self._addresses()
            self._tasks = self._parts.tasks(self._task_settings(steps))
            await do_all(
                self._start_databases(steps),
                self._prepare_containers(steps),
                self._aws.follow(self._blueprint, steps),
            )
            self._logs.buckets_are_there()
            await self._functions.follow(self._blueprint, steps)
            self._builds.follow(self._blueprint)
            await self._pipelines.follow(self._blueprint, are_new=False)
            await self._one_offs.run(self._blueprint, self._tasks, steps)
            unhealthy = await self._roll_out(steps)
            self._started = True
            self._monitor.begin()
            self._stacks.resume()
            self._pipelines.begin()
            settle_memory()
            for line in announce(self._config, self._home, self._blueprint, self._edge.snapshot()):
                self._report(line)
            listeners = len(self._public_listeners())
            if idle := nothing_runs(self._blueprint, self._tasks.snapshot(), listeners):
                self._report(f"Started, but {idle}")
            elif unhealthy:
                self._report(f"Started, but not healthy: {names(unhealthy)}")
            else:
                self._report(f"Ready after {steps.elapsed:.1f} s.")

    async def stop(self) -> None:
        """Stop everything in ECS's order: the listeners after their requests in flight, then the
        tasks, then the database. Safe at any point of the start."""
        self._stopped.set()
        try:
            await close_all(
                self._control.stop,
                self._stacks.stop,
                self._pipelines.stop,
                self._monitor.stop,
                self._builds.stop,
                self._stop_tasks,
                lambda: self._edge.stop(grace=1.0),
                self._network.stop,
                self._databases.stop,
                self._logs.stop_requests,
                self._functions.stop,
                self._aws.stop,
                self._logs.stop,
            )
        finally:
            self._loopback.close()

    async def _stop_tasks(self) -> None:
        if self._tasks is not None:
            await close_all(
                lambda: drain(self._edge, _GRACE, self._hurried),
                self._tasks.stop,
            )

    def hurry(self) -> None:
        """A second Ctrl-C: do not wait for requests in flight, and kill the containers."""
        self._hurried.set()
        if self._tasks is None:
            return
        for task in self._tasks.snapshot().tasks:
            for _, pid in task.pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    async def _evaluate(self, steps: Steps) -> None:
        known = self._parts.definitions
        with steps.step("terraform") as step:
            if await asyncio.to_thread(known.up_to_date):
                step.detail = "the definitions have not changed"
            else:
                report = self._unless_stopped(steps.note)
                step.detail = await asyncio.to_thread(known.apply, report)
            self._blueprint = await asyncio.to_thread(self._stacks.read)

    def _unless_stopped(self, report: Report) -> Report:
        """Terraform runs in a thread that cannot be cancelled: it ends at its next report."""

        def checked(text: str) -> None:
            if self._stopped.is_set():
                raise MiniatureError("stopped while Terraform was at work")
            report(text)

        return checked

    def _addresses(self) -> AddressBook:
        """Give every name of the blueprint its address, and publish the public URLs."""
        services = addresses.service_addresses(self._blueprint, self._loopback)
        self._clusters = addresses.cluster_addresses(self._blueprint, self._loopback)
        addresses.require_addresses(services | self._clusters)
        self._services.update(services)
        book = AddressBook(
            hosts=addresses.cluster_hosts(self._blueprint, self._clusters),
            services=services,
            urls=addresses.public_urls(self._blueprint, self._edge.snapshot())
            | self._aws.urls(self._blueprint),
        )
        self._network.place(self._blueprint, self._loopback, book)
        return book

    def _public_listeners(self) -> list[ListenerState]:
        listeners = self._edge.snapshot().listeners
        return [listener for listener in listeners if listener.kind != "service_connect"]

    def _task_settings(self, steps: Steps) -> TaskSettings:
        return TaskSettings(
            home=self._home.path,
            containers=self._containers,
            addresses=self._translator,
            progress=steps.note,
            cloud=lambda definition, task_id, group: self._aws.task_environment(
                definition, task_id, self._network.source(task_id, group)
            ),
            may_read=self._aws.may_read,
            may_start=lambda definition, group: (
                self._network.may_start(definition, group) or self._aws.may_start(definition, group)
            ),
            log_driver=self._logs.log_driver,
            log_router=self._logs.log_router,
            built=self._registry.built,
        )

    def _running(self) -> Tasks:
        assert self._tasks is not None  # noqa: S101 - the start makes it before
        return self._tasks

    def _ecs_view(self) -> EcsView | None:
        return self._ecs if self._tasks is not None else None

    async def _put_object(self, bucket: str, key: str, content: bytes) -> str:
        return await self._aws.put_object(bucket, key, content)

    async def _start_databases(self, steps: Steps) -> None:
        await self._databases.follow(self._blueprint.database_clusters, self._clusters, steps)
        await self._network.follow(self._clusters, steps)

    async def _prepare_containers(self, steps: Steps) -> None:
        """The containers' own environments, side by side, before the first of them is needed."""
        with steps.step("containers") as step:
            needed = await asyncio.to_thread(prepare, self._blueprint, dict(self._containers))
            step.detail = needed.summary
            for note in needed.notes:
                steps.note(note)
            wanted = dict.fromkeys(needed.requirements.values())
            installed = [self._install(requirements, steps) for requirements in wanted]
            step.failed = not all(await asyncio.gather(*installed))

    async def _install(self, requirements: Sequence[Path], steps: Steps) -> bool:
        """Install requirements. False on failure: then only the tasks that need them cannot
        start."""
        try:
            await self._parts.install(requirements, self._home.environments, steps.note)
        except TaskError as error:
            steps.note(f"{error.message}\n{indent(error.remedy, '  ')}")
            return False
        return True

    async def _roll_out(self, steps: Steps, *only: str) -> list[Unhealthy]:
        assert self._tasks is not None  # noqa: S101 - the start makes it before
        blueprint = self._changes.over(self._registered.over(self._blueprint))
        logs = self._home.logs
        return await roll_out(self._tasks, self._watch, blueprint, steps, logs, only)

    async def _migrate(self, steps: Steps, done: str, service: Service | None = None) -> None:
        """Run the one-off commands before new tasks. After a failure the running tasks go on."""
        assert self._tasks is not None  # noqa: S101 - the start makes it before
        try:
            await self._one_offs.run(self._blueprint, self._tasks, steps, service)
        except OneOffError as error:
            raise MiniatureError(
                f"{done}, and no new task is started: {error.message}",
                remedy=f"{error.remedy}\nthe old tasks serve on",
            ) from None

    async def _on_status(self, _call: Call) -> Any:
        tasks, edge = self._task_snapshot(), self._edge.snapshot()
        databases = self._databases.snapshots()
        return compose_status(
            self._started,
            self._blueprint,
            edge,
            tasks,
            databases,
            self._aws.snapshot(),
            self._logs.snapshot(),
            self._monitor.snapshot(),
            self._functions.snapshot(),
            self._stacks.snapshot(),
            self._builds.snapshot(),
        )

    def _task_snapshot(self) -> TasksSnapshot | None:
        return self._tasks.snapshot() if self._tasks is not None else None

    async def _call_queue(
        self, operation: str, parameters: Mapping[str, Any], region: str
    ) -> Mapping[str, Any]:
        return await self._aws.cloud.call("", "sqs", f"AmazonSQS.{operation}", parameters, region)

    def _alarm_world(self) -> World:
        self._require_started()
        request = alarms.around_the_distribution(self._edge.snapshot())
        return self._monitor.world(lambda: self._blueprint, request)

    def _database_snapshots(self) -> list[DatabaseSnapshot]:
        return self._databases.snapshots()

    async def _on_stop(self, _call: Call) -> None:
        self._ask_to_stop()

    async def _on_reload(self, call: Call) -> None:
        """Follow the applied definitions; requests in flight are not touched."""
        async with self._changing:
            self._require_started()
            report = self._kept(call.report)
            steps = Steps(report)
            self._report("Following the definitions that `bonkei apply` has applied")
            self._reread_settings(report)
            before, self._blueprint = (
                self._blueprint,
                await asyncio.to_thread(self._stacks.read),
            )
            self._changes.definitions_win()
            self._translator.book = self._addresses()
            with TargetChecks(self._bus, before, self._blueprint) as checks:
                await self._edge.apply(self._blueprint)
                self._translator.book = self._addresses()
                self._logs.follow(self._blueprint, steps)
                self._monitor.follow(self._blueprint)
                self._registry.follow(self._blueprint)
                await self._start_databases(steps)
                await self._aws.follow(self._blueprint, steps)
                self._logs.buckets_are_there()
                await self._functions.follow(self._blueprint, steps)
                self._builds.follow(self._blueprint)
                await self._pipelines.follow(self._blueprint, are_new=True)
                await self._migrate(steps, "applied")
                unhealthy = await self._roll_out(steps)
                unhealthy += await checks.judge(self._edge.snapshot, steps)
            if not unhealthy and self._tasks is not None:
                unhealthy = await still_unhealthy(self._tasks, self._bus)
            settle_memory()
        if unhealthy:
            raise MiniatureError(f"applied, but not healthy: {names(unhealthy)}")

    async def _follow_stacks(self) -> Sequence[str]:
        """Follow the stacks, whose resources none of the services' tasks depend on. Returns the
        endpoint's notes."""
        async with self._changing:
            self._require_started()
            steps = Steps(self._report)
            self._blueprint = await asyncio.to_thread(self._stacks.read)
            self._translator.book = self._addresses()
            self._logs.follow(self._blueprint, steps)
            self._monitor.follow(self._blueprint)
            self._registry.follow(self._blueprint)
            self._builds.follow(self._blueprint)
            await self._aws.follow(self._blueprint, steps)
            await self._functions.follow(self._blueprint, steps)
            await self._pipelines.follow(self._blueprint, are_new=True)
            snapshot = self._aws.snapshot()
            return snapshot.notes if snapshot is not None else ()

    def _reread_settings(self, report: Report) -> None:
        """Read the containers' directories from bonkei.toml again; other settings need a new
        start."""
        with suppress(ConfigError):
            now = load(self._config.file, os.environ)
            self._containers.clear()
            self._containers.update(now.containers)
        if not is_unchanged(self._config, os.environ):
            report(f"{self._config.file.name} has changed: this takes effect at the next start")

    def _kept(self, report: Report) -> Report:
        """A report to a command that is also written to the miniature's log."""

        def both(text: str) -> None:
            self._report(text)
            report(text)

        return both

    async def _on_restart(self, call: Call) -> None:
        self._require_started()
        service = find_service(self._blueprint, call.service)
        await self._change(service.arn, FORCED, call.report)

    async def _change(
        self, arn: str, change: ServiceChange, report: Report = lambda _: None
    ) -> None:
        """As `ecs update-service`: another count at once; new tasks in place of the service's own
        after what a release does before them."""
        async with self._changing:
            self._require_started()
            service = next(each for each in self._blueprint.services if each.arn == arn)
            steps = Steps(self._kept(report))
            if change.has_new_tasks:
                require_tasks(service, self._tasks)
                self._report(f"Restarting {service.name}")
                await self._migrate(steps, "not restarted", service)
            self._changes.add(arn, change)
            unhealthy = await self._roll_out(steps, service.arn)
        if unhealthy:
            raise MiniatureError(f"restarted, but not healthy: {names(unhealthy)}")

    async def _on_aws(self, call: Call) -> Any:
        return self._aws.environment(str(call.arguments.get("role", "")))

    def _require_started(self) -> None:
        if not self._started:
            raise MiniatureError("the miniature has not started yet", remedy="try again then")
