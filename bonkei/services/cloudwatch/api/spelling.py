"""Converts values of the API to ours and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bonkei.base.aws_service import AwsServiceError
from bonkei.blueprint.cloudwatch import Alarm, CompositeAlarm, Metric, MetricQuery
from bonkei.services.cloudwatch.alarm.book import AlarmState
from bonkei.services.cloudwatch.alarm.points import period_of
from bonkei.services.cloudwatch.metric.model import UNITS
from bonkei.services.cloudwatch.metric.statistic import SIMPLE

Parameters = Mapping[str, Any]


def invalid(message: str) -> AwsServiceError:
    """The error for an invalid parameter."""
    return AwsServiceError("InvalidParameterValue", message)


def dimensions(listed: Any) -> tuple[tuple[str, str], ...]:
    """The dimensions in `[{Name, Value}]`, in order of name."""
    return tuple(sorted((one["Name"], one.get("Value", "")) for one in listed or ()))


def spelled(pairs: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    """The dimensions in the API's form."""
    return [{"Name": name, "Value": value} for name, value in pairs]


def unit_of(parameters: Parameters) -> str:
    """The unit that a call names, or empty. Raises AwsServiceError for one that does not exist."""
    unit = str(parameters.get("Unit") or "")
    if unit and unit not in UNITS:
        raise invalid(f"The parameter Unit must be a value in the set [ {', '.join(UNITS)} ].")
    return unit


def metric_of(parameters: Parameters) -> Metric:
    """The metric in a PutMetricAlarm call."""
    return Metric(
        parameters.get("Namespace", ""),
        parameters["MetricName"],
        dimensions(parameters.get("Dimensions")),
        parameters.get("Statistic") or parameters.get("ExtendedStatistic") or "",
        int(parameters.get("Period", 60)),
        unit_of(parameters),
    )


def queries_of(listed: Any, period: int = 60) -> tuple[MetricQuery, ...]:
    """MetricDataQueries, as alarms and GetMetricData have them."""
    found = []
    for one in listed or ():
        stat = one.get("MetricStat")
        metric = None
        if stat is not None:
            named = stat["Metric"]
            metric = Metric(
                named.get("Namespace", ""),
                named.get("MetricName", ""),
                dimensions(named.get("Dimensions")),
                stat["Stat"],
                int(stat.get("Period", period)),
                unit_of(stat),
            )
        found.append(
            MetricQuery(
                one["Id"],
                metric,
                one.get("Expression", ""),
                one.get("Label", ""),
                bool(one.get("ReturnData", True)),
            )
        )
    return tuple(found)


def described(alarm: Alarm | CompositeAlarm, state: AlarmState) -> dict[str, Any]:
    """The alarm in DescribeAlarms's form."""
    common: dict[str, Any] = {
        "AlarmName": alarm.name,
        "AlarmArn": alarm.arn,
        "AlarmDescription": alarm.description or None,
        "ActionsEnabled": alarm.actions_enabled,
        "OKActions": list(alarm.ok_actions),
        "AlarmActions": list(alarm.alarm_actions),
        "InsufficientDataActions": list(alarm.insufficient_data_actions),
        "StateValue": str(state.value),
        "StateReason": state.reason,
        "StateReasonData": state.data or None,
        "StateUpdatedTimestamp": state.since,
        "StateTransitionedTimestamp": state.since,
        "AlarmConfigurationUpdatedTimestamp": state.updated,
    }
    if isinstance(alarm, CompositeAlarm):
        return common | {"AlarmRule": alarm.rule} | _suppressor(alarm, state)
    settings = {
        "EvaluationPeriods": alarm.evaluation_periods,
        "DatapointsToAlarm": alarm.datapoints_to_alarm,
        "Threshold": alarm.threshold,
        "ComparisonOperator": alarm.comparison,
        "TreatMissingData": alarm.treat_missing_data,
    }
    found = common | {name: own for name, own in settings.items() if name not in alarm.unset}
    if alarm.metric is None:
        return found | {"Metrics": [_query(query) for query in alarm.queries]}
    simple = alarm.metric.statistic in SIMPLE
    return found | {
        "MetricName": alarm.metric.name,
        "Namespace": alarm.metric.namespace,
        "Dimensions": spelled(alarm.metric.dimensions),
        "Period": period_of(alarm),
        ("Statistic" if simple else "ExtendedStatistic"): alarm.metric.statistic,
        "Unit": alarm.metric.unit or None,
    }


def _suppressor(alarm: CompositeAlarm, state: AlarmState) -> dict[str, Any]:
    if not alarm.suppressor:
        return {}
    by = state.suppression.by
    return {
        "ActionsSuppressor": alarm.suppressor,
        "ActionsSuppressorWaitPeriod": int(alarm.wait),
        "ActionsSuppressorExtensionPeriod": int(alarm.extension),
        "ActionsSuppressedBy": by or None,
        "ActionsSuppressedReason": f"Actions suppressed by {by}" if by else None,
    }


def _query(query: MetricQuery) -> dict[str, Any]:
    found: dict[str, Any] = {"Id": query.id, "ReturnData": query.returns_data}
    if query.label:
        found["Label"] = query.label
    if query.metric is None:
        return found | {"Expression": query.expression}
    return found | {
        "MetricStat": {
            "Metric": {
                "Namespace": query.metric.namespace,
                "MetricName": query.metric.name,
                "Dimensions": spelled(query.metric.dimensions),
            },
            "Period": query.metric.period,
            "Stat": query.metric.statistic,
            "Unit": query.metric.unit or None,
        }
    }
