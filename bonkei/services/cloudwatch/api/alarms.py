"""The operations on alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bonkei.base.aws_service import AwsCall, AwsServiceError, seconds
from bonkei.base.errors import BonkeiError
from bonkei.base.paging import page, start_of, token_of
from bonkei.blueprint.cloudwatch import Alarm, CompositeAlarm
from bonkei.services.cloudwatch.alarm.composite import alarms_of, parse_rule
from bonkei.services.cloudwatch.alarm.engine import AlarmError, AnyAlarm, why_not_evaluated
from bonkei.services.cloudwatch.alarm.evaluation import COMPARISONS, TREATMENTS, State
from bonkei.services.cloudwatch.alarm.points import period_of
from bonkei.services.cloudwatch.api.spelling import (
    Parameters,
    described,
    dimensions,
    invalid,
    metric_of,
    queries_of,
)
from bonkei.services.cloudwatch.monitor import Monitor

_PAGE = 50
_DAY = 86400
_WEEK = 7 * _DAY
_ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")


class AlarmOperations:
    """The operations on the monitor's alarms."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self._engine = monitor.engine

    async def put_metric_alarm(self, call: AwsCall) -> Mapping[str, Any]:
        """Refuses the alarms that CloudWatch would refuse, and alarms that are
        not simulated."""
        given = call.parameters
        for name in ("ComparisonOperator", "EvaluationPeriods"):
            if name not in given:
                raise AwsServiceError("MissingParameter", f"The parameter {name} is required.")
        if given["ComparisonOperator"] not in COMPARISONS or given.get("ThresholdMetricId"):
            raise invalid("Anomaly detection is not simulated: it learns from weeks of data.")
        treatment = given.get("TreatMissingData", "missing")
        if treatment not in TREATMENTS:
            raise invalid(f"The value {treatment} for parameter TreatMissingData is invalid.")
        periods = int(given["EvaluationPeriods"])
        alarm = Alarm(
            address="",
            arn=_arn(call, given["AlarmName"]),
            name=given["AlarmName"],
            comparison=given["ComparisonOperator"],
            threshold=float(given.get("Threshold", 0)),
            evaluation_periods=periods,
            datapoints_to_alarm=int(given.get("DatapointsToAlarm", periods)),
            metric=metric_of(given) if given.get("MetricName") else None,
            queries=queries_of(given.get("Metrics"), int(given.get("Period", 60))),
            treat_missing_data=treatment,
            low_samples=given.get("EvaluateLowSampleCountPercentile", "evaluate"),
            unset=tuple(n for n in ("DatapointsToAlarm", "TreatMissingData") if n not in given),
            **_common(given),
            tags=self._tags(given),
        )
        _require_possible(alarm)
        self._monitor.make(alarm, call.time)
        return {}

    async def put_composite_alarm(self, call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        alarm = CompositeAlarm(
            address="",
            arn=_arn(call, given["AlarmName"]),
            name=given["AlarmName"],
            rule=given["AlarmRule"],
            suppressor=given.get("ActionsSuppressor", ""),
            wait=float(given.get("ActionsSuppressorWaitPeriod", 0)),
            extension=float(given.get("ActionsSuppressorExtensionPeriod", 0)),
            **_common(given),
            tags=self._tags(given),
        )
        _require_periods(given)
        try:
            parse_rule(alarm.rule)
        except BonkeiError as error:
            raise AwsServiceError("ValidationError", error.message) from None
        self._monitor.make(alarm, call.time)
        return {}

    def _tags(self, given: Parameters) -> tuple[tuple[str, str], ...]:
        """Those of a new alarm; one that exists keeps its own ("PutMetricAlarm")."""
        known = [one.tags for one in self._engine.alarms if one.name == given["AlarmName"]]
        return known[0] if known else _pairs(given.get("Tags"))

    def _tagged(self, arn: str) -> AnyAlarm:
        for one in self._engine.alarms:
            if one.arn == arn:
                return one
        raise AwsServiceError("ResourceNotFoundException", f"There is no alarm {arn}.", 404)

    async def tag_resource(self, call: AwsCall) -> Mapping[str, Any]:
        alarm = self._tagged(call.parameters["ResourceARN"])
        tags = {**dict(alarm.tags), **dict(_pairs(call.parameters["Tags"]))}
        self._monitor.make(replace(alarm, tags=tuple(tags.items())), call.time)
        return {}

    async def untag_resource(self, call: AwsCall) -> Mapping[str, Any]:
        alarm, gone = self._tagged(call.parameters["ResourceARN"]), call.parameters["TagKeys"]
        left = tuple((key, value) for key, value in alarm.tags if key not in gone)
        self._monitor.make(replace(alarm, tags=left), call.time)
        return {}

    async def list_tags_for_resource(self, call: AwsCall) -> Mapping[str, Any]:
        """None of what is not there."""
        arn = call.parameters["ResourceARN"]
        tags = next((one.tags for one in self._engine.alarms if one.arn == arn), ())
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags]}

    async def delete_alarms(self, call: AwsCall) -> Mapping[str, Any]:
        for name in call.parameters["AlarmNames"]:
            self._engine.delete(name, call.time)
        return {}

    async def describe_alarms(self, call: AwsCall) -> Mapping[str, Any]:
        """Metric alarms, and composite ones if the caller asks for them."""
        given = call.parameters
        kinds = given.get("AlarmTypes") or ["MetricAlarm"]
        chosen = relatives_of(self._engine.alarms, given)
        if chosen is None:
            chosen = [
                alarm
                for alarm in self._engine.alarms
                if _kind(alarm) in kinds and self._is_wanted(alarm, given)
            ]
        size = int(given.get("MaxRecords") or _PAGE)
        alarms, more = page(chosen, given.get("NextToken"), size, "InvalidNextToken")
        answer: dict[str, Any] = {"MetricAlarms": [], "CompositeAlarms": [], "LogAlarms": []}
        for alarm in alarms:
            whole = described(alarm, self._monitor.book.state(alarm.name))
            answer[f"{_kind(alarm)}s"].append(shown(whole, given))
        return answer | {"NextToken": more}

    def _is_wanted(self, alarm: AnyAlarm, given: Parameters) -> bool:
        names, prefix = given.get("AlarmNames"), given.get("AlarmNamePrefix", "")
        actions = given.get("ActionPrefix", "")
        state = given.get("StateValue")
        return (
            (not names or alarm.name in names)
            and alarm.name.startswith(prefix)
            and (not state or self._monitor.book.state(alarm.name).value == state)
            and (not actions or any(arn.startswith(actions) for arn in alarm.alarm_actions))
        )

    async def describe_alarms_for_metric(self, call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        statistic = given.get("Statistic") or given.get("ExtendedStatistic")
        wanted = (given["Namespace"], given["MetricName"], dimensions(given.get("Dimensions")))
        found = [
            described(alarm, self._monitor.book.state(alarm.name))
            for alarm in self._engine.alarms
            if isinstance(alarm, Alarm)
            and any(
                (m.namespace, m.name, m.dimensions) == wanted
                and statistic in (None, m.statistic)
                and given.get("Period") in (None, m.period)
                and given.get("Unit") in (None, m.unit)
                for m in alarm.metrics()
            )
        ]
        return {"MetricAlarms": found}

    async def describe_alarm_history(self, call: AwsCall) -> Mapping[str, Any]:
        """The newest first unless asked otherwise. Without AlarmTypes "only
        metric alarms are returned"; a deleted alarm counts as one."""
        given = call.parameters
        kinds = {alarm.name: _kind(alarm) for alarm in self._engine.alarms}
        wanted = given.get("AlarmTypes") or ["MetricAlarm"]
        begin = seconds(given["StartDate"]) if given.get("StartDate") else 0.0
        end = seconds(given["EndDate"]) if given.get("EndDate") else 1e12
        first = start_of(given.get("NextToken"), "InvalidNextToken")
        size = int(given.get("MaxRecords") or 100)
        items = self._monitor.book.history(
            given.get("AlarmName"), given.get("HistoryItemType"), begin, end, size + 1, first,
            oldest_first=given.get("ScanBy") == "TimestampAscending",
            wanted=lambda name: kinds.get(name, "MetricAlarm") in wanted,
        )  # fmt: skip
        return {
            "AlarmHistoryItems": [
                {
                    "AlarmName": item.alarm,
                    "AlarmType": kinds.get(item.alarm, "MetricAlarm"),
                    "Timestamp": item.time,
                    "HistoryItemType": item.kind,
                    "HistorySummary": item.summary,
                    "HistoryData": item.data or None,
                }
                for item in items[:size]
            ],
            "NextToken": token_of(first + size) if len(items) > size else None,
        }

    async def set_alarm_state(self, call: AwsCall) -> Mapping[str, Any]:
        """Until the next evaluation."""
        given = call.parameters
        try:
            self._engine.set_state(
                given["AlarmName"],
                State(given["StateValue"]),
                given["StateReason"],
                given.get("StateReasonData", ""),
                call.time,
            )
        except AlarmError:  # AWS says no more
            raise AwsServiceError("ResourceNotFound", "", 404) from None
        return {}

    async def enable_alarm_actions(self, call: AwsCall) -> Mapping[str, Any]:
        return self._set_actions(call, enabled=True)

    async def disable_alarm_actions(self, call: AwsCall) -> Mapping[str, Any]:
        return self._set_actions(call, enabled=False)

    def _set_actions(self, call: AwsCall, *, enabled: bool) -> Mapping[str, Any]:
        names = set(call.parameters["AlarmNames"])
        for alarm in self._engine.alarms:
            if alarm.name in names:
                self._monitor.make(replace(alarm, actions_enabled=enabled), call.time)
        return {}


def _pairs(listed: Any) -> tuple[tuple[str, str], ...]:
    return tuple((tag["Key"], tag["Value"]) for tag in listed or ())


def _kind(alarm: AnyAlarm) -> str:
    return "MetricAlarm" if isinstance(alarm, Alarm) else "CompositeAlarm"


def _arn(call: AwsCall, name: str) -> str:
    return f"arn:aws:cloudwatch:{call.region}:{call.caller.account}:alarm:{name}"


def _common(given: Parameters) -> dict[str, Any]:
    actions = (tuple(sorted(given.get(name) or ())) for name in _ACTIONS)
    names = ("alarm_actions", "ok_actions", "insufficient_data_actions")
    return dict(zip(names, actions, strict=True)) | {
        "actions_enabled": given.get("ActionsEnabled", True),
        "description": given.get("AlarmDescription", ""),
    }


def _require_periods(given: Parameters) -> None:
    """PutCompositeAlarm: "WaitPeriod is required only when ActionsSuppressor is specified."."""
    if given.get("ActionsSuppressor"):
        for name in ("ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod"):
            if name not in given:
                raise AwsServiceError(
                    "ValidationError", f"{name} is required when ActionsSuppressor is specified."
                )


def _require_possible(alarm: Alarm) -> None:
    if problem := why_not_evaluated(alarm):
        raise AwsServiceError("ValidationError", problem)
    if alarm.metric is None and sum(query.returns_data for query in alarm.queries) != 1:
        raise AwsServiceError(
            "ValidationError", "Exactly one element of the metrics list should return data."
        )
    if alarm.datapoints_to_alarm > alarm.evaluation_periods:
        raise AwsServiceError(
            "ValidationError", "DatapointsToAlarm must not be greater than EvaluationPeriods."
        )
    # Expressions without a metric have a period, too: without it, nothing would limit its times.
    for period in [metric.period for metric in alarm.metrics()] or [period_of(alarm)]:
        if period not in (1, 5, 10, 20, 30) and period % 60:
            raise invalid(f"The value {period} for parameter Period is invalid.")
        length = period * alarm.evaluation_periods
        if length > (_DAY if period < _DAY // 24 else _WEEK):
            raise AwsServiceError(
                "ValidationError",
                "Metrics cannot be checked across more than a day"
                " (EvaluationPeriods * Period must be <= 86400).",
            )


_CHILDREN, _PARENTS = "ChildrenOfAlarmName", "ParentsOfAlarmName"
_SHOWN = {
    _CHILDREN: ("AlarmName", "AlarmArn", "StateValue", "StateUpdatedTimestamp"),
    _PARENTS: ("AlarmName", "AlarmArn"),
}
"""All that AWS describes of a related alarm ("DescribeAlarms", CloudWatch API Reference)."""


def relatives_of(alarms: Sequence[AnyAlarm], given: Parameters) -> list[AnyAlarm] | None:
    """For ChildrenOfAlarmName, the alarms that the rule of a composite alarm names; for
    ParentsOfAlarmName, the composite alarms whose rules name an alarm. None if the call asks for
    neither. Raises AwsServiceError if it asks for more."""
    asked = next((name for name in _SHOWN if given.get(name)), "")
    if not asked:
        return None
    if others := sorted({*given} - {asked, "MaxRecords", "NextToken"}):
        message = f"{asked} cannot be given together with {', '.join(others)}."
        raise AwsServiceError("ValidationError", message)
    name = given[asked]
    if asked == _PARENTS:
        return [one for one in alarms if name in _children(one)]
    children = {child for one in alarms if one.name == name for child in _children(one)}
    return [one for one in alarms if one.name in children]


def shown(described: dict[str, Any], given: Parameters) -> dict[str, Any]:
    """The members of a described alarm that this call shows."""
    for asked, members in _SHOWN.items():
        if given.get(asked):
            return {name: described[name] for name in members}
    return described


def _children(alarm: AnyAlarm) -> set[str]:
    if not isinstance(alarm, CompositeAlarm):
        return set()
    try:
        rule = parse_rule(alarm.rule)
    except BonkeiError:  # it is not evaluated, and the notes say so
        return set()
    return {name.partition(":alarm:")[2] or name for name in alarms_of(rule)}
