"""One function: its package, and its execution environments.

A call takes an idle environment. If there is none, a new one is started, and the call takes the
first that is ready: the new one, or one that another call has left meanwhile. Environments may also
be started before a call: "Lambda occasionally pre-initializes execution environments"
("Understanding the Lambda execution environment lifecycle", AWS Lambda Developer Guide).
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from uuid import uuid4

from bonkei.base.background import Background
from bonkei.base.processes import Keeper
from bonkei.base.processes.roots import Trial
from bonkei.blueprint.lambda_.function import Function
from bonkei.services.lambda_.environment import ExecutionEnvironment, Launch
from bonkei.services.lambda_.errors import FunctionError, cannot_run
from bonkei.services.lambda_.execution_log import ExecutionLog, LogWriter
from bonkei.services.lambda_.outcome import Invocation, Lines, Outcome
from bonkei.services.lambda_.package import unpack
from bonkei.services.lambda_.runtimes import CLIENTS, Runtime
from bonkei.services.lambda_.turns import Ready, Turns
from bonkei.services.lambda_.variables import log_stream, variables

INIT_SECONDS = 10.0
"""Seconds that the initialization may take before a call starts."""
_AT_ONCE = max(2, os.cpu_count() or 1)  # environments that begin at the same time
IDLE_SECONDS = 20.0
"""An idle process ends after so many seconds: each holds 40 MiB, and its successor starts in 0.4 s.
Lambda promises no time ("Understanding the Lambda execution environment lifecycle")."""
LONGEST_LIFE = 11 * 3600.0
"""Seconds for which a process is used. Its credentials last a bit longer."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The environment that all functions share. `python`: the interpreter with Lambda's
    packages; `role`: credentials of a role's session as environment variables; `trial`: whether a
    function can be confined to its own files.
    """

    packages: Path
    temporary: Path
    region: str
    keeper: Keeper
    logs: LogWriter
    python: Callable[[], Awaitable[Path]]
    role: Callable[[str, str], Mapping[str, str]]
    translate: Callable[[str, Mapping[str, str]], Mapping[str, str]]
    trial: Trial


class FunctionHost:
    """Call `invoke` as often as concurrency allows. `stop` ends its processes."""

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
        self._idle: list[Ready] = []
        self._all: set[ExecutionEnvironment] = set()
        self._starting = Background()
        self._turns = Turns()
        self._timer: asyncio.TimerHandle | None = None
        self._ending = Background()
        self._is_stopped = False
        self._is_halted = False
        self._lines = Lines(function.log_format == "JSON", function.memory)

    @property
    def roots(self) -> tuple[Path, ...]:
        """The folders of the packages that it has used so far."""
        return (*self._layers, *self._used)

    def is_same(self, function: Function, layers: Sequence[Path]) -> bool:
        """Whether its processes match this definition."""
        return function == self.function and tuple(layers) == self._layers

    @property
    def pids(self) -> tuple[int, ...]:
        return tuple(sorted(pid for each in self._all if (pid := each.pid)))

    @property
    def idle(self) -> int:
        return len(self._idle)

    async def invoke(self, invocation: Invocation) -> Outcome:
        """The outcome. Raises AwsServiceError if this machine cannot run the function."""
        if self.runtime.refusal:
            raise cannot_run(f"{self.function.name}: {self.runtime.refusal}")
        try:
            ready = self._take_idle()
            if ready is None:
                return await self._cold(invocation)
            return await self._call(ready, invocation)
        except FunctionError as error:
            raise cannot_run(f"{self.function.name}: {error.message}") from error

    async def stop(self) -> None:
        """End every process. Call this only if no call should continue."""
        self._is_stopped = self._is_halted = True
        if self._timer is not None:
            self._timer.cancel()
        await self._starting.stop()
        while self._turns.give(FunctionError("it is stopped")):
            pass
        await asyncio.gather(*(each.stop() for each in tuple(self._all)), *self._ending)
        self._all.clear()
        self._idle.clear()

    async def retire(self) -> None:
        """The definition has changed. Calls continue to their end, and no process is kept for
        others."""
        self._is_stopped = True
        while self._idle:
            await self._end(self._idle.pop().environment)

    async def prepare(self, count: int) -> None:
        """When this returns, `count` environments exist, before the first call. If one fails, its
        call reports the failure."""
        if self.runtime.refusal or self._is_stopped:
            return
        for _ in range(count - max(len(self._all), len(self._starting))):
            self._begin(str(uuid4()))
        if begun := list(self._starting):
            await asyncio.wait(begun)

    async def _cold(self, invocation: Invocation) -> Outcome:
        """Use the first environment that is ready. A failed initialization is tried once more,
        within the call."""
        turn = self._turns.add(may_wait=invocation.may_wait)
        self._begin_for_turns()
        try:
            ready = await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and not turn.exception():
                await self._rest(turn.result())
            raise
        if ready is not None:
            return await self._call(ready, invocation)
        identity = invocation.request_id
        found = await self._initialize(identity, "invoke", self.function.timeout)
        if isinstance(found, Ready):
            return await self._call(found, invocation)
        outcome, log = found
        log.add(time.time(), self._lines.started(time.time(), identity))
        return self._finish(log, invocation, outcome)

    def _begin_for_turns(self) -> None:
        """Start a process for each waiting call, but few at the same time: together they would take
        longer, and a waiting call may be served meanwhile."""
        while len(self._starting) < min(self._turns.in_need, _AT_ONCE):
            self._begin(str(uuid4()))

    def _begin(self, request_id: str) -> None:
        """Start a new environment. The call that has waited longest gets it, or its failure."""
        self._starting.start(self._start(request_id)).add_done_callback(self._started)

    def _started(self, _: asyncio.Task[None]) -> None:
        if not self._is_halted:
            self._begin_for_turns()

    async def _start(self, request_id: str) -> None:
        try:
            found = await self._initialize(request_id, "init", INIT_SECONDS)
        except Exception as error:  # every waiting call must get any kind of error
            self._turns.give(error)
            return
        if isinstance(found, Ready):
            await self._rest(found)
        else:
            found[1].flush()
            self._turns.give(None)

    async def _initialize(
        self, request_id: str, phase: str, limit: float
    ) -> Ready | tuple[Outcome, ExecutionLog]:
        """A new environment; or the failure, if its initialization fails."""
        environment, log = await self._make()
        at = time.time()
        log.begin()
        log.add(at, self._lines.init_started(at, self._version()))
        failed = await environment.initialize(request_id, limit)
        seconds = time.monotonic() - environment.began
        if failed is None:
            environment.last_used = time.monotonic()
            return Ready(environment, log, seconds)
        self._all.discard(environment)
        now = time.time()
        log.add(now, self._lines.init_failed(now, seconds, phase, failed))
        return replace(failed, duration=seconds), log

    async def _call(self, ready: Ready, invocation: Invocation) -> Outcome:
        environment, log = ready.environment, ready.log
        if ready.init is None:
            log.begin()
        now = time.time()
        log.add(now, self._lines.started(now, invocation.request_id))
        try:
            outcome = await environment.invoke(invocation, self.function.timeout)
        except BaseException:
            await self._end(environment)
            raise
        outcome = self._finish(log, invocation, replace(outcome, init=ready.init))
        await self._rest(Ready(environment, log))
        return outcome

    async def _rest(self, ready: Ready | None) -> None:
        """The process serves a waiting call, or stays idle until the next one."""
        if ready is None or (ready.environment.is_alive and self._turns.give(ready)):
            return
        if ready.environment.is_alive and not self._is_stopped:
            self._idle.append(ready)
            self._look_later()
        else:
            await self._end(ready.environment)

    def _finish(self, log: ExecutionLog, invocation: Invocation, outcome: Outcome) -> Outcome:
        now = time.time()
        for line in self._lines.ended(now, invocation.request_id, outcome):
            log.add(now, line)
        log.flush()
        return replace(outcome, log_tail=log.tail())

    def _take_idle(self) -> Ready | None:
        """The last used one, so that the others may end."""
        while self._idle:
            ready = self._idle.pop()
            environment = ready.environment
            if environment.is_usable and environment.age < LONGEST_LIFE:
                return ready
            self._end_soon(environment)
        return None

    async def _make(self) -> tuple[ExecutionEnvironment, ExecutionLog]:
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
            (root, *self._layers, CLIENTS) if await ground.trial.is_possible() else None,
        )  # fmt: skip
        log = ExecutionLog(ground.logs, function, stream)
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
        self._ending.start(self._end(environment))

    def _look_later(self) -> None:
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(IDLE_SECONDS, self._end_idle)

    def _end_idle(self) -> None:
        self._timer = None
        now = time.monotonic()
        for entry in tuple(self._idle):
            one = entry.environment
            if now - one.last_used >= IDLE_SECONDS or not one.is_usable:
                self._idle.remove(entry)
                self._end_soon(one)
        if self._idle and not self._is_stopped:
            self._look_later()
