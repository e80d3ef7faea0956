"""The tasks, as the supervisor uses them."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress

from bonkei.miniature.lifecycle.together import close_all
from bonkei.services.ecs import Tasks, TasksSnapshot
from bonkei.services.edge import Edge

_GRACE = 10.0  # seconds for requests in flight when the miniature is stopped


class TaskPart:
    """`made`: the tasks, once the start has created them."""

    name = "tasks"

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._hurried = asyncio.Event()
        self.made: Tasks | None = None

    def running(self) -> Tasks:
        """The tasks, after the start has created them."""
        assert self.made is not None  # noqa: S101 - the start makes it before
        return self.made

    def snapshot(self) -> TasksSnapshot | None:
        return self.made.snapshot() if self.made is not None else None

    async def stop(self) -> None:
        """In ECS's order: requests in flight end first."""
        if self.made is not None:
            await close_all(self._drain, self.made.stop)

    def hurry(self) -> None:
        """Do not wait for requests in flight, and kill the containers."""
        self._hurried.set()
        snapshot = self.snapshot()
        for task in snapshot.tasks if snapshot is not None else ():
            for _, pid in task.pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    async def _drain(self) -> None:
        """Make the edge accept no new requests, and let the requests in flight end: for the grace,
        or until `hurry`."""
        waits = (self._edge.drain(_GRACE), self._hurried.wait())
        ends = [asyncio.ensure_future(each) for each in waits]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in ends:
                each.cancel()
            await asyncio.gather(*ends, return_exceptions=True)
        if not ends[0].cancelled():
            ends[0].result()  # the error is raised further
