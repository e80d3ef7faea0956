"""The miniature itself: its components, started in order, then following the blueprint.

Order of the start: definitions → edge (it answers 503 until targets come) → database and the
containers' environments, side by side → one-off tasks → services. Stopping goes the other way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from bonkei.addresses import AddressBook, Loopback
from bonkei.blueprint import Blueprint
from bonkei.config import Config, OneOff
from bonkei.database import Database
from bonkei.edge import Edge, EdgeSettings
from bonkei.events import Bus
from bonkei.miniature import book, definitions
from bonkei.miniature.announce import announce
from bonkei.miniature.control import ControlServer, Report
from bonkei.miniature.health import Watch
from bonkei.miniature.home import Home, MiniatureError
from bonkei.miniature.one_offs import Started, task_definition
from bonkei.miniature.status import status
from bonkei.miniature.steps import Steps
from bonkei.tasks import Tasks, TaskSettings
from bonkei.vault import FileVault

_PATIENCE = 90.0  # seconds until a start without healthy services is told as it stands


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
        self._edge: Edge | None = None
        self._tasks: Tasks | None = None
        self._databases: dict[str, Database] = {}
        self._ask_to_stop: Callable[[], None] = lambda: None
        self._changing = asyncio.Lock()
        self._control = ControlServer(
            home.socket,
            {"status": self._on_status, "reload": self._on_reload, "stop": self._on_stop},
        )

    def when_asked_to_stop(self, stop: Callable[[], None]) -> None:
        """What `bonkei down` calls."""
        self._ask_to_stop = stop

    async def start(self) -> None:
        """From nothing to healthy. Raises a BonkeiError; `stop` cleans up in any case."""
        async with self._changing:
            await self._control.start()
            steps = Steps(self._report)
            self._blueprint = await self._evaluate(steps)
            loopback = Loopback(self._home.addresses, self._home.loopback_claims)
            services = book.service_addresses(self._blueprint, loopback)
            clusters = book.cluster_addresses(self._blueprint, loopback)
            book.require_addresses(services | clusters)
            with steps.step("edge") as step:
                self._edge = await self._start_edge(services)
                step.detail = ", ".join(
                    listener.url for listener in self._edge.snapshot().listeners
                )
            urls = book.public_urls(self._blueprint, self._edge.snapshot())
            addresses = book.address_book(self._blueprint, services, clusters, urls)
            self._tasks = Tasks(self._bus, self._vault, self._task_settings(addresses, steps.note))
            await asyncio.gather(self._start_databases(clusters, steps), self._prepare(steps))
            await self._run_one_offs(steps)
            await self._start_services(steps)
            for line in announce(self._config, self._home, self._blueprint, self._edge.snapshot()):
                self._report(line)
            self._report(f"Ready after {steps.elapsed:.1f} s. Ctrl-C stops it.")

    async def stop(self) -> None:
        """Everything down, in order; safe at any point of the start."""
        await self._control.stop()
        if self._tasks is not None:
            await self._tasks.stop()
        if self._edge is not None:
            await self._edge.stop(grace=1.0)
        for database in self._databases.values():
            await database.stop()

    def hurry(self) -> None:
        """A second Ctrl-C: containers are killed instead of asked."""
        if self._tasks is not None:
            self._tasks.hurry()

    async def _evaluate(self, steps: Steps) -> Blueprint:
        with steps.step("terraform") as step:
            if await asyncio.to_thread(definitions.up_to_date, self._workspace):
                step.detail = "the definitions have not changed"
            else:
                step.detail = await asyncio.to_thread(
                    definitions.apply, self._workspace, steps.note
                )
        return await asyncio.to_thread(definitions.read, self._workspace)

    async def _start_edge(self, services: dict[str, str]) -> Edge:
        edge = Edge(
            self._bus,
            EdgeSettings(
                host="127.0.0.1",
                distribution_port=self._config.edge_port,
                load_balancer_port=self._config.alb_port,
                service_addresses=services,
            ),
        )
        await edge.start(self._blueprint)
        return edge

    def _task_settings(self, addresses: AddressBook, report: Report) -> TaskSettings:
        return TaskSettings(
            home=self._home.path,
            containers=self._config.containers,
            addresses=addresses,
            report=report,
        )

    async def _start_databases(self, addresses: dict[str, str], steps: Steps) -> None:
        for cluster in self._blueprint.database_clusters:
            with steps.step("database") as step:
                database = Database(
                    cluster,
                    host=addresses[cluster.arn],
                    home=self._home.path,
                    vault=self._vault,
                    url=self._config.database_url,
                )
                self._databases[cluster.arn] = database
                await database.start()
                step.detail = f"{cluster.identifier}: {database.snapshot().version}"

    async def _prepare(self, steps: Steps) -> None:
        assert self._tasks is not None  # noqa: S101 - made just before
        with steps.step("containers") as step:
            step.detail = await self._tasks.prepare(self._blueprint)

    async def _run_one_offs(self, steps: Steps) -> None:
        started = Started(self._home.started)
        for one_off in started.due(self._config.one_offs):
            with steps.step(one_off.name) as step:
                step.detail = " ".join(one_off.command)
                await self._run_one_off(one_off)
            started.remember(one_off)

    async def _run_one_off(self, one_off: OneOff) -> None:
        assert self._tasks is not None  # noqa: S101 - made just before
        definition = task_definition(self._blueprint, one_off)
        outcome = await self._tasks.run_task(definition.arn, one_off.container, one_off.command)
        if outcome.exit_code != 0:
            raise MiniatureError(
                f"{one_off.name}: {outcome.reason or f'exit code {outcome.exit_code}'}",
                remedy="its last words:\n" + "\n".join(outcome.output_tail),
            )

    async def _start_services(self, steps: Steps) -> None:
        assert self._tasks is not None  # noqa: S101 - made just before
        with steps.step("services") as step:
            await self._tasks.reconcile(self._blueprint)
            waiting = await self._watch.settled(self._blueprint, _PATIENCE)
            healthy = len([s for s in self._blueprint.services if s.desired_count]) - len(waiting)
            step.detail = f"{healthy} of {healthy + len(waiting)} healthy"
        for one in waiting:
            steps.note(f"{one.service.name} is not healthy: {one.reason}")

    async def _on_status(self, _report: Report) -> Any:
        return status(
            self._config, self._home, self._blueprint, self._edge, self._tasks, self._databases
        )

    async def _on_stop(self, _report: Report) -> None:
        self._ask_to_stop()

    async def _on_reload(self, report: Report) -> None:
        """Follow what Terraform has applied; requests in flight are not touched."""
        async with self._changing:
            if self._edge is None or self._tasks is None:
                raise MiniatureError("the miniature has not started yet")
            steps = Steps(report)
            self._blueprint = await asyncio.to_thread(definitions.read, self._workspace)
            await self._edge.apply(self._blueprint)
            for cluster in self._blueprint.database_clusters:
                if cluster.arn in self._databases:
                    await self._databases[cluster.arn].apply(cluster)
            await self._start_services(steps)
