"""CloudWatch's message about an alarm's change: for a topic, and for the event bus.

"Notifying users on alarm changes" and "Alarm events and EventBridge",
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bonkei.base.arn import Arn
from bonkei.blueprint.cloudwatch import Alarm, CompositeAlarm, Metric, MetricQuery
from bonkei.services.cloudwatch.alarm.book import AlarmState
from bonkei.services.cloudwatch.alarm.points import period_of
from bonkei.services.cloudwatch.metric.statistic import SIMPLE

# "Regional endpoints": the names of regions in messages.
_REGIONS = {
    "af-south-1": "Africa (Cape Town)",
    "ap-east-1": "Asia Pacific (Hong Kong)",
    "ap-northeast-1": "Asia Pacific (Tokyo)",
    "ap-northeast-2": "Asia Pacific (Seoul)",
    "ap-northeast-3": "Asia Pacific (Osaka)",
    "ap-south-1": "Asia Pacific (Mumbai)",
    "ap-southeast-1": "Asia Pacific (Singapore)",
    "ap-southeast-2": "Asia Pacific (Sydney)",
    "ca-central-1": "Canada (Central)",
    "eu-central-1": "EU (Frankfurt)",
    "eu-north-1": "EU (Stockholm)",
    "eu-south-1": "EU (Milan)",
    "eu-west-1": "EU (Ireland)",
    "eu-west-2": "EU (London)",
    "eu-west-3": "EU (Paris)",
    "sa-east-1": "South America (Sao Paulo)",
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-west-1": "US West (N. California)",
    "us-west-2": "US West (Oregon)",
}


@dataclass(frozen=True, slots=True)
class Change:
    """An alarm changed its state. `children`: the alarms that decided a composite alarm, each as
    ARN, state and time. `suppressed_by`: why its actions are suppressed, or empty. `resumed`: why
    the actions of an earlier change were suppressed until now, or empty."""

    alarm: Alarm | CompositeAlarm
    before: AlarmState
    after: AlarmState
    children: tuple[tuple[str, str, float], ...] = ()
    suppressed_by: str = ""
    resumed: str = ""

    @property
    def actions(self) -> tuple[str, ...]:
        """The ARNs that receive the new state; none if actions are not enabled."""
        if not self.alarm.actions_enabled:
            return ()
        return {
            "ALARM": self.alarm.alarm_actions,
            "OK": self.alarm.ok_actions,
            "INSUFFICIENT_DATA": self.alarm.insufficient_data_actions,
        }[self.after.value]


def subject(change: Change) -> str:
    """The subject of the e-mail."""
    region = Arn.of(change.alarm.arn).region
    text = f'{change.after.value}: "{change.alarm.name}" in {_REGIONS.get(region, region)}'
    return text[:100]  # as long as SNS takes it


def message(change: Change) -> str:
    """The message to a topic, in JSON."""
    alarm = change.alarm
    region = Arn.of(alarm.arn).region
    common: dict[str, Any] = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description or None,
        "AWSAccountId": Arn.of(alarm.arn).account,
        "AlarmConfigurationUpdatedTimestamp": _stamp(change.after.updated),
        "NewStateValue": str(change.after.value),
        "NewStateReason": change.after.reason,
        "StateChangeTime": _stamp(change.after.since),
        "Region": _REGIONS.get(region, region),
        "AlarmArn": alarm.arn,
        "OldStateValue": str(change.before.value),
        "OKActions": list(alarm.ok_actions),
        "AlarmActions": list(alarm.alarm_actions),
        "InsufficientDataActions": list(alarm.insufficient_data_actions),
    }
    if isinstance(alarm, Alarm):
        return json.dumps(common | {"Trigger": _trigger(alarm)})
    children = [
        {"Arn": arn, "State": {"Value": value, "Timestamp": _stamp(since)}}
        for arn, value, since in change.children
    ]
    return json.dumps(common | {"AlarmRule": alarm.rule, "TriggeringChildren": children})


def _trigger(alarm: Alarm) -> dict[str, Any]:
    ends = {
        "Period": period_of(alarm),
        "EvaluationPeriods": alarm.evaluation_periods,
        "DatapointsToAlarm": alarm.datapoints_to_alarm,
        "ComparisonOperator": alarm.comparison,
        "Threshold": alarm.threshold,
        "TreatMissingData": alarm.treat_missing_data,
        "EvaluateLowSampleCountPercentile": "" if alarm.low_samples == "evaluate" else "ignore",
    }
    if "DatapointsToAlarm" in alarm.unset:
        del ends["DatapointsToAlarm"]
    if alarm.metric is None:
        return ends | {"Metrics": [_query(query) for query in alarm.queries]}
    metric = alarm.metric
    kind = (
        {"StatisticType": "Statistic", "Statistic": _LOUD.get(metric.statistic, "")}
        if metric.statistic in SIMPLE
        else {"StatisticType": "ExtendedStatistic", "ExtendedStatistic": metric.statistic}
    )
    return {
        "MetricName": metric.name,
        "Namespace": metric.namespace,
        **kind,
        "Unit": metric.unit or None,
        "Dimensions": _dimensions(metric),
        **ends,
    }


_LOUD = {
    "SampleCount": "SAMPLE_COUNT",
    "Average": "AVERAGE",
    "Sum": "SUM",
    "Minimum": "MINIMUM",
    "Maximum": "MAXIMUM",
}


def _dimensions(metric: Metric) -> list[dict[str, str]]:
    return [{"value": value, "name": name} for name, value in metric.dimensions]


def _query(query: MetricQuery) -> dict[str, Any]:
    found: dict[str, Any] = {"Id": query.id, "ReturnData": query.returns_data}
    if query.label:
        found["Label"] = query.label
    if query.metric is None:
        return found | {"Expression": query.expression}
    metric = query.metric
    return found | {
        "MetricStat": {
            "Metric": {
                "Dimensions": _dimensions(metric),
                "MetricName": metric.name,
                "Namespace": metric.namespace,
            },
            "Period": metric.period,
            "Stat": metric.statistic,
            **({"Unit": metric.unit} if metric.unit else {}),
        }
    }


def event(change: Change) -> dict[str, Any]:
    """The event "CloudWatch Alarm State Change"."""
    alarm = change.alarm
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": Arn.of(alarm.arn).account,
        "time": datetime.fromtimestamp(change.after.since, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": Arn.of(alarm.arn).region,
        "resources": [alarm.arn],
        "detail": {
            "alarmName": alarm.name,
            "state": _event_state(change.after, change.suppressed_by),
            "previousState": _event_state(change.before, change.resumed),
            "configuration": _configuration(alarm),
        },
    }


def call_of_function(change: Change) -> str:
    """The event that a function gets as an alarm's action.

    "Lambda alarm actions" in "Using Amazon CloudWatch alarms" (User Guide).
    """
    arn = Arn.of(change.alarm.arn)
    found = {
        "source": "aws.cloudwatch",
        "alarmArn": change.alarm.arn,
        "accountId": arn.account,
        "time": _stamp(change.after.since),
        "region": arn.region,
        "alarmData": event(change)["detail"],
    }
    return json.dumps(found)


def _event_state(state: AlarmState, suppressed_by: str) -> dict[str, Any]:
    found = {
        "value": str(state.value),
        "reason": state.reason,
        "timestamp": _stamp(state.since),
    }
    if suppressed_by:
        found["actionsSuppressedBy"] = suppressed_by
        found["actionsSuppressedReason"] = f"Actions suppressed by {suppressed_by}"
    return found | ({"reasonData": state.data} if state.data else {})


def _configuration(alarm: Alarm | CompositeAlarm) -> dict[str, Any]:
    description = {"description": alarm.description} if alarm.description else {}
    if isinstance(alarm, CompositeAlarm):
        return description | {"alarmRule": alarm.rule} | _suppressor(alarm)
    if alarm.metric is not None:
        return description | {"metrics": [_event_metric(alarm.arn, alarm.metric, shown=True)]}
    return description | {
        "metrics": [
            _event_metric(query.id, query.metric, shown=query.returns_data)
            if query.metric is not None
            else {
                "id": query.id,
                "expression": query.expression,
                "returnData": query.returns_data,
            }
            for query in alarm.queries
        ]
    }


def _suppressor(alarm: CompositeAlarm) -> dict[str, Any]:
    if not alarm.suppressor:
        return {}
    return {
        "actionsSuppressor": alarm.suppressor,
        "actionsSuppressorWaitPeriod": int(alarm.wait),
        "actionsSuppressorExtensionPeriod": int(alarm.extension),
    }


def _event_metric(identity: str, metric: Metric, *, shown: bool) -> dict[str, Any]:
    if identity.startswith("arn:"):
        identity = str(uuid.uuid5(uuid.NAMESPACE_URL, identity))
    return {
        "id": identity,
        "metricStat": {
            "metric": {
                "namespace": metric.namespace,
                "name": metric.name,
                "dimensions": dict(metric.dimensions),
            },
            "period": metric.period,
            "stat": metric.statistic,
            **({"unit": metric.unit} if metric.unit else {}),
        },
        "returnData": shown,
    }


def _stamp(moment: float) -> str:
    found = datetime.fromtimestamp(moment, UTC)
    return found.strftime("%Y-%m-%dT%H:%M:%S.") + f"{found.microsecond // 1000:03d}+0000"
