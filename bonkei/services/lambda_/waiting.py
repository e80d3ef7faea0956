"""Asynchronous events: they are kept on disk, tried in turn, and recorded at their end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from bonkei.base.background import Background
from bonkei.base.errors import BonkeiError
from bonkei.base.spool import Spool
from bonkei.blueprint.lambda_.function import Function
from bonkei.services.lambda_.asynchronous import (
    Again,
    Condition,
    Event,
    Over,
    after_error,
    after_failures,
    dead_letter,
    is_too_old,
    record,
)
from bonkei.services.lambda_.concurrency import Concurrency
from bonkei.services.lambda_.errors import not_found, throttled
from bonkei.services.lambda_.outcome import Outcome

LIMIT = 20_000
"""Events that may wait at the same time. One more is refused, like a throttled call of Lambda."""


class Deliver(Protocol):
    """Sends to a queue, a topic, a function or a bus, with the function's role. Raises
    BonkeiError."""

    async def __call__(
        self, role_arn: str, target: str, body: Any, attributes: Mapping[str, str]
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Callee:
    """The way from the queue to functions. The queue knows nothing of processes."""

    find: Callable[[str], Function | None]
    run: Callable[[Event], Awaitable[Outcome]]  # the concurrency is taken already
    measure: Callable[[Function, str, float, str], None]  # (function, metric, value, unit)


class WaitingEvents:
    """Use it between `start` and `stop`. `pace`: how many times shorter than AWS's the waits
    are."""

    def __init__(
        self, directory: Path, concurrency: Concurrency, callee: Callee, deliver: Deliver,
        report: Callable[[str], None], pace: float = 1.0,
    ) -> None:  # fmt: skip
        self._spool = Spool(directory, LIMIT)
        self._concurrency = concurrency
        self._callee = callee
        self._deliver = deliver
        self._report = report
        self._pace = pace
        self._tasks = Background()
        self._troubles: dict[str, str] = {}
        self._is_stopped = False

    def __len__(self) -> int:
        return len(self._spool)

    def open(self) -> None:
        self._spool.open()

    def resume(self) -> None:
        """Continue with the events that an earlier process left."""
        for _, found in self._spool.records():
            with suppress(TypeError):
                self._begin(Event(**found))

    def add(self, event: Event) -> None:
        """When this returns, the event is accepted. Raises AwsServiceError if too many events wait,
        or if the function does not exist."""
        if self._callee.find(event.function) is None:
            raise not_found(event.function)
        if self._spool.is_full:
            raise throttled("CallerRateLimitExceeded")
        self._spool.put(event.request_id, asdict(event))
        self._begin(event)

    async def stop(self) -> None:
        """Unfinished events stay on disk for the next start."""
        self._is_stopped = True
        await self._tasks.stop()

    def _begin(self, event: Event) -> None:
        self._tasks.start(self._follow(event))

    async def _follow(self, event: Event) -> None:
        try:
            await self._to_its_end(event)
            self._spool.remove(event.request_id)
        except (BonkeiError, OSError) as error:
            self._report(f"an event of {event.function} is kept for the next start: {error}")

    async def _to_its_end(self, event: Event) -> None:
        waits = after_failures()
        while (function := self._callee.find(event.function)) is not None:
            if function.reserved_concurrency == 0:
                # "Configuring reserved concurrency": with a reservation of 0, no event is tried.
                await self._over(function, event, "RetriesExhausted", None)
                return
            await self._concurrency.wait(function.arn)
            now = time.time()
            if is_too_old(function.asynchronous, event, now):
                self._concurrency.give_back(function.arn)
                await self._over(function, event, "EventAgeExceeded", None)
                return
            self._callee.measure(function, "AsyncEventAge", (now - event.at) * 1000, "Milliseconds")
            outcome = await self._try(function, event.tried())
            if outcome is None:
                await asyncio.sleep(next(waits) / self._pace)
                continue
            event = event.tried()
            if self._is_stopped:
                raise asyncio.CancelledError
            if not outcome.is_error:
                await self._over(function, event, "Success", outcome)
                return
            match after_error(function.asynchronous, event, time.time()):
                case Over(condition):
                    await self._over(function, event, condition, outcome)
                    return
                case Again(seconds):
                    with suppress(OSError):  # the disk is full: a restart tries it once more
                        self._spool.put(event.request_id, asdict(event))
                    await asyncio.sleep(seconds / self._pace)

    async def _try(self, function: Function, event: Event) -> Outcome | None:
        """None if the machine cannot run the function now: it has no disk, no descriptor, no
        process."""
        try:
            outcome = await self._callee.run(event)
        except (BonkeiError, OSError) as error:
            self._complain(function, str(error))
            return None
        finally:
            self._concurrency.give_back(function.arn)
        self._troubles.pop(function.arn, None)
        return outcome

    def _complain(self, function: Function, why: str) -> None:
        """Report it once, even if many events wait for the same reason."""
        if self._troubles.get(function.arn) != why:
            self._troubles[function.arn] = why
            self._report(f"events of {function.name} wait: {why}")

    async def _over(
        self, function: Function, event: Event, condition: Condition, outcome: Outcome | None
    ) -> None:
        settings = function.asynchronous
        succeeded = condition == "Success"
        if not succeeded:
            self._callee.measure(function, "AsyncEventsDropped", 1, "Count")
        if target := settings.on_success if succeeded else settings.on_failure:
            body = record(function, event, condition, outcome, time.time())
            await self._send(function, target, body, {}, "DestinationDeliveryFailures")
        if not succeeded and function.dead_letter_arn:
            text, attributes = dead_letter(event, outcome)
            arn = function.dead_letter_arn
            await self._send(function, arn, text, attributes, "DeadLetterErrors")

    async def _send(
        self, function: Function, target: str, body: Any, attributes: Mapping[str, str], metric: str
    ) -> None:
        """An undeliverable record is lost, as on AWS. The loss is reported and measured."""
        try:
            await self._deliver(function.role_arn, target, body, attributes)
        except BonkeiError as error:
            self._callee.measure(function, metric, 1, "Count")
            self._report(f"{function.name}: {target} refuses its event: {error.message}")
