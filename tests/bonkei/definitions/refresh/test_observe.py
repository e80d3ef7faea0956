"""What calls have changed of alarms, log groups and rules since the last apply."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bonkei.base.aws_service import AwsServiceError
from bonkei.definitions.refresh.observe import Observed, in_words, observe

ALARM = {
    "id": "app-cpu",
    "arn": "app-cpu",
    "alarm_name": "app-cpu",
    "actions_enabled": True,
    "alarm_actions": ["arn:b", "arn:a"],
    "alarm_description": "",
    "comparison_operator": "GreaterThanThreshold",
    "datapoints_to_alarm": 0,
    "dimensions": None,
    "evaluation_periods": 2,
    "extended_statistic": "",
    "insufficient_data_actions": None,
    "metric_name": "CPU",
    "metric_query": [],
    "namespace": "AWS/ECS",
    "ok_actions": None,
    "period": 60,
    "statistic": "Average",
    "threshold": 80,
    "treat_missing_data": "missing",
    "unit": "",
}
SUM = {
    "id": "m1",
    "account_id": "",
    "expression": "",
    "label": "",
    "period": 0,
    "return_data": True,
    "metric": [
        {
            "dimensions": {"q": "work"},
            "metric_name": "Sent",
            "namespace": "AWS/SQS",
            "period": 60,
            "stat": "Sum",
            "unit": "",
        }
    ],
}
MATH = {
    **ALARM,
    "id": "app-math",
    "alarm_name": "app-math",
    "metric_name": "",
    "namespace": "",
    "statistic": "",
    "period": 0,
    "metric_query": [SUM],
}
STATES: Mapping[str, list[dict[str, Any]]] = {
    "aws_cloudwatch_log_group": [
        {
            "id": "/app/web",
            "arn": "/app/web",
            "name": "/app/web",
            "retention_in_days": 7,
            "kms_key_id": "",
            "tags": {"own": "a"},
            "tags_all": {"own": "a", "Service": "app"},
        }
    ],
    "aws_cloudwatch_metric_alarm": [ALARM, MATH],
    "aws_cloudwatch_composite_alarm": [
        {
            "id": "app",
            "arn": "app",
            "alarm_name": "app",
            "actions_enabled": True,
            "alarm_rule": "ALARM(app-cpu)",
        },
    ],
    "aws_cloudwatch_event_rule": [
        {
            "id": "failed",
            "name": "failed",
            "event_bus_name": "default",
            "state": "ENABLED",
            "is_enabled": None,
            "event_pattern": '{"source":["aws.ecs"]}',
            "schedule_expression": "",
            "description": None,
        },
    ],
    "aws_cloudwatch_event_target": [
        {
            "id": "failed-slack",
            "rule": "failed",
            "event_bus_name": "default",
            "target_id": "slack",
            "arn": "arn:topic",
            "role_arn": "",
            "input": "",
        },
    ],
    "aws_sns_topic_policy": [
        {"id": "arn:t", "arn": "arn:t", "policy": '{"Statement": ["t"]}'},
        {"id": "arn:elsewhere", "arn": "arn:elsewhere", "policy": "{}"},
    ],
    "aws_s3_bucket_policy": [{"id": "b", "bucket": "b", "policy": '{"Statement": ["b"]}'}],
    "aws_sqs_queue": [
        {
            "id": "q",
            "url": "q",
            "delay_seconds": 0,
            "message_retention_seconds": 60,
            "receive_wait_time_seconds": 0,
            "visibility_timeout_seconds": 30,
            "redrive_policy": "",
        }
    ],
    "aws_sqs_queue_policy": [{"id": "q", "queue_url": "q", "policy": '{"Statement": ["q"]}'}],
}
STATE = {
    "resources": [
        {
            "mode": "managed",
            "module": "module.app",
            "type": kind,
            "name": "this",
            "instances": [
                {"index_key": each["id"], "attributes": each}
                if len(found) > 1
                else {"attributes": each}
                for each in found
            ],
        }
        for kind, found in STATES.items()
    ]
}


class Account:
    """An account as the last apply left it; a test changes the answers."""

    def __init__(self) -> None:
        of_any = {
            "ActionsEnabled": True,
            "EvaluationPeriods": 2,
            "Threshold": 80.0,
            "TreatMissingData": "missing",
            "ComparisonOperator": "GreaterThanThreshold",
            "AlarmActions": ["arn:a", "arn:b"],
        }
        stat = {
            "Metric": {
                "Namespace": "AWS/SQS",
                "MetricName": "Sent",
                "Dimensions": [{"Name": "q", "Value": "work"}],
            },
            "Period": 60,
            "Stat": "Sum",
        }
        self.groups = {"/app/web": 7, "/app/web-2": 1}
        self.alarms: dict[str, dict[str, Any]] = {
            "app-cpu": of_any
            | {"MetricName": "CPU", "Namespace": "AWS/ECS", "Period": 60, "Statistic": "Average"},
            "app-math": of_any
            | {"Metrics": [{"Id": "m1", "MetricStat": stat, "ReturnData": True}]},
            "app": {"ActionsEnabled": True, "AlarmRule": "ALARM(app-cpu)"},
        }
        self.rules = {"failed": {"State": "ENABLED", "EventPattern": '{ "source": ["aws.ecs"] }'}}
        self.tags = {"/app/web": {"own": "a", "Service": "app"}}
        self.buckets = {"b": '{"Statement":["b"]}'}
        self.topics = {"arn:t": '{"Statement":["t"]}'}
        self.queues = {
            "q": {
                "DelaySeconds": "0",
                "MessageRetentionPeriod": "60",
                "ReceiveMessageWaitTimeSeconds": "0",
                "VisibilityTimeout": "30",
                "Policy": '{"Statement":["q"]}',
            }
        }
        self.targets = {"failed": {"slack": {"Id": "slack", "Arn": "arn:topic"}}}

    def ask(self, service: str, operation: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        if operation.startswith("ListTags") or operation == "ListQueueTags":
            (resource,) = given.values()
            found = self.tags.get(resource, {})
            if service != "cloudwatch":
                return {"tags": found}
            return {"Tags": [{"Key": key, "Value": value} for key, value in found.items()]}
        if service == "s3":
            if given["Bucket"] not in self.buckets:
                raise AwsServiceError("NoSuchBucketPolicy", "it is gone", 404)
            return {"Policy": self.buckets[given["Bucket"]]}
        return self._described(service, operation, given)

    def _described(
        self, service: str, operation: str, given: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        match service, operation:
            case "logs", "DescribeLogGroups":
                prefix = given["logGroupNamePrefix"]
                return {
                    "logGroups": [
                        {"logGroupName": name, "retentionInDays": days}
                        if days
                        else {"logGroupName": name}
                        for name, days in self.groups.items()
                        if name.startswith(prefix)
                    ]
                }
            case "cloudwatch", "DescribeAlarms":
                (kind,) = given["AlarmTypes"]
                found = [
                    {"AlarmName": name} | one
                    for name, one in self.alarms.items()
                    if name in given["AlarmNames"]
                    and ("AlarmRule" in one) == (kind == "CompositeAlarm")
                ]
                return {f"{kind}s": found}
            case "events", "DescribeRule" if given["Name"] in self.rules:
                return self.rules[given["Name"]]
            case "events", "ListTargetsByRule" if given["Rule"] in self.rules:
                return {"Targets": list(self.targets[given["Rule"]].values())}
            case "sns", "GetTopicAttributes" if given["TopicArn"] == "arn:elsewhere":
                raise AwsServiceError("InvalidParameter", "Invalid parameter: TopicArn")
            case "sns", "GetTopicAttributes" if given["TopicArn"] in self.topics:
                return {"Attributes": {"Policy": self.topics[given["TopicArn"]]}}
            case "sqs", "GetQueueAttributes" if given["QueueUrl"] in self.queues:
                return {"Attributes": self.queues[given["QueueUrl"]]}
            case "sqs", "GetQueueAttributes":
                raise AwsServiceError("com.amazonaws.sqs#QueueDoesNotExist", "it is gone")
            case "sns", "GetTopicAttributes":
                raise AwsServiceError("NotFound", "it is gone")
        raise AwsServiceError("ResourceNotFoundException", f"{operation}: {given}")


@pytest.fixture
def account() -> Account:
    return Account()


def test_what_the_last_apply_has_made_is_unchanged(account: Account) -> None:
    assert observe(STATE, account.ask) == {}


def _retention(account: Account, days: int) -> None:
    account.groups["/app/web"] = days


def _alarm(account: Account, name: str, **changes: Any) -> None:
    account.alarms[name] = account.alarms[name] | changes


@pytest.mark.parametrize(
    ("change", "observed"),
    [
        pytest.param(
            lambda a: _retention(a, 1),
            {"aws_cloudwatch_log_group": {"/app/web": {"retention_in_days": 1}}},
            id="retention",
        ),
        pytest.param(
            lambda a: _retention(a, 0),
            {"aws_cloudwatch_log_group": {"/app/web": {"retention_in_days": 0}}},
            id="no retention",
        ),
        pytest.param(
            lambda a: a.groups.pop("/app/web"),
            {"aws_cloudwatch_log_group": {"/app/web": None}},
            id="no group",
        ),
        pytest.param(
            lambda a: _alarm(a, "app-cpu", Threshold=95.0, AlarmActions=["arn:a"]),
            {
                "aws_cloudwatch_metric_alarm": {
                    "app-cpu": {"threshold": 95.0, "alarm_actions": ["arn:a"]}
                }
            },
            id="threshold and actions",
        ),
        pytest.param(
            lambda a: _alarm(a, "app-cpu", Dimensions=[{"Name": "c", "Value": "x"}]),
            {"aws_cloudwatch_metric_alarm": {"app-cpu": {"dimensions": {"c": "x"}}}},
            id="dimensions",
        ),
        pytest.param(
            lambda a: _alarm(a, "app-math", Metrics=[]),
            {"aws_cloudwatch_metric_alarm": {"app-math": {"metric_query": []}}},
            id="metric math",
        ),
        pytest.param(
            lambda a: a.alarms.pop("app-cpu"),
            {"aws_cloudwatch_metric_alarm": {"app-cpu": None}},
            id="no alarm",
        ),
        pytest.param(
            lambda a: _alarm(a, "app", AlarmRule="TRUE"),
            {"aws_cloudwatch_composite_alarm": {"app": {"alarm_rule": "TRUE"}}},
            id="composite",
        ),
        pytest.param(
            lambda a: a.rules["failed"].update(State="DISABLED"),
            {"aws_cloudwatch_event_rule": {"failed": {"state": "DISABLED"}}},
            id="disabled",
        ),
        pytest.param(
            lambda a: a.targets["failed"].clear(),
            {"aws_cloudwatch_event_target": {"failed-slack": None}},
            id="no target",
        ),
        pytest.param(
            lambda a: a.rules.clear(),
            {
                "aws_cloudwatch_event_rule": {"failed": None},
                "aws_cloudwatch_event_target": {"failed-slack": None},
            },
            id="no rule",
        ),
        pytest.param(
            lambda a: a.topics.update({"arn:t": "{}"}),
            {"aws_sns_topic_policy": {"arn:t": {"policy": "{}"}}},
            id="a topic's policy",
        ),
        pytest.param(
            lambda a: a.queues["q"].update(MessageRetentionPeriod="86400", Policy="{}"),
            {
                "aws_sqs_queue": {"q": {"message_retention_seconds": 86400}},
                "aws_sqs_queue_policy": {"q": {"policy": "{}"}},
            },
            id="queue",
        ),
        pytest.param(
            lambda a: a.queues["q"].pop("Policy"),
            {"aws_sqs_queue_policy": {"q": None}},
            id="no policy of a queue",
        ),
        pytest.param(
            lambda a: a.queues.clear(),
            {"aws_sqs_queue": {"q": None}, "aws_sqs_queue_policy": {"q": None}},
            id="no queue",
        ),
        pytest.param(
            lambda a: a.buckets.update(b="{}"),
            {"aws_s3_bucket_policy": {"b": {"policy": "{}"}}},
            id="a bucket's policy",
        ),
        pytest.param(
            lambda a: a.buckets.clear(),
            {"aws_s3_bucket_policy": {"b": None}},
            id="no policy of a bucket",
        ),
        pytest.param(
            lambda a: a.tags.update(
                {"/app/web": {"own": "b", "Service": "app"}, "app": {"x": "y"}}
            ),
            {
                "aws_cloudwatch_log_group": {
                    "/app/web": {"tags": {"own": "b"}, "tags_all": {"own": "b", "Service": "app"}}
                },
                "aws_cloudwatch_composite_alarm": {
                    "app": {"tags": {"x": "y"}, "tags_all": {"x": "y"}}
                },
            },
            id="tags",
        ),
        pytest.param(
            lambda a: a.tags.update({"/app/web": {"own": "a", "Service": "other"}}),
            {
                "aws_cloudwatch_log_group": {
                    "/app/web": {
                        "tags": {"own": "a", "Service": "other"},
                        "tags_all": {"own": "a", "Service": "other"},
                    }
                },
            },
            id="a tag of all",
        ),
        pytest.param(
            lambda a: a.topics.clear(), {"aws_sns_topic_policy": {"arn:t": None}}, id="no topic"
        ),
    ],
)
def test_a_call_has_changed_it(account: Account, change: Any, observed: Observed) -> None:
    change(account)
    assert observe(STATE, account.ask) == observed
    assert observe(STATE, account.ask, without=STATES) == {}


def test_changes_are_told_in_words() -> None:
    observed: Observed = {
        "aws_cloudwatch_log_group": {"/app/web": {"retention_in_days": 1}},
        "aws_cloudwatch_metric_alarm": {"app-math": None},
    }
    assert [f"{one.address}  {one.text}" for one in in_words(STATE, observed)] == [
        "module.app.aws_cloudwatch_log_group.this  retention_in_days: 7 → 1",
        'module.app.aws_cloudwatch_metric_alarm.this["app-math"]  it is gone',
    ]


@pytest.mark.parametrize("is_scaled", [True, False])
def test_what_auto_scaling_decides_is_not_told(is_scaled: bool) -> None:
    types = {"aws_ecs_service": {"id": "arn:web", "name": "web", "desired_count": 1}}
    if is_scaled:
        types["aws_appautoscaling_target"] = {"id": "t", "resource_id": "service/app/web"}
    state = {
        "resources": [
            {"mode": "managed", "type": kind, "name": "web", "instances": [{"attributes": each}]}
            for kind, each in types.items()
        ]
    }
    told = [*in_words(state, {"aws_ecs_service": {"arn:web": {"desired_count": 2}}})]
    assert bool(told) is not is_scaled


def test_a_refused_call_ends_it(account: Account) -> None:
    def refuse(*_: Any) -> Mapping[str, Any]:
        raise AwsServiceError("AccessDeniedException", "not allowed", 403)

    with pytest.raises(AwsServiceError, match="AccessDenied"):
        observe(STATE, refuse)
