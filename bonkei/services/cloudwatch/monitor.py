"""CloudWatch's life cycle: metrics come in, minutes pass, alarms change, their actions run."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from bonkei.base.background import Background
from bonkei.base.clocks import has_passed
from bonkei.base.events import AlarmStateChanged, Bus, LogEventsIngested
from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudwatch import Alarm
from bonkei.services.cloudwatch.acting import Acting
from bonkei.services.cloudwatch.alarm.book import AlarmBook
from bonkei.services.cloudwatch.alarm.engine import (
    AlarmEngine,
    AlarmError,
    AnyAlarm,
    why_not_evaluated,
)
from bonkei.services.cloudwatch.alarm.evaluation import State
from bonkei.services.cloudwatch.alarm.message import Change, event
from bonkei.services.cloudwatch.alarm.points import identity
from bonkei.services.cloudwatch.clock import COMPRESSIONS, step_of
from bonkei.services.cloudwatch.filters import MetricFilters
from bonkei.services.cloudwatch.metric.disk import SqliteDisk
from bonkei.services.cloudwatch.metric.model import Datum, MetricId
from bonkei.services.cloudwatch.metric.store import MetricError, MetricStore
from bonkei.services.cloudwatch.values import AlarmSnapshot, Around, MonitorSnapshot

AGE_SECONDS = 600.0
FLUSH_SECONDS = 10.0
_MOST_LATE = 50_000  # values of held metrics
MOST_WHO = 80  # characters of who acknowledges


class Monitor:
    """Call `start` once, `follow` with each blueprint, and always `stop`. Use it on the event
    loop's thread only."""

    def __init__(
        self, directory: Path | None, bus: Bus, around: Around, compression: int = 1
    ) -> None:
        disk = SqliteDisk(directory / "metrics.sqlite") if directory is not None else None
        self.store = MetricStore(disk)
        self.book = AlarmBook(directory / "alarms.sqlite" if directory is not None else None)
        self.engine = AlarmEngine(self.store, self.book, self._on_change)
        self.engine.compression = compression
        self.directory = directory
        self._around = around
        self._held: frozenset[MetricId] = frozenset()
        self._held_since = 0.0
        self._late: list[Datum] = []
        self._late_values = 0
        self._filters = MetricFilters()
        self._measured: frozenset[tuple[str, str]] = frozenset()
        self._bus = bus
        self._undo: Callable[[], None] = lambda: None
        self._made = self._listens_since = around.clock()
        self._loop = Background()
        self.acting = Acting(around, self.book)
        self._woken = asyncio.Event()
        self._flushed = self._aged = around.clock()
        self._refused = 0

    @property
    def compression(self) -> int:
        """How many of AWS's minutes pass in one minute here."""
        return self.engine.compression

    def acknowledge(self, name: str, who: str) -> None:
        """Note who works on an alarm, until it is OK again. CloudWatch has no such thing, so no
        action changes by it. Raises AlarmError unless it is in ALARM."""
        state = self.book.state(name)
        if state.value is not State.ALARM:
            raise AlarmError(f"{name} is {state.value}", remedy="only an alarm in ALARM waits")
        if not who or len(who) > MOST_WHO:
            raise AlarmError(f"a name has 1 to {MOST_WHO} characters", remedy="write who you are")
        now = self._around.clock()
        self.book.set(name, replace(state, acknowledged_by=who, acknowledged_at=now))

    def compress(self, factor: int) -> None:
        """Change the compression from now on. Raises ValueError if the factor is not one of
        `COMPRESSIONS`."""
        if factor not in COMPRESSIONS:
            raise ValueError(factor)
        self._count()
        self.engine.compress(factor, self._around.clock())
        self._woken.set()

    def start(self) -> None:
        """Evaluate each minute from now on, and announce the states that the last run has left."""
        self.listen()
        for alarm in self.engine.alarms:
            self._bus.publish(AlarmStateChanged(alarm.name, self.book.state(alarm.name).value))
        self._loop.start(self._run())

    def listen(self) -> None:
        """Turn log events into metrics from now on. Those of the start are ignored: a program that
        waits for another one writes errors, and an alarm must not take them for those of a release.
        A log driver may bring them later."""
        self._listens_since = self.engine.began = self._around.clock()
        self._undo = self._bus.subscribe(LogEventsIngested, self._on_log_events)

    def follow(self, blueprint: Blueprint, measured: frozenset[tuple[str, str]]) -> None:
        """`measured`: namespace and name of the metrics that the miniature measures."""
        self._filters = MetricFilters(blueprint.metric_filters)
        self._measured = measured | {
            (one.namespace, one.metric_name) for one in blueprint.metric_filters
        }
        alarms: list[AnyAlarm] = [*blueprint.alarms, *blueprint.composite_alarms]
        step = self._step()
        self.engine.follow(alarms, self._around.clock())
        self._keep_pace(step)

    def make(self, alarm: AnyAlarm, now: float) -> None:
        """An alarm of a call."""
        step = self._step()
        self.engine.make(alarm, now)
        self._keep_pace(step)

    def _keep_pace(self, step: float) -> None:
        """The first alarm with periods of seconds does not wait for the end of the minute."""
        if self._step() < step and self._loop:
            self._count()
            self._woken.set()

    def hurry(self, seconds: Mapping[str, float], resting: Iterable[str] = ()) -> None:
        """Let a period of these alarms take this many seconds, and do not evaluate the alarms in
        `resting`. A call without names ends both."""
        if not self.is_hurried:
            self._count()
        self.engine.hurry(seconds, resting, self._around.clock())
        self._woken.set()

    def _count(self) -> None:
        """Measure until now: what a minute has counted must not fall into one second of it."""
        for datum in self._around.measure(self._around.clock(), 0.0):
            self.put(datum)

    def practise(self, mark: str) -> None:
        """Begin the reason of each change with this, one of `MARKS`; empty ends it."""
        self.engine.mark = mark

    def hold(self, metrics: Iterable[MetricId]) -> None:
        """For these metrics, only injected data counts until the next call. After that, measured
        data counts again."""
        for metric in self._held:
            self.store.drop(metric, self._held_since)
        late, self._late, self._late_values = self._late, [], 0
        self._held = frozenset(metrics)
        self._held_since = self._around.clock()
        for datum in late:
            self.put(datum)

    def forget_since(self, metrics: Iterable[MetricId], begin: float) -> None:
        """Drop the metrics' data from `begin` on. For the alarms that use them, this time does not
        exist."""
        gone = frozenset(metrics)
        for metric in gone:
            self.store.drop(metric, begin)
        names = [
            alarm.name
            for alarm in self.engine.alarms
            if isinstance(alarm, Alarm) and gone & {identity(one) for one in alarm.metrics()}
        ]
        self.engine.leave_out(names, begin, self._around.clock())

    @property
    def is_hurried(self) -> bool:
        """Whether something is rehearsed, so that a second counts."""
        return bool(self.engine.hurried or self.engine.resting)

    def put(self, datum: Datum) -> None:
        """Put one datum. With compressed time, data is kept by the second, because minutes are only
        seconds long."""
        if datum.metric not in self._held:
            self.inject(datum)
        elif self._late_values < _MOST_LATE:
            self._late_values += 1 + len(datum.values)
            self._late.append(datum)

    def inject(self, datum: Datum) -> None:
        """Put a datum, also of a held metric."""
        if (self.compression > 1 or self.is_hurried) and datum.resolution != 1:
            datum = replace(datum, resolution=1)
        try:
            self.store.put(datum, self._around.clock())
        except MetricError:
            self._refused += 1

    def tick(self, now: float) -> None:
        """Evaluate the end of a minute, or of ten seconds if an alarm has such periods."""
        step = self._step()
        for datum in self._around.measure(now, step):
            self.put(datum)
        for datum in self._filters.defaults(now):
            self.put(datum)
        self.engine.evaluate(now)
        if has_passed(FLUSH_SECONDS, self._flushed, now):
            self._flushed = now
            self.store.flush()
        if has_passed(AGE_SECONDS, self._aged, now):
            self._aged = now
            with suppress(sqlite3.OperationalError):  # the disk is full: an hour later they fit
                self.book.age(now)
                self.store.age(now)

    async def stop(self) -> None:
        """Stop the minutes, wait for running actions, and write everything to disk."""
        await self.rest()
        self.close()

    async def rest(self) -> None:
        """Stop the minutes, and wait for running actions. Calls are still answered."""
        self._undo()
        await self._loop.stop()
        await self.acting.stop()

    def close(self) -> None:
        """Write everything to disk."""
        self.store.close()
        self.book.close()

    def snapshot(self) -> MonitorSnapshot:
        """The snapshot for `bonkei status` and `bonkei alarm`."""
        alarms = []
        for alarm in self.engine.alarms:
            state = self.book.state(alarm.name)
            alarms.append(
                AlarmSnapshot(
                    alarm.name,
                    state.value,
                    state.since,
                    state.reason,
                    why_not_evaluated(alarm),
                    state.acknowledged_by,
                    state.acknowledged_at,
                )
            )
        notes = [f"{address}: {why}" for address, why in self._filters.broken.items()]
        if self._refused:
            notes.append(f"{self._refused} data points were refused: there are too many metrics")
        if self.book.problem:
            notes.append(f"the alarms' states are not on disk: {self.book.problem}")
        return MonitorSnapshot(
            tuple(alarms),
            len(self.store.metrics()),
            self.compression,
            self._not_measured(),
            tuple(notes),
            self.acting.failed,
        )

    def _not_measured(self) -> tuple[str, ...]:
        """Metrics in AWS's own namespaces that are not measured; programs put the others."""
        seen: set[MetricId] = set(self.store.metrics())
        missing = {
            f"{metric.namespace} {metric.name}"
            for alarm in self.engine.alarms
            if isinstance(alarm, Alarm)
            for metric in alarm.metrics()
            if metric.namespace.startswith(("AWS/", "ECS/"))
            and (metric.namespace, metric.name) not in self._measured
            and identity(metric) not in seen
        }
        return tuple(sorted(missing))

    def _step(self) -> float:
        if self.is_hurried:
            return 1.0
        return step_of(self.compression, quick=self.engine.is_high_resolution())

    async def _run(self) -> None:
        while True:
            step = self._step()
            now = self._around.clock()
            due = (now // step + 1) * step
            until = min(due, self.engine.deadline())
            # Not `wait_for`: in Python 3.11 it loses a cancellation that comes together with the
            # event.
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, until - now)):
                    await self._woken.wait()
            if self._woken.is_set():
                self._woken.clear()
                continue
            if until < due:
                self.engine.follow_suppressors(max(self._around.clock(), until))
                continue
            try:
                self.tick(max(self._around.clock(), due))  # a timer may be some milliseconds early
            except Exception as error:  # report it, and keep measuring
                context = {
                    "message": f"bonkei.services.cloudwatch: a minute: {error}",
                    "exception": error,
                }
                asyncio.get_running_loop().call_exception_handler(context)

    def _on_log_events(self, ingested: LogEventsIngested) -> None:
        # An event's time has whole milliseconds: one of the first millisecond is of the start, too.
        begin, end = int(self._made * 1000), self._listens_since * 1000
        events = [one for one in ingested.events if not begin <= one.timestamp < end]
        for datum in self._filters.read(ingested.log_group, events):
            self.put(datum)

    def _on_change(self, change: Change) -> None:
        self._bus.publish(AlarmStateChanged(change.alarm.name, change.after.value))
        self._around.put_event(event(change))
        self.acting.begin(change)
