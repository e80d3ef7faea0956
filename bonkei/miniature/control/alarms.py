"""The calls of `bonkei alarm` to a running miniature."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from bonkei.base.errors import BonkeiError
from bonkei.blueprint.cloudwatch import Alarm
from bonkei.miniature.control.answering import Call, Handler
from bonkei.miniature.home import MiniatureError
from bonkei.miniature.rehearsal.underway import Rehearsals, find_alarm
from bonkei.miniature.rehearsal.values import Request
from bonkei.services.cloudwatch.alarm.engine import why_not_evaluated
from bonkei.services.cloudwatch.alarm.points import period_of
from bonkei.services.edge.snapshot import EdgeSnapshot

_SHOWN_POINTS = 60
_SHOWN_ITEMS = 200


def handlers(rehearsals: Rehearsals) -> Mapping[str, Handler]:
    """The handlers by the names of the calls."""
    calls = _Calls(rehearsals)
    return {
        "alarms": calls.on_list,
        "alarm": calls.on_show,
        "alarm history": calls.on_history,
        "rehearse": calls.on_rehearse,
        "rehearsal": calls.on_rehearsal,
    }


class _Calls:
    def __init__(self, rehearsals: Rehearsals) -> None:
        self._rehearsals = rehearsals
        self._world = rehearsals.world

    async def on_list(self, _call: Call) -> Any:
        snapshot = self._world().monitor.snapshot()
        return asdict(snapshot) | {"now": time.time()}

    async def on_show(self, call: Call) -> Any:
        world = self._world()
        alarm = find_alarm(world, str(call.arguments.get("name", "")))
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
        alarm = find_alarm(world, str(call.arguments.get("name", "")))
        items = world.monitor.book.history(alarm.name, most=_SHOWN_ITEMS)
        return {"items": [asdict(item) for item in items], "compression": world.monitor.compression}

    async def on_rehearse(self, call: Call) -> Any:
        """Lent to the caller: it ends when the caller disconnects, and cleans up after itself."""
        names = self._rehearsals.begin([str(name) for name in call.arguments.get("names") or ()])
        call.lent.append(self._rehearsals.end)
        return {"alarms": names}

    async def on_rehearsal(self, _call: Call) -> Any:
        found = self._rehearsals.snapshot()
        if found is None:
            raise MiniatureError("nothing is rehearsed", remedy="`bonkei alarm rehearse --all`")
        return found


def around_the_distribution(edge: EdgeSnapshot) -> Request | None:
    """A request to the load balancer itself. Only distributions may send such requests."""
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
