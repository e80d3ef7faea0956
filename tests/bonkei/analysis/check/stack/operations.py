"""Log groups, alarms, and their subscribers."""

from __future__ import annotations

from typing import Any

from tests.bonkei.analysis.check.stack.documents import ACCOUNT, Resources
from tests.bonkei.analysis.check.stack.tasks import KEY_ARN, LOG_GROUP_ARN

TOPIC_ARN = f"arn:aws:sns:{ACCOUNT}:alarms"


def alarm(name: str, **overrides: Any) -> dict[str, Any]:
    return {
        "arn": f"arn:aws:cloudwatch:{ACCOUNT}:alarm:{name}",
        "alarm_name": name,
        "comparison_operator": "GreaterThanThreshold",
        "threshold": 80,
        "evaluation_periods": 1,
        "period": 60,
        "alarm_actions": [TOPIC_ARN],
        "ok_actions": [TOPIC_ARN],
        **overrides,
    }


def operations() -> Resources:
    return {
        "aws_cloudwatch_log_group.app": {
            "arn": LOG_GROUP_ARN,
            "name": "/app",
            "retention_in_days": 30,
            "kms_key_id": KEY_ARN,
        },
        "aws_cloudwatch_log_metric_filter.fatal": {
            "name": "fatal",
            "log_group_name": "/app",
            "pattern": '{ $.level = "FATAL" }',
            "metric_transformation": [{"name": "Fatal", "namespace": "App", "value": "1"}],
        },
        "aws_cloudwatch_metric_alarm.fatal": alarm(
            "fatal",
            namespace="App",
            metric_name="Fatal",
            statistic="Sum",
            threshold=0,
            treat_missing_data="notBreaching",
        ),
        "aws_cloudwatch_metric_alarm.cpu": alarm(
            "cpu",
            namespace="AWS/ECS",
            metric_name="CPUUtilization",
            statistic="Average",
            dimensions={"ClusterName": "main", "ServiceName": "app"},
        ),
        "aws_cloudwatch_metric_alarm.memory": alarm(
            "memory",
            namespace="AWS/RDS",
            metric_name="FreeableMemory",
            statistic="Average",
            threshold=200 * 1024 * 1024,
            comparison_operator="LessThanThreshold",
            dimensions={"DBClusterIdentifier": "db"},
        ),
        "aws_sns_topic.this": {"arn": TOPIC_ARN, "name": "alarms"},
        "aws_sns_topic_subscription.this": {
            "topic_arn": TOPIC_ARN,
            "protocol": "email",
            "endpoint": "on-call@example.com",
        },
    }
