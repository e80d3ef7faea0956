"""Alarms over time: each is evaluated. Changes are stored, and their actions run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from math import inf

from bonkei.base.errors import BonkeiError
from bonkei.blueprint.cloudwatch import Alarm, CompositeAlarm
from bonkei.services.cloudwatch.alarm.book import AlarmBook, AlarmState, HistoryItem
from bonkei.services.cloudwatch.alarm.composite import Rule, alarms_of, holds, parse_rule
from bonkei.services.cloudwatch.alarm.evaluation import Criteria, State, evaluate
from bonkei.services.cloudwatch.alarm.message import Change
from bonkei.services.cloudwatch.alarm.points import Points, period_of, points_of
from bonkei.services.cloudwatch.alarm.reason import reason, reason_data, triggering
from bonkei.services.cloudwatch.alarm.settings import read, written
from bonkei.services.cloudwatch.alarm.suppression import Periods, Suppression, follow
from bonkei.services.cloudwatch.math.evaluate import check_queries
from bonkei.services.cloudwatch.metric.statistic import statistic
from bonkei.services.cloudwatch.metric.store import MetricStore

AnyAlarm = Alarm | CompositeAlarm
_NEAR = 600.0  # seconds between two times that are left out as one
DRILL, REHEARSAL = MARKS = ("Drill: ", "Rehearsal: ")
"""How the reason of a change begins that people have caused to practise."""
_ALWAYS_IGNORE = "AWS/DynamoDB"  # "Alarms that evaluate metrics in the AWS/DynamoDB namespace …"


class AlarmError(BonkeiError):
    """An alarm that does not exist, or that cannot exist."""


def why_not_evaluated(alarm: AnyAlarm) -> str:
    """Why an alarm is not simulated, or its mistake; empty if it is evaluated."""
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


def _told(state: AlarmState) -> dict[str, object]:
    """A state in the history of its alarm."""
    found: dict[str, object] = {"stateValue": state.value, "stateReason": state.reason}
    with suppress(ValueError, RecursionError):  # SetAlarmState takes any text
        found["stateReasonData"] = json.loads(state.data)
    return found


class AlarmEngine:
    """`compression`: how many of AWS's minutes pass in one minute here. `changed` is called with
    each change."""

    def __init__(
        self, store: MetricStore, book: AlarmBook, changed: Callable[[Change], None]
    ) -> None:
        self._store = store
        self._book = book
        self._changed = changed
        self._alarms: dict[str, AnyAlarm] = {}
        self._declared: set[str] = set()
        self.compression = 1
        self.hurried: Mapping[str, float] = {}
        """Alarms in a rehearsal: the seconds that one of their periods takes."""
        self.resting: frozenset[str] = frozenset()
        """Alarms that are not evaluated for now."""
        self.began = -inf
        """When data began to come: what is missing before it says nothing."""
        self.mark = ""
        """One of `MARKS`, while people practise."""
        self._since: dict[str, float] = {}
        """When the length of an alarm's period has changed: data of before says nothing."""
        self._blank: dict[str, tuple[float, float]] = {}
        for text in book.kept():
            with suppress(ValueError, TypeError, AttributeError):  # of another version's settings
                made = read(text)
                self._alarms[made.name] = made

    @property
    def alarms(self) -> tuple[AnyAlarm, ...]:
        """The alarms in order of name."""
        return tuple(self._alarms[name] for name in sorted(self._alarms))

    def alarm(self, name: str) -> AnyAlarm:
        """The alarm with this name. Raises AlarmError if there is none."""
        found = self._alarms.get(name)
        if found is None:
            raise AlarmError(f"there is no alarm {name}", remedy="`bonkei alarm list` shows them")
        return found

    def follow(self, declared: Iterable[AnyAlarm], now: float) -> None:
        """Follow the alarms of the definitions: new, changed and removed ones."""
        wanted = {alarm.name: alarm for alarm in declared}
        for gone in self._declared - wanted.keys():
            self.delete(gone, now)
        for alarm in wanted.values():
            self.put(alarm, now)
            if alarm.name not in self._declared:
                self._book.keep(alarm.name, None)
        self._declared = set(wanted)

    def make(self, alarm: AnyAlarm, now: float) -> None:
        """Store an alarm made by a call such as PutMetricAlarm. A restart keeps it. If the
        definitions declare an alarm with this name, the call's settings last until the definitions
        are followed again."""
        if alarm.name not in self._declared:
            self._book.keep(alarm.name, written(alarm))  # first: a full disk refuses the call
        self.put(alarm, now)

    def put(self, alarm: AnyAlarm, now: float) -> None:
        """A new alarm, or new settings of an existing one. An existing alarm keeps its state."""
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
        """A missing alarm is not an error, as on AWS."""
        if self._alarms.pop(name, None) is not None:
            self._book.forget(name)
            self._book.note(
                HistoryItem(name, now, "ConfigurationUpdate", f'Alarm "{name}" deleted')
            )

    def set_state(self, name: str, state: State, why: str, data: str, now: float) -> None:
        """SetAlarmState: it holds until the next evaluation."""
        self._change(self.alarm(name), state, why, data, now)
        self._composites(now)
        self.follow_suppressors(now)

    def evaluate(self, now: float) -> None:
        """Evaluate every alarm, at the end of a minute."""
        for alarm in tuple(self._alarms.values()):
            if isinstance(alarm, Alarm):
                self._metric_alarm(alarm, now)
        self._composites(now)
        self.follow_suppressors(now)

    def is_high_resolution(self) -> bool:
        """Whether some alarm must be evaluated every ten seconds."""
        return any(
            isinstance(alarm, Alarm) and period_of(alarm) < 60 for alarm in self._alarms.values()
        )

    def compress(self, factor: int, now: float) -> None:
        """Change the compression from now on."""
        self.compression = factor
        self._since = dict.fromkeys(self._alarms, now)

    def hurry(self, seconds: Mapping[str, float], resting: Iterable[str], now: float) -> None:
        """Let a period of these alarms take this many seconds from now on. Those that return to
        their own period leave out the time in between."""
        for name in self.hurried.keys() | seconds.keys():
            before, after = self.hurried.get(name), seconds.get(name)
            if before == after:
                continue
            if before is not None:
                self.leave_out([name], self._since.pop(name, now), now)
            if after is not None:
                self._since[name] = now
        self.hurried, self.resting = dict(seconds), frozenset(resting)

    def points(self, alarm: Alarm, now: float, most: int) -> Points:
        """The newest complete data points, oldest first."""
        period = period_of(alarm)
        hurried = self.hurried.get(alarm.name)
        compression = float(self.compression) if hurried is None else period / hurried
        step = max(1.0, min(period, 60) / compression)
        blank = self._blank.get(alarm.name) if hurried is None else None
        found = points_of(alarm, self._store, now // step * step, compression, most, blank)
        since = self._since.get(alarm.name, -inf)
        pairs = zip(found.values, found.starts, strict=True)
        return replace(found, values=tuple(v if start >= since else None for v, start in pairs))

    def leave_out(self, names: Iterable[str], begin: float, end: float) -> None:
        """Leave out the time in between for these alarms, so that their state depends neither on
        the rehearsed data nor on the missing data."""
        for name in names:
            before = self._blank.get(name)
            is_near = before is not None and begin - before[1] < _NEAR
            self._blank[name] = (min(before[0], begin) if before and is_near else begin, end)

    def _metric_alarm(self, alarm: Alarm, now: float) -> None:
        if alarm.name in self.resting or why_not_evaluated(alarm):
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
        if self._is_early(alarm, points.starts[-criteria.n]):
            criteria = replace(criteria, missing="ignore")
        if points.few and alarm.low_samples == "ignore":
            return
        before = self._book.state(alarm.name).value
        verdict = evaluate(points.values, criteria, before)
        if verdict.state is before:
            return
        counts = "DatapointsToAlarm" not in alarm.unset
        why = reason(verdict, points.values, points.starts, criteria, before, counts=counts)
        why = self._marked(alarm, why)
        data = reason_data(alarm, points, verdict, now)
        self._change(alarm, verdict.state, why, data, now)

    def _marked(self, alarm: AnyAlarm, why: str) -> str:
        """The reason of a change, with what people practise. The end of an alarm belongs to it,
        too."""
        before = self._book.state(alarm.name)
        begun = [mark for mark in MARKS if before.reason.startswith(mark)]
        return (self.mark or "".join(begun if before.value is State.ALARM else ())) + why

    def _is_early(self, alarm: Alarm, first: float) -> bool:
        """Whether the first period that is evaluated begins before the start, or before a change of
        the period's length: then missing data says nothing."""
        is_heartbeat = alarm.treat_missing_data == "breaching" and alarm.name not in self.hurried
        began = self.began if is_heartbeat else -inf
        return first < max(began, self._since.get(alarm.name, -inf))

    def _composites(self, now: float) -> None:
        """Repeat until nothing changes any more. Composite alarms may refer to each other, but not
        in a circle."""
        composites = [a for a in self._alarms.values() if isinstance(a, CompositeAlarm)]
        for _ in range(len(composites)):
            if not any(self._composite(alarm, now) for alarm in composites):
                return

    def _composite(self, alarm: CompositeAlarm, now: float) -> bool:
        if alarm.name in self.resting or why_not_evaluated(alarm):
            return False
        rule = parse_rule(alarm.rule)
        wanted = State.ALARM if holds(rule, self._book.states()) else State.OK
        if wanted is self._book.state(alarm.name).value:
            return False
        names = [name.partition(":alarm:")[2] or name for name in alarms_of(rule)]
        newest = max(names, key=lambda name: self._book.state(name).since, default="")
        children = self._children(rule)
        why, data = f"alarm rule {alarm.rule} is {str(wanted is State.ALARM).lower()}", ""
        if newest in self._alarms:
            state = self._book.state(newest)
            moment = datetime.fromtimestamp(state.since, UTC).strftime("%A %d %B, %Y %H:%M:%S UTC")
            arn = self._alarms[newest].arn
            why = f"{arn} transitioned to {state.value} at {moment}"
            data = triggering(arn, state.value, state.since)
            if wanted is State.OK:
                children = ((arn, str(state.value), state.since),)
        self._change(alarm, wanted, self._marked(alarm, why), data, now, children)
        return True

    def _children(self, rule: Rule) -> tuple[tuple[str, str, float], ...]:
        names = [name.partition(":alarm:")[2] or name for name in alarms_of(rule)]
        return tuple(
            (self._alarms[name].arn, str(state.value), state.since)
            for name in dict.fromkeys(names)
            if name in self._alarms and (state := self._book.state(name)).value is State.ALARM
        )

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
        suppression, suppressed_by = before.suppression, ""
        if isinstance(alarm, CompositeAlarm) and alarm.suppressor:
            known = replace(suppression, announced=suppression.announced or before.value.value)
            suppression, acts = self._suppression(alarm, known, value, now)
            suppressed_by = "" if acts else suppression.by or known.by
        after = replace(
            before, value=value, reason=why, data=data, since=since, suppression=suppression
        )
        if value is State.OK:
            after = replace(after, acknowledged_by="", acknowledged_at=0.0)
        summary = f"Alarm updated from {before.value} to {value}"
        detail = json.dumps(
            {
                "version": "1.0",
                "oldState": _told(before),
                "newState": _told(after),
            }
        )
        if before.value is value:
            self._book.set(alarm.name, after)
            return
        self._book.set(
            alarm.name, after, [HistoryItem(alarm.name, now, "StateUpdate", summary, detail)]
        )
        self._changed(Change(alarm, before, after, children, suppressed_by))

    def follow_suppressors(self, now: float) -> None:
        """Run suppressed actions as soon as nothing suppresses them any more."""
        for alarm in tuple(self._alarms.values()):
            if not isinstance(alarm, CompositeAlarm) or not alarm.suppressor:
                continue
            state = self._book.state(alarm.name)
            suppression, acts = self._suppression(alarm, state.suppression, state.value, now)
            if suppression != state.suppression:
                self._book.set(alarm.name, replace(state, suppression=suppression))
            if acts:
                before = replace(state, value=State(state.suppression.announced))
                after = replace(state, suppression=suppression)
                children = self._children(parse_rule(alarm.rule))
                resumed = state.suppression.by
                self._changed(Change(alarm, before, after, children, resumed=resumed))

    def deadline(self) -> float:
        """The end of the first period that suppresses actions; infinite if there is none."""
        ends = (
            self._book.state(alarm.name).suppression.until
            for alarm in self._alarms.values()
            if isinstance(alarm, CompositeAlarm) and alarm.suppressor
        )
        return min((end for end in ends if end), default=inf)

    def _suppression(
        self, alarm: CompositeAlarm, before: Suppression, state: State, now: float
    ) -> tuple[Suppression, bool]:
        name = alarm.suppressor.partition(":alarm:")[2] or alarm.suppressor
        hurried = self.hurried.get(alarm.name)
        compression = float(self.compression) if hurried is None else 60.0 / hurried
        periods = Periods(alarm.wait / compression, alarm.extension / compression)
        return follow(before, state, self._book.state(name).value, now, periods)
