"""One execution environment: a process, its runtime API and its folder, for one call at a time.

The first call waits for the initialization. A time-out, the end of the process or too much memory
ends the environment. As on Lambda, the next call gets a new one.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from bonkei.base.processes import Keeper, family, family_ids, launch_command
from bonkei.base.processes.roots import enter_command, machine_root, remove_scratch
from bonkei.services.lambda_.errors import FunctionError
from bonkei.services.lambda_.outcome import (
    Invocation,
    Outcome,
    exited,
    out_of_memory,
    timed_out,
    too_large,
)
from bonkei.services.lambda_.output import Listener, Output
from bonkei.services.lambda_.runtime_api import Reply, RuntimeApi

_LOOK = 0.05  # seconds between two checks of the memory, only during a call


@dataclass(frozen=True, slots=True)
class Launch:
    """The process to run. `variables`: the whole environment, except for the variables that this
    class adds. `memory` is in bytes. `folder`: its own, with its TMPDIR. `reads`: the files that it
    sees besides those of this machine's programs; None: all that this user may see."""

    function_arn: str
    command: tuple[str, ...]
    variables: Mapping[str, str]
    task_root: Path
    folder: Path
    memory: int
    reads: tuple[Path, ...] | None = None

    @property
    def line(self) -> Sequence[str]:
        """The command line."""
        if self.reads is None:
            return self.command
        program = Path(self.command[0])
        path = self.variables["PATH"]
        if not any(program.is_relative_to(each) for each in self.reads):
            path = f"{path}{os.pathsep}{program.parent}"
        root = machine_root(
            self.folder / "root", path, reads=self.reads, writes=(self.folder / "tmp",),
            home=self.folder.parent,
        )  # fmt: skip
        return enter_command(root, str(self.task_root), self.command)


