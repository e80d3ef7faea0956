"""The miniature itself: its components, started in order, then following the blueprint.

Order of the start: definitions → edge (it answers 503 until targets come) → database and the
containers' environments, side by side → one-off tasks → services.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

from bonkei.addresses import AddressBook, Loopback
from bonkei.blueprint import Blueprint
from bonkei.blueprint.service import Service
from bonkei.config import Config, ConfigError, is_unchanged, load
from bonkei.database import Database, describe
from bonkei.edge import Edge, EdgeSettings
from bonkei.edge.snapshot import ListenerState
from bonkei.events import Bus
from bonkei.miniature import book, definitions, sessions
from bonkei.miniature.announce import announce
from bonkei.miniature.begun import seconds_before
from bonkei.miniature.control import Call, ControlServer
from bonkei.miniature.diagnosis import Unhealthy, find_unhealthy, names
from bonkei.miniature.draining import drain
from bonkei.miniature.health import Watch
from bonkei.miniature.home import Home, MiniatureError
from bonkei.miniature.memory import settle_memory
from bonkei.miniature.one_offs import OneOffError, OneOffs, Started
from bonkei.miniature.preparation import nothing_runs, prepare
from bonkei.miniature.rollout import find_service, force_new_deployments, require_tasks, roll_out
from bonkei.miniature.status import compose_status
from bonkei.miniature.steps import Report, Steps
from bonkei.miniature.target_checks import TargetChecks
from bonkei.tasks import Tasks, TaskSettings
from bonkei.tasks.software import ensure_environment
from bonkei.vault import FileVault

_GRACE = 10.0  # seconds for requests in flight when the miniature is stopped


class Miniature:
    """Started once, follows the definitions until it is stopped."""

    def __init__(self, config: Config, home: Home, report: Report) -> None:
        self._config = config
        self._home = home
        self._report = report
        self._workspace = definitions.workspace(config, home)
        self._vault = FileVault(home.secrets)
        self._bus = Bus()
        self._watch = Watch(self._bus)
        self._blueprint = Blueprint()
        self._containers = dict(config.containers)
        self._loopback = Loopback(home.addresses)
        self._services: dict[str, str] = {}
        self._clusters: dict[str, str] = {}
        self._translator = book.Translator()
        self._edge = Edge(
            self._bus,
            EdgeSettings(
                distribution_port=config.edge_port,
                load_balancer_port=config.alb_port,
                hosts=config.edge_hosts,
                service_addresses=self._services,
            ),
        )
        self._tasks: Tasks | None = None
        self._databases: dict[str, Database] = {}
        self._one_offs = OneOffs(config.one_offs, Started(home.started))
        self._forced: dict[str, int] = {}
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
                "run": self._on_run,
                "exec": self._on_exec,
                "environment": self._on_environment,
                "stop": self._on_stop,
            },
        )

    def when_asked_to_stop(self, stop: Callable[[], None]) -> None:
        """What `bonkei down` calls."""
        self._ask_to_stop = stop

    async def start(self) -> None:
        """From nothing to healthy. Raises a BonkeiError; `stop` cleans up in any case."""
        async with self._changing:
            await self._control.start()
            steps = Steps(self._report, before=seconds_before(os.environ))
            self._blueprint = await self._evaluate(steps)
            self._translator.book = self._addresses()
            with steps.step("edge") as step:
                await self._edge.start(self._blueprint)
                step.detail = ", ".join(listener.url for listener in self._public_listeners())
            self._translator.book = self._addresses()
            self._tasks = Tasks(self._bus, self._vault, self._task_settings(steps))
            await gather(self._start_databases(steps), self._prepare_containers(steps))
            await self._one_offs.run(self._blueprint, self._tasks, steps)
            unhealthy = await self._roll_out(steps)
            self._started = True
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
        """Everything down, in the order of ECS: no new request and what is in flight ends, then
        the tasks, then the database. Safe at any point of the start."""
        self._stopped.set()
        await self._control.stop()
        if self._tasks is not None:
            await drain(self._edge, _GRACE, self._hurried)
            await self._tasks.stop()
        await self._edge.stop(grace=1.0)
        for database in self._databases.values():
            await database.stop()
        self._loopback.close()

    def hurry(self) -> None:
        """A second Ctrl-C: nothing in flight is waited for, containers are killed, not asked."""
        self._hurried.set()
        if self._tasks is None:
            return
        for task in self._tasks.snapshot().tasks:
            for _, pid in task.pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    async def _evaluate(self, steps: Steps) -> Blueprint:
        with steps.step("terraform") as step:
            if await asyncio.to_thread(definitions.up_to_date, self._workspace):
                step.detail = "the definitions have not changed"
            else:
                step.detail = await asyncio.to_thread(
                    definitions.apply, self._workspace, self._unless_stopped(steps.note)
                )
            return await asyncio.to_thread(definitions.read, self._workspace)

    def _unless_stopped(self, report: Report) -> Report:
        """Terraform runs in a thread, which nobody can cancel: it ends where it reports."""

        def tell(text: str) -> None:
            if self._stopped.is_set():
                raise MiniatureError("stopped while Terraform was at work")
            report(text)

        return tell

    def _addresses(self) -> AddressBook:
        """Give every name of the blueprint its address, and open the way to the public ones."""
        services = book.service_addresses(self._blueprint, self._loopback)
        self._clusters = book.cluster_addresses(self._blueprint, self._loopback)
        book.require_addresses(services | self._clusters)
        self._services.update(services)
        return AddressBook(
            hosts=book.cluster_hosts(self._blueprint, self._clusters),
            services=services,
            urls=book.public_urls(self._blueprint, self._edge.snapshot()),
        )

    def _public_listeners(self) -> list[ListenerState]:
        listeners = self._edge.snapshot().listeners
        return [listener for listener in listeners if listener.kind != "service_connect"]

    def _task_settings(self, steps: Steps) -> TaskSettings:
        return TaskSettings(
            home=self._home.path,
            containers=self._containers,
            addresses=self._translator,
            progress=steps.note,
        )

    async def _start_databases(self, steps: Steps) -> None:
        for cluster in self._blueprint.database_clusters:
            if cluster.arn in self._databases:
                await self._databases[cluster.arn].apply(cluster)
                continue
            if url := self._config.database_url:
                steps.note(f"using the PostgreSQL server at {describe(url)} (BONKEI_DATABASE_URL)")
            with steps.step("database") as step:
                database = Database(
                    cluster,
                    host=self._clusters[cluster.arn],
                    home=self._home.path,
                    vault=self._vault,
                    url=url,
                    shared=self._config.database_shared,
                )
                self._databases[cluster.arn] = database
                await database.start()
                step.detail = f"{cluster.identifier}: {database.snapshot().server}"

    async def _prepare_containers(self, steps: Steps) -> None:
        """The containers' own environments, side by side, before the first of them is needed."""
        with steps.step("containers") as step:
            needed = await asyncio.to_thread(prepare, self._blueprint, dict(self._containers))
            step.detail = needed.summary
            for note in needed.notes:
                steps.note(note)
            await gather(
                *(
                    ensure_environment(requirements, self._home.environments, steps.note)
                    for requirements in dict.fromkeys(needed.requirements.values())
                )
            )

    async def _roll_out(self, steps: Steps, *only: str) -> list[Unhealthy]:
        assert self._tasks is not None  # noqa: S101 - the start makes it before
        blueprint = force_new_deployments(self._blueprint, self._forced)
        logs = self._home.logs
        return await roll_out(self._tasks, self._watch, blueprint, steps, logs, only)

    async def _migrate(self, steps: Steps, done: str, service: Service | None = None) -> None:
        """What a release does before the new tasks. When it fails, those that run go on."""
        assert self._tasks is not None  # noqa: S101 - the start makes it before
        try:
            await self._one_offs.run(self._blueprint, self._tasks, steps, service)
        except OneOffError as error:
            raise MiniatureError(
                f"{done}, and no new task is started: {error.message}",
                remedy=f"{error.remedy}\nthe tasks from before serve on",
            ) from None

    async def _on_status(self, _call: Call) -> Any:
        tasks = self._tasks.snapshot() if self._tasks is not None else None
        databases = [database.snapshot() for database in self._databases.values()]
        edge = self._edge.snapshot()
        return compose_status(self._started, self._blueprint, edge, tasks, databases)

    async def _on_stop(self, _call: Call) -> None:
        self._ask_to_stop()

    async def _on_reload(self, call: Call) -> None:
        """Follow what Terraform has applied; requests in flight are not touched."""
        async with self._changing:
            self._require_started()
            report = self._kept(call.report)
            steps = Steps(report)
            self._report("Following what `bonkei apply` has applied")
            self._reread_settings(report)
            before, self._blueprint = (
                self._blueprint,
                await asyncio.to_thread(definitions.read, self._workspace),
            )
            self._translator.book = self._addresses()
            with TargetChecks(self._bus, before, self._blueprint) as checks:
                await self._edge.apply(self._blueprint)
                self._translator.book = self._addresses()
                await self._start_databases(steps)
                await self._migrate(steps, "applied")
                unhealthy = await self._roll_out(steps)
                unhealthy += await checks.judge(self._edge.snapshot, steps)
            unhealthy += find_unhealthy(self._tasks.snapshot()) if self._tasks else ()
            settle_memory()
        if unhealthy:
            raise MiniatureError(f"applied, but not healthy: {names(unhealthy)}")

    def _reread_settings(self, report: Report) -> None:
        """The containers' directories as bonkei.toml has them now; the rest of it has to wait."""
        with suppress(ConfigError):
            now = load(self._config.file, os.environ)
            self._containers.clear()
            self._containers.update(now.containers)
        if not is_unchanged(self._config, os.environ):
            report(f"{self._config.file.name} has changed: this takes effect at the next start")

    def _kept(self, report: Report) -> Report:
        """What a command is told stays in the miniature's own log, too."""

        def tell(text: str) -> None:
            self._report(text)
            report(text)

        return tell

    async def _on_restart(self, call: Call) -> None:
        """New tasks in place of a service's own, as ECS forces a new deployment."""
        async with self._changing:
            self._require_started()
            service = find_service(self._blueprint, call.service)
            require_tasks(service, self._tasks)
            self._report(f"Restarting {service.name}")
            steps = Steps(self._kept(call.report))
            await self._migrate(steps, "not restarted", service)
            self._forced[service.arn] = self._forced.get(service.arn, 0) + 1
            unhealthy = await self._roll_out(steps, service.arn)
        if unhealthy:
            raise MiniatureError(f"restarted, but not healthy: {names(unhealthy)}")

    async def _on_run(self, call: Call) -> Any:
        return await sessions.lend(call, self._blueprint, self._prepared())

    async def _on_exec(self, call: Call) -> Any:
        return sessions.beside(call, self._blueprint, self._prepared(), self._bus)

    async def _on_environment(self, call: Call) -> Any:
        return await sessions.environment(call, self._blueprint, self._prepared())

    def _prepared(self) -> Tasks:
        """The tasks, once the database is there; also while services do not get healthy."""
        if self._tasks is None:
            raise MiniatureError("the miniature has not started yet", remedy="try again then")
        return self._tasks

    def _require_started(self) -> None:
        if not self._started:
            raise MiniatureError("the miniature has not started yet", remedy="try again then")


async def gather(*jobs: Coroutine[Any, Any, None] | Coroutine[Any, Any, Path]) -> None:
    """All of them; when one fails the others are cancelled, and its own error is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for job in jobs:
                group.create_task(job)
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
