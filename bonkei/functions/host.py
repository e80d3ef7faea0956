"""One function: its package, and its execution environments."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from bonkei.blueprint.function import Function
from bonkei.functions.environment import ExecutionEnvironment, Launch
from bonkei.functions.errors import FunctionError, cannot_run
from bonkei.functions.outcome import Invocation, Lines, Outcome
from bonkei.functions.package import unpack
from bonkei.functions.runtimes import Runtime
from bonkei.functions.variables import log_stream, variables
from bonkei.processes import Keeper

INIT_SECONDS = 10.0
"""Seconds that the initialization may take before the call begins."""
IDLE_SECONDS = 300.0
"""An idle process ends after so many seconds."""
LONGEST_LIFE = 11 * 3600.0
"""Seconds for which a process is used: its credentials last a bit longer."""
_TAIL = 4096  # bytes of the log that a caller may ask for


class LogWriter(Protocol):
    """CloudWatch Logs, as far as the role may write: events are (Unix milliseconds, text)."""

    def write(self, function: Function, stream: str, events: Sequence[tuple[int, str]]) -> None: ...


@dataclass(frozen=True, slots=True)
class Ground:
    """What all functions stand on. `python`: the interpreter with Lambda's packages; `role`:
    credentials of a role's session as environment variables."""

    packages: Path
    temporary: Path
    region: str
    keeper: Keeper
    logs: LogWriter
    python: Callable[[], Awaitable[Path]]
    role: Callable[[str, str], Mapping[str, str]]
    translate: Callable[[str, str], str]


