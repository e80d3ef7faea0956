"""The only rehearsal that may be in progress. The terminal or the console starts it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from bonkei.miniature.home import MiniatureError
from bonkei.miniature.rehearsal.rules import rules_of
from bonkei.miniature.rehearsal.values import World
from bonkei.services.cloudwatch.alarm.engine import AnyAlarm

if TYPE_CHECKING:
    from bonkei.miniature.rehearsal.rehearsal import Rehearsal

_STOP = 3.0  # seconds for a rehearsal to end when everything stops


class Rehearsals:
    """`world` raises a BonkeiError before the start."""

    def __init__(self, world: Callable[[], World]) -> None:
        self.world = world
        self._rehearsal: Rehearsal | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def is_under_way(self) -> bool:
        return self._task is not None and not self._task.done()

    def begin(self, wanted: Sequence[str]) -> list[str]:
        """Begin a rehearsal of these alarms and rules, or of all. Returns their full names. Raises
        MiniatureError."""
        world = self.world()
        if self.is_under_way:
            raise MiniatureError("a rehearsal is under way", remedy="wait for its end")
        every = rules_of(world.blueprint())
        rules = [rule for rule in every if not wanted or rule.name in wanted]
        rest = [name for name in wanted if name not in {rule.name for rule in rules}]
        if not wanted:
            rest = [alarm.name for alarm in world.monitor.engine.alarms]
        alarms = list(dict.fromkeys(find_alarm(world, name) for name in rest))
        if not alarms and not rules:
            raise MiniatureError("there is no alarm to rehearse")
        from bonkei.miniature.rehearsal.rehearsal import Rehearsal  # noqa: PLC0415 - seldom wanted

        self._rehearsal = Rehearsal(world, alarms, rules)
        self._task = asyncio.create_task(self._rehearsal.run())
        return [*(alarm.name for alarm in alarms), *(rule.name for rule in rules)]

    def snapshot(self) -> dict[str, Any] | None:
        """The last rehearsal in JSON's form; None before the first."""
        if self._rehearsal is None:
            return None
        found = self._rehearsal.snapshot()
        # A rehearsal that is stopped at once has not even begun.
        return found | {"over": found["over"] or not self.is_under_way}

    def end(self) -> None:
        """Stop it. It cleans up after itself."""
        if self._task is not None:
            self._task.cancel()

    async def stop(self) -> None:
        """Call this before everything else stops. Then nothing waits for tasks to come back."""
        task = self._task
        for _ in range(2):  # the second one ends the wait for tasks
            if task is not None and not task.done():
                task.cancel()
                with suppress(TimeoutError, asyncio.CancelledError):
                    await asyncio.wait({task}, timeout=_STOP)


def find_alarm(world: World, name: str) -> AnyAlarm:
    """The alarm with this name, or with a name that ends in it after `-`. Raises MiniatureError."""
    alarms = world.monitor.engine.alarms
    exact = [alarm for alarm in alarms if alarm.name == name]
    found = exact or [alarm for alarm in alarms if alarm.name.endswith(f"-{name}")]
    if len(found) == 1:
        return found[0]
    names = [alarm.name for alarm in alarms]
    if found:
        several = ", ".join(alarm.name for alarm in found)
        raise MiniatureError(f"`{name}` may be one of {several}", remedy="write more of it")
    close = get_close_matches(name, names, 1, 0.4)
    raise MiniatureError(
        f"there is no alarm {name}",
        remedy=f"did you mean {close[0]}?" if close else "`bonkei alarm list` shows them",
    )
