"""Log groups and alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bonkei.definitions.refresh.values import Ask, Changed, Json, Reader, compared, in_groups

_AT_ONCE = 100  # names of a DescribeAlarms
_OF_ANY = {
    "actions_enabled": "ActionsEnabled",
    "alarm_actions": "AlarmActions",
    "alarm_description": "AlarmDescription",
    "insufficient_data_actions": "InsufficientDataActions",
    "ok_actions": "OKActions",
}
_OF_METRIC = _OF_ANY | {
    "comparison_operator": "ComparisonOperator",
    "datapoints_to_alarm": "DatapointsToAlarm",
    "evaluation_periods": "EvaluationPeriods",
    "extended_statistic": "ExtendedStatistic",
    "metric_name": "MetricName",
    "namespace": "Namespace",
    "period": "Period",
    "statistic": "Statistic",
    "threshold": "Threshold",
    "treat_missing_data": "TreatMissingData",
    "unit": "Unit",
}
_OF_COMPOSITE = _OF_ANY | {"alarm_rule": "AlarmRule"}


def _log_groups(states: Sequence[Json], ask: Ask) -> Changed:
    for before in states:
        name = before["name"]
        found = ask("logs", "DescribeLogGroups", {"logGroupNamePrefix": name})
        named = [one for one in found.get("logGroups", ()) if one["logGroupName"] == name]
        yield from compared(before, _log_group(named[0]) if named else None)


def _log_group(answer: Json) -> dict[str, Any]:
    return {
        "retention_in_days": answer.get("retentionInDays", 0),
        "kms_key_id": answer.get("kmsKeyId", ""),
    }


def _metric_alarms(states: Sequence[Json], ask: Ask) -> Changed:
    found = _described(states, "MetricAlarm", ask)
    for before in states:
        now = found.get(before["alarm_name"])
        yield from compared(before, None if now is None else _metric_alarm(now))


def _composite_alarms(states: Sequence[Json], ask: Ask) -> Changed:
    found = _described(states, "CompositeAlarm", ask)
    for before in states:
        now = found.get(before["alarm_name"])
        yield from compared(before, None if now is None else _named(now, _OF_COMPOSITE))


def _described(states: Sequence[Json], kind: str, ask: Ask) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for names in in_groups([each["alarm_name"] for each in states], _AT_ONCE):
        given = {"AlarmNames": names, "AlarmTypes": [kind], "MaxRecords": _AT_ONCE}
        answer = ask("cloudwatch", "DescribeAlarms", given)
        found |= {one["AlarmName"]: one for one in answer.get(f"{kind}s", ())}
    return found


def _named(answer: Json, members: Mapping[str, str]) -> dict[str, Any]:
    return {attribute: answer.get(member) for attribute, member in members.items()}


def _metric_alarm(answer: Json) -> dict[str, Any]:
    return _named(answer, _OF_METRIC) | {
        "dimensions": _dimensions(answer),
        "metric_query": [_query(one) for one in answer.get("Metrics", ())],
    }


def _query(answer: Json) -> dict[str, Any]:
    stat = answer.get("MetricStat")
    return {
        "account_id": answer.get("AccountId"),
        "expression": answer.get("Expression"),
        "id": answer["Id"],
        "label": answer.get("Label"),
        "metric": [] if stat is None else [_metric(stat)],
        "period": answer.get("Period"),
        "return_data": answer.get("ReturnData", True),
    }


def _metric(stat: Json) -> dict[str, Any]:
    return {
        "dimensions": _dimensions(stat["Metric"]),
        "metric_name": stat["Metric"]["MetricName"],
        "namespace": stat["Metric"].get("Namespace"),
        "period": stat["Period"],
        "stat": stat["Stat"],
        "unit": stat.get("Unit"),
    }


def _dimensions(answer: Json) -> dict[str, str]:
    return {one["Name"]: one["Value"] for one in answer.get("Dimensions", ())}


READERS: Mapping[str, Reader] = {
    "aws_cloudwatch_log_group": _log_groups,
    "aws_cloudwatch_metric_alarm": _metric_alarms,
    "aws_cloudwatch_composite_alarm": _composite_alarms,
}
