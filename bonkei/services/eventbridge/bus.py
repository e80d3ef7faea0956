"""The event bus: an event reaches the targets of the matching rules, or their dead letters."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from bonkei.base.background import Background
from bonkei.base.errors import BonkeiError
from bonkei.blueprint.sns import EventRule, EventTarget
from bonkei.services.eventbridge.catalogue import Catalogue
from bonkei.services.eventbridge.failures import Failure, failure_of, letter, metrics
from bonkei.services.eventbridge.rules import Delivery, Rules

_WAITS = (1.0, 2.0, 4.0, 8.0)
"""Seconds before each further try. EventBridge retries for a day; people do not wait that long
here."""
_MOST = 10_000  # deliveries under way
_MOST_CHARACTERS = 64 * 1024 * 1024  # of their payloads
_MINUTE = 60
_MOST_LATE = 600.0  # seconds; schedules of earlier minutes are left out

Deliver = Callable[[EventTarget, str, Mapping[str, str]], Awaitable[None]]
"""Hands a payload to a target. A dead letter has attributes. Raises a BonkeiError if the target
does not take it."""
Count = Callable[[EventRule, str], None]
"""Counts one in a metric of a rule or schedule."""


def minutes_since(last: float, this: float) -> tuple[float, ...]:
    """The minutes to carry out after `last`, until `this`. After a long sleep of the machine, only
    the newest. A clock that was set back a little repeats none; after more, it counts from there.
    """
    if abs(this - last) > _MOST_LATE:
        return (this,)
    return tuple(last + _MINUTE * (number + 1) for number in range(int((this - last) // _MINUTE)))


class EventBus:
    """Call `put` from the event loop's thread. `start` lets schedules fire."""

    def __init__(
        self,
        deliver: Deliver,
        clock: Callable[[], float] = time.time,
        waits: tuple[float, ...] = _WAITS,
        count: Count = lambda _rule, _metric: None,
    ) -> None:
        self._deliver = deliver
        self._count = count
        self._clock = clock
        self._waits = waits
        self._rules = Rules()
        self.catalogue = Catalogue()
        self._tasks = Background()
        self._loop: asyncio.Task[None] | None = None
        self._has_schedules = False
        self._over: set[str] = set()  # schedules that ask to be deleted
        self.delivered: dict[str, float] = {}
        """When an event of each rule last reached a target, by the rule's name (Unix seconds)."""
        self._held = 0  # characters of the payloads under way
        self._failed = 0
        self._last_failure = ""
        self._lost = 0
        self._last_lost = ""

    def follow(self, declared: Iterable[EventRule]) -> None:
        """The rules and schedules of the definitions."""
        self.catalogue.follow(declared)
        self.refresh()

    def refresh(self) -> None:
        """Follow a change of the catalogue."""
        rules = self.catalogue.rules
        self._has_schedules = any(rule.schedule and rule.enabled for rule in rules)
        self._rules.follow(rules, self._clock())

    def start(self) -> None:
        """Let schedules fire from now on."""
        self._loop = asyncio.create_task(self._run())

    def put(self, event: dict[str, Any]) -> None:
        """Send an event to every target of every matching rule."""
        self._send(self._rules.of_event(event, self._clock()))

    def lose(self, bus: str) -> None:
        """An event for a bus that is not here."""
        self._lost += 1
        self._last_lost = bus

    def minute(self, begun: float) -> None:
        """Deliver to the targets of every schedule that is due in the minute that begins then."""
        due = tuple(self._rules.of_minute(begun))
        self._send(due)
        self._over |= {
            one.rule.arn
            for one in due
            if one.rule.is_deleted_after and one.rule.schedule.startswith("at(")
        }
        for arn in tuple(self._over):
            with suppress(OSError):  # a full disk: it may have space in the next minute
                self.catalogue.remove(arn)
                self._over.discard(arn)
                self.refresh()

    async def stop(self) -> None:
        """Give up the deliveries under way."""
        tasks = [*self._tasks, *([self._loop] if self._loop is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def notes(self) -> tuple[str, ...]:
        """Rules that EventBridge would refuse, and failed deliveries."""
        found = [f"{address}: {why}" for address, why in self._rules.problems.items()]
        if self._failed:
            found.append(
                f"{self._failed} events were not delivered, the last: {self._last_failure}"
            )
        if self._lost:
            found.append(
                f"{self._lost} events were put on another bus than default, the last on "
                f"{self._last_lost}: no rule sees them"
            )
        return tuple(found)

    async def _run(self) -> None:
        """Sleeps for whole minutes. Without a schedule it costs nothing. Each minute comes once, on
        a busy machine late."""
        last = self._clock() // _MINUTE * _MINUTE
        while True:
            now = self._clock()
            await asyncio.sleep((now // _MINUTE + 1) * _MINUTE - now)
            this = self._clock() // _MINUTE * _MINUTE
            due = minutes_since(last, this)
            if due and due[0] < last:
                self._rules.set_back(this)
            for last in due:
                if self._has_schedules:
                    self.minute(last)

    def _send(self, deliveries: Iterable[Delivery]) -> None:
        for delivery in deliveries:
            size = 2 * len(delivery.payload)  # the event is held, too, for a dead letter
            if len(self._tasks) >= _MOST or self._held + size > _MOST_CHARACTERS:
                self._fail(delivery, "too many deliveries are under way")
                continue
            self._held += size
            self._tasks.start(self._try(delivery)).add_done_callback(partial(self._over_with, size))

    def _over_with(self, size: int, _: asyncio.Task[None]) -> None:
        self._held -= size

    async def _try(self, delivery: Delivery) -> None:
        failure, buried = await self._attempts(delivery), None
        if failure is None:
            self.delivered[delivery.rule.name] = self._clock()
        elif delivery.target.dead_letters:
            buried = await self._bury(delivery, failure)
        for name in metrics(delivery, failure, buried):
            self._count(delivery.rule, name)
        if failure is not None and not buried:
            self._fail(delivery, failure.message)

    async def _attempts(self, delivery: Delivery) -> Failure | None:
        """The last failure; None once the target has the payload."""
        target, begun, failure = delivery.target, self._clock(), None
        waits = self._waits if target.retries < 0 else self._waits[: target.retries]
        for tries, wait in enumerate((0.0, *waits)):
            if failure and 0 <= target.event_age < self._clock() - begun + wait:
                break
            await asyncio.sleep(wait)
            try:
                await self._deliver(target, delivery.payload, {})
            except (BonkeiError, OSError) as error:
                failure = failure_of(error, tries)
                if failure.is_final:
                    break
            else:
                return None
        return failure

    async def _bury(self, delivery: Delivery, failure: Failure) -> bool:
        """A rule's letters come from EventBridge, a schedule's from its role."""
        target = delivery.target
        role = target.role_arn if delivery.is_scheduled else ""
        queue = EventTarget("", target.dead_letters, role, rule_arn=target.rule_arn)
        with suppress(BonkeiError, OSError):
            await self._deliver(queue, *letter(delivery, failure))
            return True
        return False

    def _fail(self, delivery: Delivery, problem: str) -> None:
        self._failed += 1
        self._last_failure = f"{delivery.rule.name} to {delivery.target.arn}: {problem}"
