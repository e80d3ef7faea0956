"""Processes that join a running container for a moment: its health checks.

One server starts them all, as a container engine's daemon does. With a Python process of its own
for each, the checks of four containers would take two percent of a processor for as long as the
miniature runs.
"""

from __future__ import annotations

import asyncio
import json
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import deque
from dataclasses import dataclass, field

from bonkei.base.background import Background
from bonkei.base.processes import Keeper
from bonkei.base.processes.roots import serve_command
from bonkei.services.ecs.errors import TaskError
from bonkei.services.ecs.execution.process import ProcessSpec, kill_group, surely, with_program

_NOT_STARTED, _FAILED = 0, 1


def _number() -> asyncio.Future[int]:
    return asyncio.get_running_loop().create_future()


@dataclass(frozen=True, slots=True)
class _Visit:
    """`started` gets the process's number, and `ended` its exit code."""

    started: asyncio.Future[int] = field(default_factory=_number)
    ended: asyncio.Future[int] = field(default_factory=_number)


class Visits:
    """Starts the server with the first visit."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._starting = asyncio.Lock()
        self._server: Process | None = None
        self._ordered: deque[_Visit] = deque()
        self._running: dict[int, _Visit] = {}
        self._reading = Background()

    async def succeed(self, spec: ProcessSpec, within: float) -> bool:
        """Run a command beside a container's process. Returns whether it succeeded in time
        (seconds). Its process has ended then, and its whole group is killed."""
        try:
            spec = with_program(spec)
            async with self._starting:
                server = self._server or await self._start()
        except (TaskError, OSError):
            return False
        visit = _Visit()
        self._ordered.append(visit)
        order = (
            *(spec.beside, spec.ports, str(spec.directory)),
            *(dict(spec.environment), spec.command),
        )
        assert server.stdin is not None  # noqa: S101 - a pipe was asked for
        server.stdin.write(json.dumps(order).encode() + b"\n")
        try:
            async with asyncio.timeout(within):
                return await asyncio.shield(visit.ended) == 0
        except TimeoutError:
            return False
        finally:
            try:
                await surely(visit.started)
            finally:
                if pid := visit.started.result():
                    kill_group(pid)
                await surely(visit.ended)

    async def stop(self) -> None:
        """End the server. It ends what it has started."""
        if self._server is not None and self._server.stdin is not None:
            self._server.stdin.close()
        if self._reading:
            await asyncio.wait(self._reading)

    async def _start(self) -> Process:
        server = await asyncio.create_subprocess_exec(
            *serve_command(),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            cwd="/",
            env={},
            start_new_session=True,
        )
        self._server = server
        self._reading.start(self._read(server))
        self._keeper.keep(server.pid, ending=signal.SIGKILL)
        return server

    async def _read(self, server: Process) -> None:
        """Hear of starts and ends. What waits when the server ends has failed."""
        assert server.stdout is not None  # noqa: S101 - a pipe was asked for
        async for line in server.stdout:
            pid, *codes = map(int, line.split())
            if codes:
                self._running.pop(pid).ended.set_result(codes[0])
            else:
                self._running[pid] = visit = self._ordered.popleft()
                visit.started.set_result(pid)
        self._server = None
        for visit in self._ordered:
            visit.started.set_result(_NOT_STARTED)
        for visit in (*self._ordered, *self._running.values()):
            visit.ended.set_result(_FAILED)
        self._ordered.clear()
        self._running.clear()
        await server.wait()
        self._keeper.release(server.pid)