class ExecutionEnvironment:
    """Call `start` once, `invoke` any number of times while `is_alive`, and always `stop`."""

    def __init__(self, launch: Launch, keeper: Keeper, listener: Listener) -> None:
        self._launch = launch
        self._keeper = keeper
        self._listener = listener
        self._api = RuntimeApi(launch.function_arn)
        self._output: Output | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._exit: asyncio.Task[int] | None = None
        self.began = 0.0
        self._began_at = 0.0
        self._stopping: asyncio.Future[None] | None = None
        self.is_alive = False
        self.last_used = 0.0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self.is_alive else None

    @property
    def age(self) -> float:
        """Seconds since its start, by the clock that is further ahead: while a laptop sleeps, the
        monotonic one stops, but credentials expire."""
        return max(time.monotonic() - self.began, time.time() - self._began_at)

    @property
    def is_usable(self) -> bool:
        """Whether another call may use it. It may have ended since the last one."""
        return self.is_alive and self._exit is not None and not self._exit.done()

    async def start(self) -> None:
        """Start the process. Then call `initialize`. Raises FunctionError if it does not start."""
        await self._api.start()
        temporary = self._launch.folder / "tmp"
        temporary.mkdir(parents=True, exist_ok=True, mode=0o700)
        output = self._output = Output(self._listener)
        variables = {
            **self._launch.variables,
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "_LAMBDA_TELEMETRY_LOG_FD": str(output.frames),
            "TMPDIR": str(temporary),
        }
        self.began, self._began_at = time.monotonic(), time.time()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *launch_command(self._launch.line, ending=signal.SIGKILL),
                cwd=self._launch.task_root,
                env=variables,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output.lines,
                stderr=output.lines,
                pass_fds=(output.frames,),
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise FunctionError(
                f"{self._launch.function_arn}: its process cannot start: {error}"
            ) from error
        finally:
            output.close_child_ends()
        with suppress(OSError):  # the ledger's disk is full: the watchdog knows the process
            self._keeper.keep(self._process.pid)
        self.is_alive = True
        self._exit = asyncio.create_task(self._process.wait())

    async def initialize(self, request_id: str, limit: float) -> Outcome | None:
        """None if the client asks for the first event within `limit` seconds. Otherwise the
        environment has ended, and the answer is the outcome."""
        ready = asyncio.ensure_future(self._api.first_asked.wait())
        reply = asyncio.ensure_future(self._api.replied())
        try:
            outcome = await self._first(request_id, limit, ready, reply)
            if outcome is None and reply.done():
                said = reply.result()
                outcome = Outcome("error", said.body, said.error_type, memory=self.memory())
        finally:
            ready.cancel()
            reply.cancel()
        if outcome is not None:
            await self.stop()
        return outcome

    async def invoke(self, invocation: Invocation, limit: float) -> Outcome:
        """The outcome, within `limit` seconds. `is_alive` is False if the process has ended."""
        began = time.monotonic()
        await self._api.hand_over(invocation, time.time() + limit)
        reply = asyncio.ensure_future(self._api.replied())
        try:
            outcome = await self._first(invocation.request_id, limit, reply)
        finally:
            reply.cancel()
        duration = min(time.monotonic() - began, limit)
        if outcome is None:
            outcome = _outcome(reply.result(), invocation.request_id)
        if self._output is not None:
            self._output.drain()
        memory = max(outcome.memory, self.memory())
        if outcome.status == "timeout" or not self.is_alive:
            await self.stop()
        self.last_used = time.monotonic()
        return replace(outcome, duration=duration, memory=memory)

    async def stop(self) -> None:
        """After this, the process and its folder are gone. It may be called again, even before it
        returns."""
        self.is_alive = False
        if self._stopping is None:
            self._stopping = asyncio.ensure_future(self._stop())
        await asyncio.shield(self._stopping)

    async def _stop(self) -> None:
        if self._process is not None:
            # A child may have a group of its own. Lambda's environment ends with all its processes.
            below = family_ids(self._process.pid) if self._process.returncode is None else []
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            for each in below:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(each, signal.SIGKILL)
            if self._exit is not None:
                await asyncio.wait({self._exit})
            self._keeper.release(self._process.pid)
        if self._output is not None:
            self._output.close()
            self._output = None
        await self._api.stop()
        await asyncio.to_thread(remove_scratch, self._launch.folder)

    async def _first(
        self, request_id: str, limit: float, *awaited: asyncio.Future[Any]
    ) -> Outcome | None:
        """None if one of `awaited` has come first. An end, or a response that is too large, comes
        before it."""
        assert self._exit is not None  # noqa: S101 - `start` made it
        deadline, peak, is_over = time.monotonic() + limit, 0, False
        while (left := deadline - time.monotonic()) > 0:
            done, _ = await asyncio.wait(
                {self._exit, *awaited},
                timeout=min(left, _LOOK),
                return_when=asyncio.FIRST_COMPLETED,
            )
            if any(each in done for each in awaited):
                return None
            if self._exit in done:
                self.is_alive = False
                return replace(exited(request_id, self._exit.result()), memory=peak)
            now = self.memory()
            # A child that begins another program has its parent's memory, until it does.
            was_over, is_over = is_over, now > self._launch.memory
            if was_over or not is_over:
                peak = max(peak, now)
            if was_over and is_over:
                self.is_alive = False
                return replace(out_of_memory(request_id), memory=peak)
        return replace(timed_out(request_id, limit), memory=peak)

    def memory(self) -> int:
        """The present memory of the process and its children, in bytes."""
        total = 0
        if self._process is not None:
            for process in family(self._process.pid):
                with suppress(psutil.Error):
                    total += process.memory_info().rss
        return total


def _outcome(reply: Reply, request_id: str) -> Outcome:
    if reply.kind == "response":
        return Outcome("success", reply.body)
    if reply.kind == "too large":
        return too_large(request_id, int(reply.body))
    return Outcome("error", reply.body, reply.error_type)
