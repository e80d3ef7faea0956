"""Alarms, topics, rules, buckets, keys and images."""

from __future__ import annotations

import json

import pytest

from bonkei.blueprint.cloudwatch import Metric, MetricQuery


def test_an_alarm_on_a_metric(blueprint) -> None:
    found = blueprint(
        {
            "aws_cloudwatch_metric_alarm.this": {
                "arn": "arn:alarm",
                "alarm_name": "cpu",
                "comparison_operator": "GreaterThanThreshold",
                "threshold": 80,
                "evaluation_periods": 3,
                "datapoints_to_alarm": None,
                "namespace": "AWS/ECS",
                "metric_name": "CPUUtilization",
                "dimensions": {"ServiceName": "a", "ClusterName": "b"},
                "statistic": None,
                "extended_statistic": "p99",
                "period": 300,
                "alarm_actions": ["t"],
                "ok_actions": ["t"],
                "metric_query": [],
            }
        }
    ).alarms[0]
    assert found.metric == Metric(
        "AWS/ECS", "CPUUtilization", (("ClusterName", "b"), ("ServiceName", "a")), "p99", 300
    )
    assert (found.threshold, found.datapoints_to_alarm, found.ok_actions) == (80, 3, ("t",))
    assert found.metrics() == (found.metric,)


def test_an_alarm_on_metric_math(blueprint) -> None:
    metric = {
        "namespace": "N",
        "metric_name": "M",
        "stat": "Average",
        "period": 60,
        "dimensions": {},
    }
    found = blueprint(
        {
            "aws_cloudwatch_metric_alarm.this": {
                "arn": "arn:alarm",
                "alarm_name": "memory",
                "comparison_operator": "GreaterThanUpperThreshold",
                "threshold_metric_id": "band",
                "evaluation_periods": 1,
                "metric_query": [
                    {"id": "m", "metric": [metric], "expression": "", "return_data": None},
                    {
                        "id": "band",
                        "metric": [],
                        "expression": "ANOMALY_DETECTION_BAND(m)",
                        "return_data": True,
                    },
                ],
            },
            "aws_cloudwatch_composite_alarm.this": {
                "arn": "arn:composite",
                "alarm_name": "any",
                "alarm_rule": "ALARM(memory)",
            },
        }
    )
    alarm = found.alarms[0]
    assert alarm.threshold is None
    assert alarm.metric is None
    assert alarm.queries == (
        MetricQuery("band", expression="ANOMALY_DETECTION_BAND(m)", returns_data=True),
        MetricQuery("m", metric=Metric("N", "M", (), "Average", 60)),
    )
    assert alarm.metrics() == (Metric("N", "M", (), "Average", 60),)
    assert found.composite_alarms[0].rule == "ALARM(memory)"


def test_topics_have_their_subscriptions_and_rules_their_targets(blueprint) -> None:
    found = blueprint(
        {
            "aws_sns_topic.this": {
                "arn": "arn:topic",
                "name": "alarms",
                "kms_master_key_id": "key",
            },
            "aws_sns_topic_subscription.a": {
                "topic_arn": "arn:topic",
                "protocol": "lambda",
                "endpoint": "arn:function",
            },
            "aws_sns_topic_subscription.b": {
                "topic_arn": "arn:other",
                "protocol": "email",
                "endpoint": "a@example.com",
            },
            "aws_cloudwatch_event_rule.this": {
                "arn": "arn:rule",
                "name": "failed",
                "event_pattern": "{}",
            },
            "aws_cloudwatch_event_target.this": {"rule": "failed", "arn": "arn:topic"},
            "aws_lambda_function.this": {
                "arn": "arn:function",
                "function_name": "notify",
                "runtime": "python3.13",
                "handler": "main.handler",
                "role": "arn:role",
                "environment": [{"variables": {"A": "1"}}],
                "logging_config": [{"log_group": "", "log_format": "JSON"}],
            },
        }
    )
    assert [s.endpoint for s in found.topics[0].subscriptions] == ["arn:function"]
    assert found.event_rules[0].targets == ("arn:topic",)
    function = found.functions[0]
    assert (function.log_group, function.timeout, function.environment) == (
        "/aws/lambda/notify",
        3,
        (("A", "1"),),
    )


def test_targets_and_schedules_name_the_group_of_a_fifo_queue(blueprint) -> None:
    queue, group = "arn:aws:sqs:x:jobs.fifo", [{"message_group_id": "nightly"}]
    found = blueprint(
        {
            "aws_cloudwatch_event_rule.this": {"arn": "arn:rule", "name": "r"},
            "aws_cloudwatch_event_target.this": {"rule": "r", "arn": queue, "sqs_target": group},
            "aws_scheduler_schedule.this": {
                "arn": "arn:schedule",
                "name": "s",
                "action_after_completion": "DELETE",
                "target": [{"arn": queue, "sqs_parameters": group}],
            },
        }
    )
    [rule], [schedule] = found.event_rules, found.schedules
    targets = [*rule.deliveries, *schedule.deliveries]
    assert [target.message_group for target in targets] == ["nightly"] * 2
    assert (rule.is_deleted_after, schedule.is_deleted_after) == (False, True)


