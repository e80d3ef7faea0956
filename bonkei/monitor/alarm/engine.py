"""Alarms over time: each is evaluated, changes are written down and acted on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime

from bonkei.blueprint.alarm import Alarm, CompositeAlarm
from bonkei.errors import BonkeiError
from bonkei.monitor.alarm.book import AlarmBook, AlarmState, HistoryItem
from bonkei.monitor.alarm.composite import alarms_of, holds, parse_rule
from bonkei.monitor.alarm.evaluation import Criteria, State, Verdict, evaluate
from bonkei.monitor.alarm.message import Change
from bonkei.monitor.alarm.points import Points, period_of, points_of
from bonkei.monitor.alarm.reason import reason
from bonkei.monitor.math.evaluate import check_queries
from bonkei.monitor.metric.statistic import statistic
from bonkei.monitor.metric.store import MetricStore

AnyAlarm = Alarm | CompositeAlarm
_ALWAYS_IGNORE = "AWS/DynamoDB"  # "Alarms that evaluate metrics in the AWS/DynamoDB namespace …"


class AlarmError(BonkeiError):
    """An alarm that does not exist, or that cannot exist."""


def why_not_evaluated(alarm: AnyAlarm) -> str:
    """Why an alarm is not simulated, or its mistake; empty when it is evaluated."""
    try:
        if isinstance(alarm, CompositeAlarm):
            parse_rule(alarm.rule)
            return ""
        if alarm.threshold is None:
            return "anomaly detection is not simulated: it learns from weeks of data"
        for metric in alarm.metrics():
            statistic(metric.statistic)
        if alarm.metric is None:
            check_queries(alarm.queries)
    except BonkeiError as error:
        return error.message
    return ""


class AlarmEngine:
    """`compression`: AWS's minutes in one minute here. `changed` receives each change."""

    def __init__(
        self, store: MetricStore, book: AlarmBook, changed: Callable[[Change], None]
    ) -> None:
        self._store = store
        self._book = book
        self._changed = changed
        self._alarms: dict[str, AnyAlarm] = {}
        self._declared: set[str] = set()
        self.compression = 1
        self.hurried: frozenset[str] = frozenset()
        """Alarms that are rehearsed: one of their periods takes a second."""

    @property
    def alarms(self) -> tuple[AnyAlarm, ...]:
        """By name."""
        return tuple(self._alarms[name] for name in sorted(self._alarms))

    def alarm(self, name: str) -> AnyAlarm:
        """By its name; AlarmError when it does not exist."""
        found = self._alarms.get(name)
        if found is None:
            raise AlarmError(f"there is no alarm {name}", remedy="`bonkei alarm list` shows them")
        return found

    def follow(self, declared: Iterable[AnyAlarm], now: float) -> None:
        """The alarms of the definitions: new, changed and gone ones."""
        wanted = {alarm.name: alarm for alarm in declared}
        for gone in self._declared - wanted.keys():
            self.delete(gone, now)
        for alarm in wanted.values():
            self.put(alarm, now)
        self._declared = set(wanted)

    def put(self, alarm: AnyAlarm, now: float) -> None:
        """A new alarm, or new settings of one. An existing alarm keeps its state."""
        known = self._alarms.get(alarm.name)
        self._alarms[alarm.name] = alarm
        state = self._book.state(alarm.name)
        if not self._book.is_known(alarm.name):
            state = AlarmState(since=now, updated=now)
            item = HistoryItem(
                alarm.name, now, "ConfigurationUpdate", f'Alarm "{alarm.name}" created'
            )
            self._book.set(alarm.name, state, [item])
        elif known is not None and known != alarm:
            item = HistoryItem(
                alarm.name, now, "ConfigurationUpdate", f'Alarm "{alarm.name}" updated'
            )
            self._book.set(alarm.name, replace(state, updated=now), [item])

    def delete(self, name: str, now: float) -> None:
        """A missing alarm is no error, as on AWS."""
        if self._alarms.pop(name, None) is not None:
            self._book.forget(name)
            self._book.note(
                HistoryItem(name, now, "ConfigurationUpdate", f'Alarm "{name}" deleted')
            )

    def set_state(self, name: str, state: State, why: str, data: str, now: float) -> None:
        """SetAlarmState: it holds until the next evaluation."""
        self._change(self.alarm(name), state, why, data, now)
        self._composites(now)

    def evaluate(self, now: float) -> None:
        """Every alarm, at the end of a minute."""
        for alarm in tuple(self._alarms.values()):
            if isinstance(alarm, Alarm):
                self._metric_alarm(alarm, now)
        self._composites(now)

    def is_high_resolution(self) -> bool:
        """Whether an alarm has to be evaluated every ten seconds."""
        return any(
            isinstance(alarm, Alarm) and period_of(alarm) < 60 for alarm in self._alarms.values()
        )

    def points(self, alarm: Alarm, now: float, most: int) -> Points:
        """The newest data points that are whole, oldest first."""
        period = period_of(alarm)
        compression = float(period if alarm.name in self.hurried else self.compression)
        step = max(1.0, min(period, 60) / compression)
        return points_of(alarm, self._store, now // step * step, compression, most)

    def _metric_alarm(self, alarm: Alarm, now: float) -> None:
        if why_not_evaluated(alarm):
            return
        assert alarm.threshold is not None  # noqa: S101 - such an alarm is not evaluated
        only_dynamodb = all(metric.namespace == _ALWAYS_IGNORE for metric in alarm.metrics())
        criteria = Criteria(
            alarm.comparison,
            alarm.threshold,
            alarm.datapoints_to_alarm,
            alarm.evaluation_periods,
            "ignore" if only_dynamodb else alarm.treat_missing_data,
        )
        try:
            points = self.points(alarm, now, criteria.evaluation_range)
        except BonkeiError:
            return  # such as a division of numbers by zero: no data, and no change
        if points.few and alarm.low_samples == "ignore":
            return
        before = self._book.state(alarm.name).value
        verdict = evaluate(points.values, criteria, before)
        if verdict.state is before:
            return
        why = reason(verdict, points.values, points.starts, criteria, before)
        data = _reason_data(alarm, points, verdict, now)
        self._change(alarm, verdict.state, why, data, now)

    def _composites(self, now: float) -> None:
        """Until nothing changes any more: they may look at each other, and not in a circle."""
        composites = [a for a in self._alarms.values() if isinstance(a, CompositeAlarm)]
        for _ in range(len(composites)):
            if not any(self._composite(alarm, now) for alarm in composites):
                return

    def _composite(self, alarm: CompositeAlarm, now: float) -> bool:
        if why_not_evaluated(alarm):
            return False
        rule = parse_rule(alarm.rule)
        wanted = State.ALARM if holds(rule, self._book.states()) else State.OK
        if wanted is self._book.state(alarm.name).value:
            return False
        names = [name.partition(":alarm:")[2] or name for name in alarms_of(rule)]
        newest = max(names, key=lambda name: self._book.state(name).since, default="")
        children = tuple(
            (self._alarms[name].arn, str(state.value), state.since)
            for name in dict.fromkeys(names)
            if name in self._alarms and (state := self._book.state(name)).value is State.ALARM
        )
        why = f"alarm rule {alarm.rule} is {str(wanted is State.ALARM).lower()}"
        if newest in self._alarms:
            state = self._book.state(newest)
            moment = datetime.fromtimestamp(state.since, UTC).strftime("%A %d %B, %Y %H:%M:%S UTC")
            why = f"{self._alarms[newest].arn} transitioned to {state.value} at {moment}"
        self._change(alarm, wanted, why, "", now, children)
        return True

    def _change(
        self,
        alarm: AnyAlarm,
        value: State,
        why: str,
        data: str,
        now: float,
        children: tuple[tuple[str, str, float], ...] = (),
    ) -> None:
        before = self._book.state(alarm.name)
        since = before.since if before.value is value else now
        after = AlarmState(value, why, data, since, before.updated)
        summary = f"Alarm updated from {before.value} to {value}"
        detail = json.dumps(
            {
                "version": "1.0",
                "oldState": {"stateValue": before.value, "stateReason": before.reason},
                "newState": {"stateValue": value, "stateReason": why},
            }
        )
        if before.value is value:
            self._book.set(alarm.name, after)
            return
        self._book.set(
            alarm.name, after, [HistoryItem(alarm.name, now, "StateUpdate", summary, detail)]
        )
        self._changed(Change(alarm, before, after, children))

    def is_suppressed(self, alarm: AnyAlarm) -> bool:
        """Whether a composite alarm's suppressor keeps its actions back."""
        if not isinstance(alarm, CompositeAlarm) or not alarm.suppressor:
            return False
        name = alarm.suppressor.partition(":alarm:")[2] or alarm.suppressor
        return self._book.state(name).value is State.ALARM


def _reason_data(alarm: Alarm, points: Points, verdict: Verdict, now: float) -> str:
    """StateReasonData, as CloudWatch writes it."""
    found: dict[str, object] = {
        "version": "1.0",
        "queryDate": _iso(now),
        "startDate": _iso(points.starts[verdict.used[0]]) if verdict.used else None,
        "statistic": alarm.metric.statistic if alarm.metric else None,
        "period": period_of(alarm),
        "recentDatapoints": [points.values[index] for index in verdict.used],
        "threshold": alarm.threshold,
    }
    evaluated = [
        {"timestamp": _iso(points.starts[index]), "value": points.values[index]}
        for index in reversed(verdict.used)
    ]
    return json.dumps(
        {name: value for name, value in found.items() if value is not None}
        | {"evaluatedDatapoints": evaluated}
    )


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
