"""What `bonkei alarm` asks of a running miniature."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from difflib import get_close_matches
from typing import Any

from bonkei.blueprint.alarm import Alarm
from bonkei.edge.snapshot import EdgeSnapshot
from bonkei.errors import BonkeiError
from bonkei.miniature.control.protocol import Call, Handler
from bonkei.miniature.home import MiniatureError
from bonkei.miniature.rehearsal.rehearsal import Rehearsal
from bonkei.miniature.rehearsal.rules import rules_of
from bonkei.miniature.rehearsal.values import Request, World
from bonkei.monitor.alarm.engine import AnyAlarm, why_not_evaluated
from bonkei.monitor.alarm.points import period_of

_SHOWN_POINTS = 60
_SHOWN_ITEMS = 200


def handlers(world: Callable[[], World]) -> Mapping[str, Handler]:
    """By the names of the calls. `world` raises a BonkeiError before the start."""
    calls = _Calls(world)
    return {
        "alarms": calls.on_list,
        "alarm": calls.on_show,
        "alarm history": calls.on_history,
        "rehearse": calls.on_rehearse,
        "rehearsal": calls.on_rehearsal,
    }


class _Calls:
    """One rehearsal at a time."""

    def __init__(self, world: Callable[[], World]) -> None:
        self._world = world
        self._rehearsal: Rehearsal | None = None
        self._task: asyncio.Task[None] | None = None

    async def on_list(self, _call: Call) -> Any:
        snapshot = self._world().monitor.snapshot()
        return asdict(snapshot) | {"now": time.time()}

    async def on_show(self, call: Call) -> Any:
        world = self._world()
        alarm = _find(world, str(call.arguments.get("name", "")))
        monitor, now = world.monitor, time.time()
        points: dict[str, Any] = {"values": [], "starts": []}
        if isinstance(alarm, Alarm) and not why_not_evaluated(alarm):
            with suppress(BonkeiError):
                found = monitor.engine.points(alarm, now, _SHOWN_POINTS)
                points = {"values": list(found.values), "starts": list(found.starts)}
        state = monitor.book.state(alarm.name)
        return {
            "alarm": asdict(alarm),
            "kind": "metric" if isinstance(alarm, Alarm) else "composite",
            "period": period_of(alarm) if isinstance(alarm, Alarm) else None,
            "state": asdict(state),
            "problem": why_not_evaluated(alarm),
            "points": points,
            "compression": monitor.compression,
            "now": now,
        }

    async def on_history(self, call: Call) -> Any:
        world = self._world()
        alarm = _find(world, str(call.arguments.get("name", "")))
        items = world.monitor.book.history(alarm.name, most=_SHOWN_ITEMS)
        return {"items": [asdict(item) for item in items], "compression": world.monitor.compression}

    async def on_rehearse(self, call: Call) -> Any:
        """Lent: it ends when the caller hangs up, and cleans up after itself."""
        world = self._world()
        if self._task is not None and not self._task.done():
            raise MiniatureError("a rehearsal is under way", remedy="wait for its end")
        names = [str(name) for name in call.arguments.get("names") or ()]
        every = rules_of(world.blueprint())
        rules = [rule for rule in every if not names or rule.name in names]
        rest = [name for name in names if name not in {rule.name for rule in rules}]
        if not names:
            rest = [alarm.name for alarm in world.monitor.engine.alarms]
        alarms = list(dict.fromkeys(_find(world, name) for name in rest))
        if not alarms and not rules:
            raise MiniatureError("there is no alarm to rehearse")
        self._rehearsal = Rehearsal(world, alarms, rules)
        self._task = asyncio.create_task(self._rehearsal.run())
        call.lent.append(self._end)
        return {"alarms": [*(alarm.name for alarm in alarms), *(rule.name for rule in rules)]}

    async def on_rehearsal(self, _call: Call) -> Any:
        if self._rehearsal is None:
            raise MiniatureError("nothing is rehearsed", remedy="`bonkei alarm rehearse --all`")
        return self._rehearsal.snapshot()

    def _end(self) -> None:
        if self._task is not None:
            self._task.cancel()


def _find(world: World, name: str) -> AnyAlarm:
    """By its name, or by the end of it after `-`."""
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


def around_the_distribution(edge: EdgeSnapshot) -> Request | None:
    """A request to the load balancer itself, which only distributions may send."""
    url = next((one.url for one in edge.listeners if one.kind == "load_balancer"), "")
    if not url or not edge.web_acls:
        return None

    async def request() -> None:
        import aiohttp  # noqa: PLC0415 - it takes a while to load

        with suppress(aiohttp.ClientError, TimeoutError):
            timeout = aiohttp.ClientTimeout(total=5)
            async with (
                aiohttp.ClientSession(trust_env=False, timeout=timeout) as session,
                session.get(url) as answer,
            ):
                await answer.read()

    return request