def test_a_task_of_a_rule_or_schedule_has_all_its_parameters(blueprint) -> None:
    placed = {"subnets": ["subnet-1"], "security_groups": ["sg-1"], "assign_public_ip": True}
    task = {
        "task_definition_arn": "arn:task", "task_count": 2, "launch_type": None, "group": "g",
        "platform_version": "1.4.0", "propagate_tags": "TASK_DEFINITION",
        "enable_ecs_managed_tags": True, "enable_execute_command": False, "tags": {"a": "b"},
        "network_configuration": [placed],
        "capacity_provider_strategy": [
            {"capacity_provider": "FARGATE_SPOT", "base": 1, "weight": 100}
        ],
    }  # fmt: skip
    cluster, retry = "arn:aws:ecs:x:cluster/c", [{"maximum_event_age_in_seconds": 60}]
    found = blueprint(
        {
            "aws_cloudwatch_event_rule.this": {"arn": "arn:rule", "name": "r"},
            "aws_cloudwatch_event_target.this": {
                "rule": "r", "arn": cluster, "ecs_target": [task], "retry_policy": retry,
            },
            "aws_scheduler_schedule.this": {
                "arn": "arn:schedule",
                "name": "s",
                "target": [{"arn": cluster, "ecs_parameters": [task], "retry_policy": retry}],
            },
        }
    )  # fmt: skip
    for each in (*found.event_rules, *found.schedules):
        [target] = each.deliveries
        vpc = {"Subnets": ["subnet-1"], "SecurityGroups": ["sg-1"], "AssignPublicIp": "ENABLED"}
        assert (target.event_age, target.retries) == (60, 185)
        assert target.ecs == {
            "TaskDefinitionArn": "arn:task", "TaskCount": 2, "Group": "g",
            "PlatformVersion": "1.4.0", "PropagateTags": "TASK_DEFINITION",
            "EnableECSManagedTags": True, "Tags": [{"Key": "a", "Value": "b"}],
            "NetworkConfiguration": {"awsvpcConfiguration": vpc},
            "CapacityProviderStrategy": [
                {"capacityProvider": "FARGATE_SPOT", "base": 1, "weight": 100}
            ],
        }  # fmt: skip


def test_a_bucket_has_its_settings(blueprint) -> None:
    found = blueprint(
        {
            "aws_s3_bucket.plain": {"arn": "arn:plain", "bucket": "plain"},
            "aws_s3_bucket.this": {"arn": "arn:logs", "bucket": "logs"},
            "aws_s3_bucket_versioning.this": {
                "bucket": "logs",
                "versioning_configuration": [{"status": "Enabled"}],
            },
            "aws_s3_bucket_public_access_block.this": {
                "bucket": "logs",
                "block_public_acls": True,
                "block_public_policy": True,
                "ignore_public_acls": True,
                "restrict_public_buckets": True,
            },
            "aws_s3_bucket_lifecycle_configuration.this": {
                "bucket": "logs",
                "rule": [{"id": "a", "status": "Enabled"}, {"id": "b", "status": "Disabled"}],
            },
            "aws_s3_bucket_server_side_encryption_configuration.this": {
                "bucket": "logs",
                "rule": [
                    {
                        "apply_server_side_encryption_by_default": [
                            {"sse_algorithm": "aws:kms", "kms_master_key_id": "key"}
                        ]
                    }
                ],
            },
            "aws_s3_bucket_policy.this": {
                "bucket": "logs",
                "policy": json.dumps(
                    {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*"}]}
                ),
            },
        }
    )
    plain, logs = found.buckets
    assert plain.encryption == ""
    assert (logs.encryption, logs.kms_key_id) == ("aws:kms", "key")
    assert logs.lifecycle_rules == ("a",)
    assert logs.policy[0].effect == "Deny"


def test_keys_and_repositories(blueprint) -> None:
    found = blueprint(
        {
            "aws_kms_key.this": {
                "arn": "arn:key",
                "key_id": "k",
                "enable_key_rotation": True,
                "policy": None,
            },
            "aws_kms_alias.this": {"name": "alias/app", "target_key_id": "k"},
            "aws_ecr_repository.this": {
                "arn": "arn:repo",
                "name": "app",
                "repository_url": "1.dkr.ecr/app",
                "image_tag_mutability": "IMMUTABLE",
                "image_scanning_configuration": [{"scan_on_push": True}],
            },
            "aws_ecr_lifecycle_policy.this": {"repository": "app", "policy": "{}"},
        }
    )
    assert (found.keys[0].aliases, found.keys[0].rotation) == (("alias/app",), True)
    repository = found.repositories[0]
    assert (repository.immutable, repository.scan_on_push, bool(repository.lifecycle_policy)) == (
        (True,) * 3
    )


@pytest.mark.parametrize(
    ("rules", "scanned"),
    [
        ([], {"b"}),
        ([("SCAN_ON_PUSH", "shop")], {"shop/web", "my-shop"}),
        ([("SCAN_ON_PUSH", "shop*")], {"shop/web"}),
        ([("CONTINUOUS_SCAN", "*eb"), ("SCAN_ON_PUSH", "b")], {"shop/web", "b"}),
        ([("SCAN_ON_PUSH", "*")], {"shop/web", "my-shop", "b"}),
        ([("MANUAL", "*")], set()),
    ],
)
def test_the_registrys_rules_decide_what_is_scanned(
    blueprint, rules: list[tuple[str, str]], scanned: set[str]
) -> None:
    found = blueprint(
        {
            **{
                f"aws_ecr_repository.r{number}": {
                    "arn": "arn:repo",
                    "name": name,
                    "repository_url": "u",
                    "image_scanning_configuration": [{"scan_on_push": name == "b"}],
                }
                for number, name in enumerate(("shop/web", "my-shop", "b"))
            },
            **(
                {
                    "aws_ecr_registry_scanning_configuration.this": {
                        "scan_type": "BASIC",
                        "rule": [
                            {
                                "scan_frequency": frequency,
                                "repository_filter": [
                                    {"filter": wanted, "filter_type": "WILDCARD"}
                                ],
                            }
                            for frequency, wanted in rules
                        ],
                    }
                }
                if rules
                else {}
            ),
        }
    )
    assert {each.name for each in found.repositories if each.scan_on_push} == scanned
