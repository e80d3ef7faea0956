"""The miniature itself: its parts start in order, and then follow the blueprint.

Order of the start: definitions → edge (it answers 503 until targets come) → database and the
containers' environments, side by side → one-off tasks → services.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from bonkei.base.aws_service import ADMINISTRATOR
from bonkei.base.vault import FileVault
from bonkei.config import Config
from bonkei.definitions.refresh.observe import Outside
from bonkei.definitions.refresh.values import Ask
from bonkei.miniature.assembly import Assembly
from bonkei.miniature.changes import Changes
from bonkei.miniature.console.joining import join_console
from bonkei.miniature.console.overview import Said
from bonkei.miniature.control import alarms, faults, requests, restores, sessions
from bonkei.miniature.control.answering import Call, ControlServer
from bonkei.miniature.home import Home, MiniatureError
from bonkei.miniature.lifecycle.begun import seconds_before
from bonkei.miniature.lifecycle.memory import settle_memory
from bonkei.miniature.lifecycle.part import Ending, Part
from bonkei.miniature.lifecycle.preparation import nothing_runs, prepare_containers
from bonkei.miniature.lifecycle.together import close_all, do_all
from bonkei.miniature.making import MakeParts, real_parts
from bonkei.miniature.rehearsal.underway import Rehearsals
from bonkei.miniature.rehearsal.values import World
from bonkei.miniature.report.announce import announce
from bonkei.miniature.report.status import Noticed, compose_status, judge_state
from bonkei.miniature.rollout.diagnosis import Judged, Unhealthy, names
from bonkei.miniature.steps import Report, Steps

T = TypeVar("T")


class Miniature:
    """It is started once, and follows the definitions until it is stopped."""

    def __init__(
        self, config: Config, home: Home, report: Report, parts: MakeParts = real_parts
    ) -> None:
        self._config = config
        self._home = home
        report = said = Said(report)
        self._report = report
        self._changes = changes = Changes(config, report)
        self._assembly = Assembly(
            config,
            home,
            report,
            parts,
            changes.change,
            changes.follow_stacks,
            changes.follow_builds,
        )
        self._rehearsals = Rehearsals(self._alarm_world)
        join_console(config, self._assembly, changes, self._judged, said, self._rehearsals)
        self._is_started = False
        self._stopped = threading.Event()
        self._ask_to_stop: Callable[[], None] = lambda: None
        self._control = ControlServer(
            home,
            {
                "status": self._on_status,
                "reload": changes.reload,
                "restart": changes.restart,
                "outside": self._on_outside,
                "refresh": changes.refresh,
                **sessions.handlers(
                    lambda: (self._assembly.as_released, self._assembly.tasks.made),
                    self._assembly.bus,
                ),
                **faults.handlers(lambda: changes.started().faults),
                **alarms.handlers(self._rehearsals),
                **restores.handlers(lambda: changes.started().databases),
                **requests.handlers(self._assembly.request_world()),
                "aws": self._on_aws,
                "stop": self._on_stop,
            },
        )
        assembly, console = self._assembly, self._assembly.console
        self._parts: tuple[Part, ...] = (
            *assembly.order,
            Ending(self._rehearsals.stop),
            assembly.faults,
            Ending(console.stop, "console", console.snapshot),
            Ending(self._control.stop),
        )

    def when_asked_to_stop(self, stop: Callable[[], None]) -> None:
        """Set the function for `bonkei down`."""
        self._ask_to_stop = stop

    async def start(self) -> None:
        """Start from nothing until everything is healthy. Raises a BonkeiError. `stop` always
        cleans up."""
        async with self._changes.lock:
            await self._control.start()
            await self._open_console()
            steps = Steps(self._report, before=seconds_before(os.environ))
            unhealthy = await self._start(steps)
            self._is_started = True
            self._changes.are_possible(self._assembly)
            self._assembly.monitor.begin()
            self._assembly.aws.cloud.hear(self._assembly.stacks.hear_call)
            self._assembly.aws.cloud.hear(self._assembly.monitor.measures.calls.called)
            self._assembly.stacks.resume()
            self._assembly.pipelines.begin()
            settle_memory(has_replaced=False)
            self._announce(unhealthy, steps.elapsed)

    async def _open_console(self) -> None:
        """This comes first, so that the console can show the start."""
        console = self._assembly.console
        await console.start()
        shown = console.snapshot()
        if shown is not None:
            self._report(f"Console: {shown.url}")
            if shown.note:
                self._report(f"  {shown.note}")

    async def _start(self, steps: Steps) -> list[Unhealthy]:
        assembly = self._assembly
        await do_all(
            self._evaluate(steps),
            assembly.aws.start(steps),
            assembly.functions.start(),
            assembly.builds.start(),
        )
        assembly.follow_records(steps)
        with steps.step("edge") as step:
            await assembly.edge.start(assembly.blueprint)
            step.detail = ", ".join(listener.url for listener in assembly.public_listeners())
        assembly.locate()
        assembly.faults.start()
        tasks = assembly.tasks.made = assembly.parts.tasks(assembly.task_settings(steps))
        await do_all(
            assembly.follow_databases(steps),
            tasks.prepare(),
            prepare_containers(
                assembly.blueprint,
                assembly.containers,
                self._config.images,
                assembly.parts.install,
                tasks.make_ready,
                self._home.environments,
                steps,
            ),
            assembly.registry.bring(steps.note),
            assembly.aws.follow(assembly.blueprint, steps),
        )
        await assembly.follow_deliveries(steps, are_new=False)
        assembly.tell_missing_secrets(steps)
        await assembly.one_offs.run(assembly.blueprint, tasks, steps)
        return await assembly.roll_out(steps)

    async def _evaluate(self, steps: Steps) -> None:
        known = self._assembly.parts.definitions
        with steps.step("terraform") as step:
            if await asyncio.to_thread(known.up_to_date):
                step.detail = "the definitions are as they were last applied"
            else:
                report = self._unless_stopped(steps.note)
                step.detail = await asyncio.to_thread(known.apply, report)
            self._assembly.blueprint = await asyncio.to_thread(self._assembly.stacks.read)
            self._assembly.service_changes.definitions_win()
            await asyncio.to_thread(self._adopt_secrets)

    def _adopt_secrets(self) -> None:
        blueprint = self._assembly.blueprint
        managed = (each.master_secret_arn for each in blueprint.database_clusters)
        FileVault(self._home.secrets).adopt((*blueprint.arns, *managed))

    def _unless_stopped(self, report: Report) -> Report:
        """Terraform runs in a thread that cannot be cancelled. `stop` interrupts it; one that does
        not heed that is ended at its next report."""

        def checked(text: str) -> None:
            if self._stopped.is_set():
                raise MiniatureError("stopped while Terraform was running")
            report(text)

        return checked

    def _announce(self, unhealthy: list[Unhealthy], seconds: float) -> None:
        assembly = self._assembly
        for line in announce(
            self._config,
            self._home,
            assembly.blueprint,
            assembly.edge.snapshot(),
            assembly.console.snapshot(),
        ):
            self._report(line)
        listeners = len(assembly.public_listeners())
        if idle := nothing_runs(assembly.blueprint, assembly.tasks.running().snapshot(), listeners):
            self._report(f"Started, but {idle}")
        elif unhealthy:
            self._report(f"Started, but not healthy: {names(unhealthy)}")
        else:
            self._report(f"Ready after {seconds:.1f} s.")

    async def stop(self) -> None:
        """Stop everything in ECS's order: the listeners after their requests in flight, then the
        tasks, then the database. It may be called at any point of the start."""
        self._stopped.set()
        assembly = self._assembly
        assembly.parts.definitions.interrupt()
        try:
            await close_all(*(part.stop for part in reversed(self._parts)))
        finally:
            assembly.timeline.stop()
            assembly.addresses.loopback.close()

    def hurry(self) -> None:
        """A second Ctrl-C: do not wait for requests in flight, and kill the containers."""
        self._assembly.tasks.hurry()

    async def _on_status(self, _call: Call) -> Any:
        shown = {part.name: part.snapshot() for part in self._parts if part.name}
        outside: Sequence[Outside] = ()
        if self._is_started:
            known, cloud = self._assembly.parts.definitions, self._assembly.aws.cloud
            outside = await _in_thread(known.outside, cloud.aws.look)
        return compose_status(self._judged(), self._assembly.blueprint, shown, outside)

    def _judged(self) -> Judged:
        assembly = self._assembly
        return judge_state(
            self._is_started,
            assembly.blueprint,
            assembly.edge.snapshot(),
            assembly.tasks.snapshot(),
            assembly.databases.snapshot(),
            Noticed(
                assembly.monitor.measures.recent(),
                assembly.faults.snapshot(),
                assembly.network.snapshot(),
                assembly.caches.snapshot(),
            ),
        )

    def _alarm_world(self) -> World:
        assembly = self._changes.started()
        request = alarms.around_the_distribution(assembly.edge.snapshot())
        pipelines = assembly.pipelines.pipelines
        return assembly.monitor.world(
            lambda: assembly.blueprint, request, assembly.means(), pipelines
        )

    async def _on_outside(self, _call: Call) -> Any:
        """What others than Terraform have changed; nothing during a start, which changes it
        back."""
        if not self._is_started:
            return {}
        return await _in_thread(self._assembly.parts.definitions.observe, self._asked)

    async def _asked(
        self, service: str, operation: str, given: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        if service == "s3":
            return {"Policy": await self._assembly.aws.bucket_policy(given["Bucket"])}
        return await self._assembly.aws.call(ADMINISTRATOR, service, operation, given)

    async def _on_aws(self, call: Call) -> Any:
        role, user = (str(call.arguments.get(name, "")) for name in ("role", "user"))
        return self._assembly.aws.environment(role, user)

    async def _on_stop(self, _call: Call) -> None:
        self._ask_to_stop()


async def _in_thread(
    observe: Callable[[Ask], T], call: Callable[..., Coroutine[Any, Any, Mapping[str, Any]]]
) -> T:
    """Observe in a thread, with calls in this loop."""
    loop = asyncio.get_running_loop()

    def ask(service: str, operation: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        return asyncio.run_coroutine_threadsafe(call(service, operation, given), loop).result()

    return await asyncio.to_thread(observe, ask)
