"""A rehearsal: each alarm is provoked, and has to go to ALARM and back to OK.

A cause is real where there is one on this machine: a record that is written to the log group, a
request that goes around the distribution. Elsewhere metric data are injected, which the result
says, and taken away again. However it ends, nothing of it stays.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from bonkei.aws_service import AwsCall, AwsService, AwsServiceError, Caller
from bonkei.blueprint import Blueprint
from bonkei.blueprint.alarm import Alarm
from bonkei.blueprint.log_group import MetricFilter
from bonkei.errors import BonkeiError
from bonkei.monitor.alarm.engine import AnyAlarm, why_not_evaluated
from bonkei.monitor.alarm.evaluation import State
from bonkei.monitor.alarm.points import identity
from bonkei.monitor.metric.model import Datum, MetricId
from bonkei.monitor.monitor import Monitor
from bonkei.monitor.rehearsal import Chosen, record_for, values

STREAM = "bonkei-rehearsal"
_TICK = 0.5
_BASE = 20.0  # seconds that an alarm gets besides three times its periods
_MOST = 150.0
_EXTRA_REQUESTS = 3

Request = Callable[[], Awaitable[None]]


class RehearsalError(BonkeiError):
    """It cannot begin."""


@dataclass(slots=True)
class Result:
    """Of one alarm. Times in Unix seconds, 0 until it was there; `cause` says what was done."""

    name: str
    cause: str = ""
    injected: bool = False
    alarm_at: float = 0.0
    ok_at: float = 0.0
    alarm_reason: str = ""
    ok_reason: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list)
    problem: str = ""

    @property
    def both_ways(self) -> bool:
        """Whether it went to ALARM and back."""
        return bool(self.alarm_at and self.ok_at) and not self.problem


@dataclass(frozen=True, slots=True)
class World:
    """What causes are made with. `firewall`: a request that the web ACL blocks."""

    monitor: Monitor
    blueprint: Callable[[], Blueprint]
    services: Mapping[str, AwsService]
    firewall: Request | None = None


class Rehearsal:
    """`run` in a task; cancelling it cleans up as its end does."""

    def __init__(self, world: World, alarms: Sequence[AnyAlarm]) -> None:
        self._world = world
        self._monitor = world.monitor
        self._alarms = tuple(alarms)
        self.results = {alarm.name: Result(alarm.name) for alarm in alarms}
        self.is_over = False
        self._begun = time.time()
        self._before = {alarm.name: world.monitor.book.state(alarm.name).value for alarm in alarms}
        self._held: dict[MetricId, str] = {}
        self._streams: set[str] = set()
        self._injected: dict[str, tuple[int, bool]] = {}

    async def run(self) -> None:
        """At the same time for all alarms. Nothing of it stays."""
        try:
            jobs = [self._one(alarm) for alarm in self._prepared()]
            self._monitor.hurry((alarm.name for alarm in self._alarms), self._held)
            await asyncio.gather(*jobs)
        finally:
            self._drop_data()
            self._monitor.hurry(())
            self._take_back()
            self.is_over = True
            await self._remove_streams()

    def _take_back(self) -> None:
        """Of one that was broken off: whoever was told of an alarm is told that it is over."""
        for alarm in self._alarms:
            state = self._monitor.book.state(alarm.name).value
            if state is State.ALARM and self._before[alarm.name] is not State.ALARM:
                why = "The rehearsal of this alarm was broken off"
                with suppress(BonkeiError):  # it may be gone from the definitions by now
                    self._monitor.engine.set_state(alarm.name, State.OK, why, "", time.time())

    def _drop_data(self) -> None:
        """Or an alarm would rise once more, of what was only rehearsed."""
        for alarm in self._alarms:
            for metric in alarm.metrics() if isinstance(alarm, Alarm) else ():
                self._monitor.store.drop(identity(metric), self._begun)

    def snapshot(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "over": self.is_over,
            "results": [
                asdict(one) | {"both_ways": one.both_ways} for one in self.results.values()
            ],
        }

    def _prepared(self) -> list[AnyAlarm]:
        """Those that can be provoked; why not the others is in their results."""
        found: list[AnyAlarm] = []
        for alarm in self._alarms:
            result = self.results[alarm.name]
            if problem := why_not_evaluated(alarm):
                result.problem = f"not evaluated: {problem}"
                continue
            if isinstance(alarm, Alarm):
                self._choose(alarm, result)
            else:
                result.cause = f"the alarms of its rule: {alarm.rule}"
            if not result.problem:
                found.append(alarm)
        return found

    def _choose(self, alarm: Alarm, result: Result) -> None:
        one = self._filter_of(alarm)
        if one is not None and "logs" in self._world.services and record_for(one.pattern):
            result.cause = f"records that {one.pattern} matches, written to {one.log_group_name}"
        elif self._is_of_firewall(alarm):
            result.cause = "requests that go around the distribution, which the web ACL blocks"
        else:
            bad, good = values(alarm, bad=True), values(alarm, bad=False)
            if bad is None or good is None:
                result.problem = "no metric data were found that would raise it and let it go"
                return
            result.injected = True
            shown = ", ".join(f"{metric.name} {value:g}" for metric, (value, _) in bad.items())
            result.cause = f"injected metric data: {shown}"
            self._held.update(dict.fromkeys(bad, alarm.name))

    def _filter_of(self, alarm: Alarm) -> MetricFilter | None:
        metric = alarm.metric
        if metric is None:
            return None
        return next(
            (
                one
                for one in self._world.blueprint().metric_filters
                if (one.namespace, one.metric_name) == (metric.namespace, metric.name)
                and one.value == "1"
                and not one.dimensions
            ),
            None,
        )

    def _is_of_firewall(self, alarm: Alarm) -> bool:
        metric = alarm.metric
        return (
            self._world.firewall is not None
            and metric is not None
            and (metric.namespace, metric.name) == ("AWS/WAFV2", "BlockedRequests")
            and dict(metric.dimensions).get("Rule") == "ALL"
            and alarm.comparison.startswith("Greater")
        )

    async def _one(self, alarm: AnyAlarm) -> None:
        result = self.results[alarm.name]
        periods = alarm.evaluation_periods if isinstance(alarm, Alarm) else 1
        patience = min(_MOST, _BASE + 3 * periods)
        try:
            if self._monitor.book.state(alarm.name).value is State.ALARM:
                await self._until(alarm, State.OK, patience)
            result.alarm_at = await self._until(alarm, State.ALARM, patience)
            result.alarm_reason = self._monitor.book.state(alarm.name).reason
            result.ok_at = await self._until(alarm, State.OK, patience)
            result.ok_reason = self._monitor.book.state(alarm.name).reason
            self._monitor.engine.hurried -= {alarm.name}
        except TimeoutError:
            missing = "OK" if result.alarm_at else "ALARM"
            result.problem = f"it did not go to {missing} within {patience:.0f} s"
        except BonkeiError as error:
            result.problem = error.message
        await asyncio.sleep(0)
        result.messages = [
            asdict(sent)
            for sent in self._monitor.sent
            if sent.alarm == alarm.name and sent.time >= self._begun
        ]

    async def _until(self, alarm: AnyAlarm, state: State, seconds: float) -> float:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while self._monitor.book.state(alarm.name).value is not state:
            if loop.time() > end:
                raise TimeoutError
            if isinstance(alarm, Alarm):
                await self._push(alarm, bad=state is State.ALARM)
            await asyncio.sleep(_TICK)
        return self._monitor.book.state(alarm.name).since

    async def _push(self, alarm: Alarm, *, bad: bool) -> None:
        """Once in a while, until the state is there."""
        result = self.results[alarm.name]
        if result.injected:
            second = int(time.time())
            if self._injected.get(alarm.name) != (second, bad):
                self._injected[alarm.name] = (second, bad)
                self._inject(values(alarm, bad=bad) or {})
        elif (one := self._filter_of(alarm)) is not None and "logs" in self._world.services:
            if bad:
                await self._write(one, int(alarm.threshold or 0) + 1)
        elif bad and self._world.firewall is not None:
            for _ in range(int(alarm.threshold or 0) + _EXTRA_REQUESTS):
                await self._world.firewall()

    def _inject(self, chosen: Chosen) -> None:
        now = time.time()
        for metric, sample in chosen.items():
            self._monitor.inject(Datum(metric, now, (sample,), resolution=1))

    async def _write(self, one: MetricFilter, count: int) -> None:
        group = one.log_group_name
        record = record_for(one.pattern) or ""
        if group not in self._streams:
            self._streams.add(group)
            with suppress(AwsServiceError):
                await self._logs("CreateLogStream", logGroupName=group, logStreamName=STREAM)
        event = {"timestamp": int(time.time() * 1000), "message": record}
        try:
            await self._logs(
                "PutLogEvents", logGroupName=group, logStreamName=STREAM, logEvents=[event] * count
            )
        except AwsServiceError as error:
            raise RehearsalError(str(error)) from None

    async def _remove_streams(self) -> None:
        for group in self._streams:
            with suppress(AwsServiceError):
                await self._logs("DeleteLogStream", logGroupName=group, logStreamName=STREAM)

    async def _logs(self, operation: str, **parameters: Any) -> None:
        arn = next(iter(self._alarms)).arn
        region, account = (arn.split(":")[3:5]) if arn.count(":") >= 5 else ("", "")
        caller = Caller(f"arn:aws:iam::{account}:user/bonkei", "bonkei", account)
        call = AwsCall("logs", operation, parameters, caller, region, time.time())
        await self._world.services["logs"].answer(call)
