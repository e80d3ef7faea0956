"""The faults' `Hands`: passes each effect to the part that can carry it out."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress

from bonkei.analysis.network.zones import without_zones
from bonkei.base.errors import BonkeiError
from bonkei.miniature.parts.faults.detours import EdgeDetours
from bonkei.miniature.parts.faults.filling import Fillings
from bonkei.miniature.parts.faults.sights import Sights
from bonkei.services.endpoint.calls.disturbance import Disturb, Disturbance
from bonkei.services.faults.effects import NOTHING
from bonkei.services.faults.freezing.freezer import Freezer, is_ours
from bonkei.services.faults.values import CallRule, Effects, Estate, Trouble
from bonkei.services.faults.ways.carrying import delay_of


class RoomHands:
    """`start` before the first fault."""

    def __init__(
        self, sights: Sights, freezer: Freezer, detours: EdgeDetours, fillings: Fillings
    ) -> None:
        self._sights = sights
        self._freezer = freezer
        self._detours = detours
        self._fillings = fillings
        self._now = NOTHING

    @property
    def shut(self) -> frozenset[str]:
        """Zones in which nothing starts now."""
        return self._now.shut

    def estate(self) -> Estate:
        return self._sights.estate(self._now.shut)

    async def become(self, effects: Effects) -> None:
        """Everything that can be undone is undone first, even if a part fails."""
        failures: list[BonkeiError] = []
        before, self._now = self._now, effects
        if before == effects == NOTHING:
            return
        self._freeze(effects)
        self._sights.around.disturb_databases(effects.databases)
        self._calls(effects)
        self._network(before, effects)
        for part in (
            self._detours.become(effects),
            self._fillings.become(effects.fillings),
        ):
            try:
                await part
            except BonkeiError as error:
                failures.append(error)
        if failures:
            raise failures[0]

    async def kill_task(self, task_id: str) -> None:
        for pid in self._sights.pids_of_task(task_id):
            _kill(pid)

    async def kill_database(self, name: str) -> None:
        for pid in self._sights.pids_of_database(name):
            _kill(pid)

    async def close(self) -> None:
        with suppress(BonkeiError):
            await self.become(NOTHING)
        self._freezer.stop()
        await self._detours.close()
        await self._fillings.close()

    def _freeze(self, effects: Effects) -> None:
        things: dict[str, Sequence[int]] = {
            f"task {task}": self._sights.pids_of_task(task) for task in effects.frozen_tasks
        }
        for name in effects.frozen_databases:
            things[f"database {name}"] = self._sights.pids_of_database(name)
        self._freezer.become(things, max(0.0, effects.frozen_until - time.monotonic()))

    def _calls(self, effects: Effects) -> None:
        cloud = self._sights.around.cloud()
        if cloud is not None:
            cloud.disturb(disturb_by(effects.calls) if effects.calls else None)

    def _network(self, before: Effects, effects: Effects) -> None:
        """Calls of AWS no longer find the endpoints and gateways of a cut zone."""
        cloud = self._sights.around.cloud()
        if cloud is not None and (effects.cut or before.cut):
            cloud.follow_network(without_zones(self._sights.around.blueprint(), effects.cut))


def disturb_by(rules: Sequence[CallRule], chance: Callable[[], float] = random.random) -> Disturb:
    """Of the rules for a call, the worst counts: silence, then a refusal, then a delay."""

    def disturb(services: Collection[str], operation: str) -> Disturbance | None:
        found = [
            rule
            for rule in rules
            if rule.service in services
            and rule.operation in ("", operation)
            and chance() * 100 < rule.percent
        ]
        if not found:
            return None
        return Disturbance(
            max(delay_of(Trouble(rule.latency, rule.jitter)) for rule in found),
            next((rule.refusal for rule in found if rule.refusal), None),
            any(rule.silent for rule in found),
        )

    return disturb


def _kill(pid: int) -> None:
    """Kill its whole process group, which contains no other task."""
    if not is_ours(pid):
        return
    with suppress(ProcessLookupError, PermissionError):
        if os.getpgid(pid) == pid:
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGKILL)
