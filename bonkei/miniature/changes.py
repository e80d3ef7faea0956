"""Changes of a running miniature: new definitions, new tasks of a service, stacks."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from bonkei.base.background import Background
from bonkei.base.errors import BonkeiError
from bonkei.config import Config, ConfigError, is_unchanged, load
from bonkei.miniature import applied_elsewhere
from bonkei.miniature.assembly import Assembly
from bonkei.miniature.control.answering import Call
from bonkei.miniature.home import MiniatureError
from bonkei.miniature.lifecycle.memory import settle_memory
from bonkei.miniature.rollout.diagnosis import names
from bonkei.miniature.rollout.refresh import refresh, rereading
from bonkei.miniature.rollout.rollout import (
    find_service,
    require_capacity,
    require_runnable,
    still_unhealthy,
)
from bonkei.miniature.rollout.service_changes import FORCED
from bonkei.miniature.rollout.target_checks import TargetChecks
from bonkei.miniature.steps import Report, Steps
from bonkei.services.ecs.api.values import ServiceChange

if TYPE_CHECKING:
    from bonkei.services.codebuild.values import Build


class Changes:
    """Changes run one at a time. Each holds `lock`, and so does the start. None runs before
    `are_possible`."""

    def __init__(self, config: Config, report: Report) -> None:
        self._config = config
        self._report = report
        self._assembly: Assembly | None = None
        self._home = config.home
        self._applied_elsewhere = applied_elsewhere.mark(config.home)
        self._following = Background()
        self.lock = asyncio.Lock()

    def are_possible(self, assembly: Assembly) -> None:
        """The miniature has started. From now on, a build that a person starts may apply
        definitions, too."""
        self._assembly = assembly
        assembly.builds.hear(self._on_build)

    def _on_build(self, build: Build) -> None:
        if build.is_over:
            self._following.start(self._after(build))

    async def _after(self, build: Build) -> None:
        """The last output of its task follows."""
        with suppress(BonkeiError):
            await self.started().builds.builds.wait(build.id)
            await self.follow_builds()

    def started(self) -> Assembly:
        """MiniatureError before the miniature has started."""
        if self._assembly is None:
            raise MiniatureError("the miniature has not started yet", remedy="try again then")
        return self._assembly

    async def reload(self, call: Call) -> None:
        """Follow the applied definitions. Requests in flight are not affected."""
        async with self.lock:
            report = self._kept(call.report)
            self._report("Following the definitions that `bonkei apply` has applied")
            self._reread_settings(self.started(), report)
            await self._follow(self.started(), Steps(report))

    async def follow_builds(self) -> None:
        """Follow a build's apply, if there was one. The build ends only when the miniature has
        followed. Unhealthy services are reported."""
        async with self.lock:
            now = applied_elsewhere.mark(self._home)
            if now == self._applied_elsewhere:
                return
            self._report("Following what Terraform has applied in a build")
            try:
                await self._follow(self.started(), Steps(self._report))
            except BonkeiError as error:
                self._report(f"{error.message}\n{error.remedy}".rstrip())
            self._applied_elsewhere = now

    async def _follow(self, assembly: Assembly, steps: Steps) -> None:
        """Follow the definitions that are applied now."""
        before, assembly.blueprint = (
            assembly.blueprint,
            await asyncio.to_thread(assembly.stacks.read),
        )
        assembly.service_changes.definitions_win()
        assembly.locate()
        with TargetChecks(assembly.bus, before, assembly.blueprint) as checks:
            await assembly.edge.apply(assembly.blueprint)
            assembly.follow_records(steps)
            await assembly.registry.bring(steps.note)
            await assembly.follow_databases(steps)
            await assembly.aws.follow(assembly.blueprint, steps, check_later=True)
            await assembly.follow_deliveries(steps, are_new=True)
            assembly.faults.estate_changed()
            assembly.tell_missing_secrets(steps)
            if await assembly.needs_migration():
                await assembly.migrate(steps, "applied")
            unhealthy = await assembly.roll_out(steps)
            unhealthy += await checks.judge(assembly.edge.snapshot, steps)
        unhealthy += assembly.unreachable(steps)
        if not unhealthy:
            unhealthy = await still_unhealthy(assembly.tasks.running(), assembly.bus)
        # In the loop's next turn: the caller has its answer by then.
        loop = asyncio.get_running_loop()
        loop.call_soon(partial(settle_memory, has_replaced=True))
        loop.call_soon(assembly.aws.check)
        if unhealthy:
            raise MiniatureError(f"applied, but not healthy: {names(unhealthy)}")

    async def follow_stacks(self) -> Sequence[str]:
        """Follow the stacks. No service's tasks depend on their resources. Returns the endpoint's
        notes."""
        async with self.lock:
            assembly = self.started()
            steps = Steps(self._report)
            assembly.blueprint = await asyncio.to_thread(assembly.stacks.read)
            assembly.follow_records(steps)
            await assembly.aws.follow(assembly.blueprint, steps)
            await assembly.follow_deliveries(steps, are_new=True)
            snapshot = assembly.aws.snapshot()
            return snapshot.notes if snapshot is not None else ()

    async def restart(self, call: Call) -> None:
        service = find_service(self.started().blueprint, call.service)
        await self.change(service.arn, FORCED, call.report)

    async def refresh(self, call: Call) -> list[str]:
        """A service's tasks reread their files, and the caches drop the old ones. Returns the
        tasks' log lines after that."""
        assembly = self.started()
        service = find_service(assembly.blueprint, call.service)
        config = load(self._config.file, os.environ)
        snapshot = assembly.tasks.running().snapshot()
        names = rereading(service, assembly.as_released, config)
        lines = await refresh(service, snapshot, names, self._home / "logs")
        assembly.edge.forget_responses()
        return lines

    async def change(
        self, arn: str, change: ServiceChange, report: Report = lambda _: None
    ) -> None:
        """As `ecs update-service`: a new count at once; new tasks in place of the service's own,
        after the steps of a release before them. A caller that names a task definition is a
        release, and has migrated by then. Others do not wait while it is followed to its end, which
        may take minutes.
        """
        async with self.lock:
            assembly = self.started()
            service = next(each for each in assembly.blueprint.services if each.arn == arn)
            steps = Steps(self._kept(report))
            if change.has_new_tasks:
                if not change.definition_arn:  # another task definition may have an existing image
                    require_capacity(service)
                self._report(f"Restarting {service.name}")
                if not change.definition_arn:
                    await assembly.migrate(steps, "not restarted", service)
            assembly.service_changes.add(service, change)
            settled = await assembly.begin_roll_out(steps, service.arn)
            if change.has_new_tasks and not change.definition_arn:
                require_runnable(service, assembly.tasks.running())
            unhealthy = [] if change.deployment_id else await settled()
        if change.deployment_id:
            unhealthy = await settled()
        if unhealthy:
            raise MiniatureError(f"restarted, but not healthy: {names(unhealthy)}")

    def _reread_settings(self, assembly: Assembly, report: Report) -> None:
        """Reread the containers' directories from bonkei.toml. Other settings need a new start."""
        with suppress(ConfigError):
            now = load(self._config.file, os.environ)
            assembly.containers.clear()
            assembly.containers.update(now.containers)
        if not is_unchanged(self._config, os.environ):
            report(f"{self._config.file.name} has changed: this takes effect at the next start")

    def _kept(self, report: Report) -> Report:
        """A report to a command that is also written to the miniature's log."""

        def both(text: str) -> None:
            self._report(text)
            report(text)

        return both