class FunctionHost:
    """`invoke` as often as concurrency allows; `stop` ends its processes."""

    def __init__(
        self, function: Function, runtime: Runtime, layers: Sequence[Path], archive: Path,
        ground: Ground,
    ) -> None:  # fmt: skip
        self.function = function
        self.runtime = runtime
        self._layers = tuple(layers)
        self._used: set[Path] = set()
        self._archive = archive
        self._ground = ground
        self._idle: list[tuple[ExecutionEnvironment, _Log]] = []
        self._all: set[ExecutionEnvironment] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._is_stopped = False
        self._lines = Lines(function.log_format == "JSON", function.memory)

    @property
    def roots(self) -> tuple[Path, ...]:
        """The folders of packages that it has used so far."""
        return (*self._layers, *self._used)

    def is_same(self, function: Function, layers: Sequence[Path]) -> bool:
        """Whether its processes are as this definition wants them."""
        return function == self.function and tuple(layers) == self._layers

    @property
    def pids(self) -> tuple[int, ...]:
        return tuple(sorted(pid for each in self._all if (pid := each.pid)))

    @property
    def idle(self) -> int:
        return len(self._idle)

    async def invoke(self, invocation: Invocation) -> Outcome:
        """The outcome. AwsServiceError when this machine cannot run the function."""
        if self.runtime.refusal:
            raise cannot_run(f"{self.function.name}: {self.runtime.refusal}")
        try:
            taken = self._take_idle()
            if taken is None:
                return await self._cold(invocation)
            return await self._call(*taken, invocation, None)
        except FunctionError as error:
            raise cannot_run(f"{self.function.name}: {error.message}") from error

    async def stop(self) -> None:
        """Whatever runs is ended: ask only when nothing should go on."""
        self._is_stopped = True
        if self._timer is not None:
            self._timer.cancel()
        await asyncio.gather(*(each.stop() for each in tuple(self._all)), *self._ending)
        self._all.clear()
        self._idle.clear()

    async def retire(self) -> None:
        """The definition has changed: calls go on to their end, and nothing is kept for more."""
        self._is_stopped = True
        while self._idle:
            await self._end(self._idle.pop()[0])

    async def _cold(self, invocation: Invocation) -> Outcome:
        """A new environment. An initialization that fails is tried once more, within the call."""
        for phase, limit in (("init", INIT_SECONDS), ("invoke", self.function.timeout)):
            environment, log = await self._make()
            began, at = environment.began, time.time()
            log.begin()
            log.add(at, self._lines.init_started(at, self._version()))
            failed = await environment.initialize(invocation.request_id, limit)
            seconds = time.monotonic() - began
            if failed is None:
                return await self._call(environment, log, invocation, seconds)
            self._all.discard(environment)
            now = time.time()
            log.add(now, self._lines.init_failed(now, seconds, phase, failed))
            if phase == "invoke":
                outcome = replace(failed, duration=seconds)
                log.add(now, self._lines.started(now, invocation.request_id))
                return self._finish(log, invocation, outcome)
            log.flush()
        raise AssertionError

    async def _call(
        self, environment: ExecutionEnvironment, log: _Log, invocation: Invocation,
        init: float | None,
    ) -> Outcome:  # fmt: skip
        if init is None:
            log.begin()
        now = time.time()
        log.add(now, self._lines.started(now, invocation.request_id))
        try:
            outcome = await environment.invoke(invocation, self.function.timeout)
        except BaseException:
            await self._end(environment)
            raise
        outcome = self._finish(log, invocation, replace(outcome, init=init))
        if environment.is_alive and not self._is_stopped:
            self._idle.append((environment, log))
            self._look_later()
        else:
            await self._end(environment)
        return outcome

    def _finish(self, log: _Log, invocation: Invocation, outcome: Outcome) -> Outcome:
        now = time.time()
        for line in self._lines.ended(now, invocation.request_id, outcome):
            log.add(now, line)
        log.flush()
        return replace(outcome, log_tail=log.tail())

    def _take_idle(self) -> tuple[ExecutionEnvironment, _Log] | None:
        """The one that was used last: the others may end."""
        while self._idle:
            environment, log = self._idle.pop()
            if environment.is_usable and time.monotonic() - environment.began < LONGEST_LIFE:
                return environment, log
            self._end_soon(environment)
        return None

    async def _make(self) -> tuple[ExecutionEnvironment, _Log]:
        ground, function = self._ground, self.function
        identity = uuid4().hex
        root = await asyncio.to_thread(unpack, self._archive, ground.packages)
        self._used.add(root)
        stream = log_stream(function, identity, time.time())
        launch = Launch(
            function.arn,
            await self._command(root),
            variables(
                function, ground.region, stream, root, self._layers,
                ground.role(function.role_arn, function.name),
                partial(ground.translate, function.name),
            ),
            root,
            ground.temporary / identity,
            function.memory * 2**20,
        )  # fmt: skip
        log = _Log(ground.logs, function, stream)
        environment = ExecutionEnvironment(launch, ground.keeper, log.add)
        self._all.add(environment)
        try:
            await environment.start()
        except BaseException:
            await self._end(environment)
            raise
        return environment, log

    async def _command(self, root: Path) -> tuple[str, ...]:
        if self.runtime.needs_packages:
            return (str(await self._ground.python()), *self.runtime.command)
        if self.runtime.command == ("bootstrap",):
            return (str(root / "bootstrap"),)
        return self.runtime.command

    def _version(self) -> str:
        return f"{self.function.runtime.replace('python', 'python:').replace('nodejs', 'nodejs:')}"

    async def _end(self, environment: ExecutionEnvironment) -> None:
        await environment.stop()
        self._all.discard(environment)

    def _end_soon(self, environment: ExecutionEnvironment) -> None:
        task = asyncio.get_running_loop().create_task(self._end(environment))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    def _look_later(self) -> None:
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(IDLE_SECONDS, self._end_idle)

    def _end_idle(self) -> None:
        self._timer = None
        now = time.monotonic()
        for entry in tuple(self._idle):
            if now - entry[0].last_used >= IDLE_SECONDS or not entry[0].is_usable:
                self._idle.remove(entry)
                self._end_soon(entry[0])
        if self._idle and not self._is_stopped:
            self._look_later()


class _Log:
    """The log events of one execution environment, written together."""

    def __init__(self, writer: LogWriter, function: Function, stream: str) -> None:
        self._writer = writer
        self._function = function
        self._stream = stream
        self._waiting: list[tuple[int, str]] = []
        self._tail = ""

    def begin(self) -> None:
        """Of an invocation: what its caller may ask for begins anew."""
        self._tail = ""

    def add(self, at: float, text: str) -> None:
        if not self._waiting:
            with suppress(RuntimeError):
                asyncio.get_running_loop().call_later(0.1, self.flush)
        self._waiting.append((int(at * 1000), text))
        self._tail = f"{self._tail}{text}\n"[-_TAIL:]

    def flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting:
            waiting.sort(key=lambda event: event[0])
            self._writer.write(self._function, self._stream, waiting)

    def tail(self) -> bytes:
        return self._tail.encode()[-_TAIL:]
