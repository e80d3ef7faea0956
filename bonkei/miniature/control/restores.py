"""The calls of `bonkei rehearse restore` to a running miniature."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

from bonkei.miniature.control.answering import Call, Handler
from bonkei.miniature.home import MiniatureError
from bonkei.miniature.parts.rds import Databases
from bonkei.services.rds.naming import REHEARSED

T = TypeVar("T")


def handlers(databases: Callable[[], Databases]) -> Mapping[str, Handler]:
    """The handlers by the names of the calls. `databases`: raises before the start."""
    calls = _Calls(databases)
    return {
        "rehearse restore": calls.on_rehearse,
        "restore": calls.on_restore,
        "restore rehearsed": calls.on_rehearsed,
    }


class _Calls:
    """One rehearsal at a time. It ends with its caller."""

    def __init__(self, databases: Callable[[], Databases]) -> None:
        self._databases = databases
        self._cluster = ""
        self._work: asyncio.Task[Any] | None = None

    async def on_rehearse(self, call: Call) -> Any:
        """Lent to the caller, with a backup that a restore can begin with. The restored cluster is
        removed when the caller disconnects."""
        databases, cluster = self._databases(), str(call.arguments.get("cluster", ""))
        if self._cluster:
            raise MiniatureError("a restore is rehearsed already", remedy="wait for its end")
        await databases.back_up(cluster)
        self._cluster = cluster
        call.lent.append(self._begin_to_end)
        return {}

    async def on_restore(self, call: Call) -> Any:
        """Returns when the restored server answers."""
        if not self._cluster:
            raise MiniatureError("no restore is rehearsed", remedy="`bonkei rehearse restore`")
        moment = float(call.arguments.get("moment", 0))
        work = self._then(self._databases().rehearse(self._cluster, moment))
        found = await asyncio.shield(work)  # the caller may go meanwhile
        return {"endpoint": found.endpoint, "identifier": found.identifier}

    async def on_rehearsed(self, _call: Call) -> Any:
        """Whether it has ended, and what it has left."""
        clusters = self._databases().estate.clusters
        left = [one.identifier for one in clusters if one.address == REHEARSED]
        return {"over": not self._cluster, "left": left}

    def _begin_to_end(self) -> None:
        self._then(self._end())

    def _then(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = self._work = asyncio.create_task(work)
        return task

    async def _end(self) -> None:
        """`Databases` does one thing after the other, so a restore under way ends before this."""
        try:
            await self._databases().forget(self._cluster)
        finally:
            self._cluster = ""
