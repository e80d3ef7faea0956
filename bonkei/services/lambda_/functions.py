"""Lambda: the functions of the blueprint, for every caller with permission."""

from __future__ import annotations

import asyncio
import platform
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from bonkei.base.arn import Arn
from bonkei.base.aws_service import Aws
from bonkei.base.background import Background
from bonkei.base.events import Bus, FunctionMeasured
from bonkei.base.processes import Keeper
from bonkei.base.processes.roots import Trial, remove_scratch
from bonkei.blueprint import Blueprint
from bonkei.blueprint.lambda_.function import Function
from bonkei.services.lambda_.asynchronous import Event
from bonkei.services.lambda_.concurrency import ACCOUNT, Concurrency
from bonkei.services.lambda_.errors import FunctionError, not_found, throttled, too_large
from bonkei.services.lambda_.execution_log import LogWriter
from bonkei.services.lambda_.host import FunctionHost, Ground
from bonkei.services.lambda_.outcome import LARGEST, LARGEST_EVENT, Invocation, Outcome
from bonkei.services.lambda_.package import forget_unused, unpack
from bonkei.services.lambda_.runtimes import choose
from bonkei.services.lambda_.sources.following import EventSources, Ways
from bonkei.services.lambda_.waiting import Callee, Deliver, WaitingEvents

_PYTHON = ".".join(platform.python_version_tuple()[:2])


@dataclass(frozen=True, slots=True)
class FunctionsSettings:
    """`directory`: Lambda's own below the home. `base`: the folder for relative file names in the
    definitions. `pace`: how many times shorter than AWS's the waits are."""

    directory: Path
    base: Path
    pace: float = 1.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The functions that Lambda needs from the miniature.

    `python`: an interpreter with Lambda's packages; `role`: the variables for calling AWS as a
    session of a role (ARN, session's name); `translate`: AWS's names to this machine's, in the
    environment of a function (its name).
    """

    python: Callable[[], Awaitable[Path]]
    role: Callable[[str, str], Mapping[str, str]]
    logs: LogWriter
    deliver: Deliver
    aws: Aws
    report: Callable[[str], None]
    translate: Callable[[str, Mapping[str, str]], Mapping[str, str]] = lambda _name, given: given


@dataclass(frozen=True, slots=True)
class FunctionSnapshot:
    """`running`: calls in progress. `processes`: including idle ones. `waiting`: the waiting calls
    of all functions."""

    name: str
    runtime: str
    running: int
    processes: int
    invocations: int
    errors: int
    throttles: int
    note: str


class Functions:
    """Call `start` once, `apply` with each blueprint, and always `stop`."""

    def __init__(self, settings: FunctionsSettings, bus: Bus, surroundings: Surroundings) -> None:
        self._settings = settings
        self._bus = bus
        self._given = surroundings
        self._keeper = Keeper(settings.directory / "processes")
        self._concurrency = Concurrency()
        self._hosts: dict[str, FunctionHost] = {}
        ways = Ways(
            surroundings.aws,
            self.invoke,
            surroundings.deliver,
            surroundings.report,
        )
        self._sources = EventSources(settings.directory / "streams", ways, settings.pace)
        self._counts: dict[tuple[str, str], int] = {}
        self._retired = Background()
        self._waiting = WaitingEvents(
            settings.directory / "events",
            self._concurrency,
            Callee(self._find, self._run_event, self._measure),
            surroundings.deliver,
            surroundings.report,
            settings.pace,
        )
        self._is_started = False
        self._trial = Trial(settings.directory / "temporary", surroundings.report)

    async def apply(self, blueprint: Blueprint) -> None:
        """Follow the definitions. A running call ends with its original settings."""
        if not self._is_started:
            self._is_started = True
            remove_scratch(self._settings.directory / "temporary")
            self._keeper.start()
            self._waiting.open()
        layers = {layer.arn: self._path(layer.filename) for layer in blueprint.layers}
        before, self._hosts = self._hosts, {}
        for function in blueprint.functions:
            kept = before.get(function.arn)
            roots, problem = await asyncio.to_thread(self._layers, function, layers)
            if kept is not None and kept.is_same(function, roots):
                self._hosts[function.arn] = before.pop(function.arn)
            else:
                self._hosts[function.arn] = self._make(function, roots, problem)
        for host in before.values():
            self._retired.start(host.retire())
        self._concurrency.reserve(
            {
                each.arn: each.reserved_concurrency
                for each in blueprint.functions
                if each.reserved_concurrency is not None
            }
        )
        functions = {arn: host.function for arn, host in self._hosts.items()}
        await self._sources.follow(blueprint.event_sources, functions)
        used = {root for host in self._hosts.values() for root in host.roots}
        await asyncio.to_thread(forget_unused, self._settings.directory / "packages", used)

    def resume(self) -> None:
        """Continue with the events of an earlier process. Call this when the other parts run."""
        self._waiting.resume()

    async def stop(self) -> None:
        """Running calls are ended. Waiting events are kept for the next start."""
        if not self._is_started:
            return
        await asyncio.gather(self._sources.stop(), self._waiting.stop())
        await asyncio.gather(*(host.stop() for host in self._hosts.values()), *self._retired)
        await self._trial.end()
        self._keeper.stop()

    async def invoke(
        self, arn: str, payload: bytes, client_context: str = "", request_id: str = ""
    ) -> Outcome:
        """Call the function and wait. Raises AwsServiceError if it is not called at all."""
        host = self._host(arn)
        if len(payload) > LARGEST:
            raise too_large(LARGEST)
        if reason := self._concurrency.refusal(host.function.arn):
            self._measure(host.function, "Throttles", 1, "Count")
            raise throttled(reason)
        self._concurrency.take(host.function.arn)
        try:
            identity = request_id or str(uuid4())
            invocation = Invocation(identity, payload, time.time(), client_context)
            return await self._run(host, invocation)
        finally:
            self._concurrency.give_back(host.function.arn)

    def enqueue(self, arn: str, payload: bytes, request_id: str = "") -> str:
        """Call the function later, once or more often. Returns the request's id. Raises
        AwsServiceError."""
        host = self._host(arn)
        if len(payload) > LARGEST_EVENT:
            raise too_large(LARGEST_EVENT)
        identity = request_id or str(uuid4())
        text = payload.decode("utf-8", "replace")
        self._waiting.add(Event(identity, host.function.arn, text, time.time()))
        return identity

    async def prepare(self, arn: str, count: int) -> None:
        """When this returns, `count` execution environments exist, or as many as may run at once. A
        function that this machine cannot run gets none. Raises AwsServiceError."""
        host = self._host(arn)
        reserved = host.function.reserved_concurrency
        await host.prepare(min(count, ACCOUNT if reserved is None else reserved))

    def find(self, name: str) -> Function:
        """A function by its name, ARN or partial ARN, with or without `$LATEST`. Raises
        AwsServiceError."""
        return self._host(name).function

    @property
    def functions(self) -> tuple[Function, ...]:
        return tuple(host.function for host in self._hosts.values())

    def snapshot(self) -> tuple[FunctionSnapshot, ...]:
        busy = self._concurrency.busy
        return tuple(
            FunctionSnapshot(
                host.function.name,
                host.function.runtime,
                busy.get(arn, 0),
                len(host.pids),
                self._counts.get((arn, "Invocations"), 0),
                self._counts.get((arn, "Errors"), 0),
                self._counts.get((arn, "Throttles"), 0),
                host.runtime.refusal or host.runtime.note,
            )
            for arn, host in self._hosts.items()
        )

    @property
    def waiting(self) -> int:
        """Events that are not over yet."""
        return len(self._waiting)

    def _host(self, name: str) -> FunctionHost:
        plain = name.removesuffix(":$LATEST")
        for arn, host in self._hosts.items():
            account = Arn.of(arn).account
            partial = f"{account}:function:{host.function.name}"
            if plain in (arn, host.function.name, partial):
                return host
        raise not_found(name)

    def _find(self, arn: str) -> Function | None:
        host = self._hosts.get(arn)
        return host.function if host is not None else None

    async def _run_event(self, event: Event) -> Outcome:
        payload = event.payload.encode()
        invocation = Invocation(event.request_id, payload, event.at, may_wait=True)
        return await self._run(self._host(event.function), invocation)

    async def _run(self, host: FunctionHost, invocation: Invocation) -> Outcome:
        function = host.function
        self._measure(
            function, "ConcurrentExecutions", self._concurrency.busy[function.arn], "Count"
        )
        outcome = await host.invoke(invocation)  # one that cannot run here does not count
        self._measure(function, "Invocations", 1, "Count")
        self._measure(function, "Errors", int(outcome.is_error), "Count")
        self._measure(function, "Duration", outcome.duration * 1000, "Milliseconds")
        return outcome

    def _measure(self, function: Function, metric: str, value: float, unit: str) -> None:
        if unit == "Count":
            key = (function.arn, metric)
            self._counts[key] = self._counts.get(key, 0) + int(value)
        self._bus.publish(FunctionMeasured(function.name, metric, value, unit, time.time()))

    def _make(self, function: Function, roots: Sequence[Path], problem: str) -> FunctionHost:
        runtime = choose(function.runtime, function.package_type, python=_PYTHON)
        if not problem and not function.filename and not runtime.refusal:
            problem = "its code is not a file of this project"
        given, directory = self._given, self._settings.directory
        ground = Ground(
            directory / "packages",
            directory / "temporary",
            Arn.of(function.arn).region,
            self._keeper,
            given.logs,
            given.python,
            given.role,
            given.translate,
            self._trial,
        )
        archive = self._path(function.filename)
        return FunctionHost(function, runtime.but(problem), tuple(roots), archive, ground)

    def _layers(
        self, function: Function, layers: Mapping[str, Path]
    ) -> tuple[tuple[Path, ...], str]:
        roots = []
        for arn in function.layers:
            if arn not in layers:
                return (), f"its layer {arn} is not in the definitions"
            try:
                roots.append(unpack(layers[arn], self._settings.directory / "packages"))
            except FunctionError as error:
                return (), error.message
        return tuple(roots), ""

    def _path(self, filename: str) -> Path:
        return self._settings.base / filename
