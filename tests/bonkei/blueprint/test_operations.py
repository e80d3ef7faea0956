"""Logs, alarms, notification, storage and delivery."""

from __future__ import annotations

import json

from bonkei.blueprint.alarm import Metric, MetricQuery
from bonkei.blueprint.log_delivery import LogDelivery
from bonkei.blueprint.release.build_project import BuildArtifacts, BuildLogs, BuildSource


def test_log_groups_and_metric_filters(blueprint) -> None:
    found = blueprint(
        {
            "aws_cloudwatch_log_group.this": {
                "arn": "arn:lg",
                "name": "/app",
                "retention_in_days": 30,
                "kms_key_id": "key",
            },
            "aws_cloudwatch_log_metric_filter.this": {
                "name": "fatal",
                "log_group_name": "/app",
                "pattern": "FATAL",
                "metric_transformation": [
                    {
                        "name": "Fatal",
                        "namespace": "App",
                        "value": "1",
                        "default_value": "0",
                        "dimensions": None,
                    }
                ],
            },
        }
    )
    assert (found.log_groups[0].retention, found.log_groups[0].kms_key_id) == (30, "key")
    assert found.metric_filters[0].metric_name == "Fatal"
    assert found.metric_filters[0].default_value == 0


def test_what_belongs_to_a_log_group(blueprint) -> None:
    found = blueprint(
        {
            "aws_cloudwatch_log_stream.this": {"log_group_name": "/app", "name": "one"},
            "aws_cloudwatch_log_subscription_filter.this": {
                "name": "errors",
                "log_group_name": "/app",
                "filter_pattern": "ERROR",
                "destination_arn": "arn:function",
                "role_arn": None,
                "distribution": "ByLogStream",
            },
            "aws_cloudwatch_log_resource_policy.this": {
                "policy_name": "delivery",
                "policy_document": "{}",
            },
        }
    )
    assert found.log_streams[0].name == "one"
    assert found.subscription_filters[0].pattern == "ERROR"
    assert found.log_resource_policies[0].name == "delivery"


def test_logs_of_requests(blueprint) -> None:
    found = blueprint(
        {
            "aws_wafv2_web_acl_logging_configuration.this": {
                "resource_arn": "arn:acl",
                "log_destination_configs": ["arn:group"],
                "logging_filter": [
                    {
                        "default_behavior": "DROP",
                        "filter": [
                            {
                                "behavior": "KEEP",
                                "requirement": "MEETS_ANY",
                                "condition": [
                                    {
                                        "action_condition": [{"action": "BLOCK"}],
                                        "label_name_condition": [],
                                    }
                                ],
                            }
                        ],
                    }
                ],
            }
        }
    )
    [log] = found.waf_logs
    assert (log.web_acl_arn, log.destinations) == ("arn:acl", ("arn:group",))
    assert (log.default_behavior, log.filters[0].actions) == ("DROP", ("BLOCK",))


def test_redacted_fields_of_wafs_log(blueprint) -> None:
    fields = [
        {"single_header": [{"name": "Authorization"}], "query_string": [], "method": None},
        {"single_header": [], "query_string": [{}]},
    ]
    found = blueprint(
        {
            "aws_wafv2_web_acl_logging_configuration.this": {
                "resource_arn": "arn:acl",
                "log_destination_configs": ["arn:group"],
                "redacted_fields": fields,
            }
        }
    )
    [log] = found.waf_logs
    assert log.redacted == (("single_header", "authorization"), ("query_string", ""))


def test_deliveries_of_cloudwatch_logs(blueprint) -> None:
    destination = {"destination_resource_arn": "arn:aws:s3:::bucket/prefix"}
    found = blueprint(
        {
            "aws_cloudwatch_log_delivery_source.this": {
                "arn": "arn:source",
                "name": "site",
                "resource_arn": "arn:distribution",
                "log_type": "ACCESS_LOGS",
            },
            "aws_cloudwatch_log_delivery_destination.this": {
                "arn": "arn:destination",
                "name": "bucket",
                "output_format": "json",
                "delivery_destination_configuration": [destination],
            },
            "aws_cloudwatch_log_delivery.this": {
                "delivery_source_name": "site",
                "delivery_destination_arn": "arn:destination",
                "record_fields": ["date", "time"],
                "s3_delivery_configuration": [
                    {"suffix_path": "{yyyy}", "enable_hive_compatible_path": True}
                ],
            },
        }
    )
    assert found.log_deliveries == (
        LogDelivery(
            *("aws_cloudwatch_log_delivery.this", "arn:source", "arn:distribution", "ACCESS_LOGS"),
            *("arn:aws:s3:::bucket/prefix", "json", ("date", "time"), "", "{yyyy}", True),
        ),
    )
    assert found.not_simulated == ()


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


def test_a_bucket_has_its_satellites(blueprint) -> None:
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
    assert (plain.encryption, plain.versioned, plain.public_access_blocked) == ("", False, False)
    assert (logs.encryption, logs.kms_key_id, logs.versioned) == ("aws:kms", "key", True)
    assert logs.public_access_blocked
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


def test_a_pipeline_keeps_the_order_of_its_stages(blueprint) -> None:
    def action(name: str, **configuration: str) -> dict[str, object]:
        return {
            "name": name,
            "category": "Build",
            "provider": "CodeBuild",
            "configuration": configuration,
            "input_artifacts": ["source"],
            "output_artifacts": None,
        }

    found = blueprint(
        {
            "aws_codepipeline.this": {
                "arn": "arn:pipeline",
                "name": "program",
                "role_arn": "arn:role",
                "pipeline_type": "V2",
                "execution_mode": "QUEUED",
                "artifact_store": [{"location": "artifacts", "type": "S3"}],
                "stage": [
                    {"name": "Source", "action": [action("s")]},
                    {"name": "Build", "action": [action("b", ProjectName="p")]},
                ],
            },
            "aws_codebuild_project.this": {
                "arn": "arn:project",
                "name": "p",
                "service_role": "arn:role",
                "environment": [
                    {
                        "image": "aws/codebuild/standard:7.0",
                        "privileged_mode": True,
                        "environment_variable": [{"name": "A", "value": "1", "type": "PLAINTEXT"}],
                    }
                ],
                "source": [{"type": "CODEPIPELINE", "buildspec": "buildspec.yaml"}],
                "vpc_config": [{"subnets": ["b", "a"], "security_group_ids": ["sg"]}],
            },
        }
    )
    pipeline = found.pipelines[0]
    assert [stage.name for stage in pipeline.stages] == ["Source", "Build"]
    assert pipeline.stages[1].actions[0].setting("ProjectName") == "p"
    assert pipeline.stages[1].actions[0].setting("Nothing") == ""
    assert pipeline.artifact_buckets == ("artifacts",)
    project = found.build_projects[0]
    assert (project.buildspec, project.privileged, project.subnet_ids) == (
        "buildspec.yaml",
        True,
        ("a", "b"),
    )
    assert project.source == BuildSource("CODEPIPELINE")
    assert (project.timeout, project.queued_timeout, project.artifacts.type) == (
        60,
        480,
        "NO_ARTIFACTS",
    )


def test_a_project_with_everything_that_a_build_needs(blueprint) -> None:
    found = blueprint(
        {
            "aws_codebuild_project.this": {
                "arn": "arn:project",
                "name": "p",
                "service_role": "arn:role",
                "build_timeout": 15,
                "queued_timeout": 30,
                "concurrent_build_limit": 1,
                "encryption_key": "arn:key",
                "environment": [
                    {"image": "i", "type": "ARM_CONTAINER", "compute_type": "BUILD_GENERAL1_LARGE"}
                ],
                "source": [{"type": "S3", "location": "bucket/source.zip"}],
                "source_version": "v1",
                "secondary_sources": [
                    {"type": "S3", "location": "bucket/two.zip", "source_identifier": "two"}
                ],
                "secondary_source_version": [{"source_identifier": "two", "source_version": "v2"}],
                "artifacts": [
                    {
                        "type": "S3",
                        "location": "out",
                        "name": "n",
                        "path": "p",
                        "namespace_type": "BUILD_ID",
                        "packaging": "ZIP",
                        "override_artifact_name": True,
                    }
                ],
                "secondary_artifacts": [
                    {"type": "S3", "location": "out", "artifact_identifier": "more"}
                ],
                "logs_config": [
                    {
                        "cloudwatch_logs": [{"group_name": "/g", "stream_name": "s"}],
                        "s3_logs": [{"status": "ENABLED", "location": "logs/build"}],
                    }
                ],
                "cache": [{"type": "LOCAL", "modes": ["LOCAL_SOURCE_CACHE"]}],
                "vpc_config": [{"vpc_id": "vpc-1", "subnets": ["a"], "security_group_ids": ["g"]}],
                "tags_all": {"Team": "web"},
            }
        }
    )
    (project,) = found.build_projects
    assert project.source == BuildSource("S3", "bucket/source.zip", "", "v1")
    assert project.secondary_sources == (BuildSource("S3", "bucket/two.zip", "two", "v2"),)
    assert project.artifacts == BuildArtifacts(
        "S3", "out", "n", "p", "BUILD_ID", "ZIP", "", override_name=True
    )
    assert [each.identifier for each in project.secondary_artifacts] == ["more"]
    assert project.logs == BuildLogs(True, "/g", "s", "logs/build")
    assert (project.timeout, project.queued_timeout, project.concurrent_build_limit) == (15, 30, 1)
    assert (project.environment_type, project.compute_type) == (
        "ARM_CONTAINER",
        "BUILD_GENERAL1_LARGE",
    )
    assert (project.cache, project.encryption_key, project.vpc_id) == ("LOCAL", "arn:key", "vpc-1")
    assert project.tags == (("Team", "web"),)


def test_a_pipeline_of_type_v2_has_its_conditions_variables_and_triggers(blueprint) -> None:
    rule = {
        "name": "HasChanges",
        "rule_type_id": [{"category": "Rule", "owner": "AWS", "provider": "VariableCheck"}],
        "configuration": {"Variable": "#{plan.HAS_CHANGES}", "Operator": "EQ", "Value": "true"},
        "input_artifacts": None,
    }
    action = {"name": "a", "category": "Approval", "provider": "Manual", "timeout_in_minutes": 60}
    found = blueprint(
        {
            "aws_codepipeline.this": {
                "arn": "arn:pipeline",
                "name": "program",
                "role_arn": "arn:role",
                "artifact_store": [
                    {"location": "b", "encryption_key": [{"id": "arn:key", "type": "KMS"}]}
                ],
                "stage": [
                    {
                        "name": "Approve",
                        "action": [action],
                        "before_entry": [{"condition": [{"result": "SKIP", "rule": [rule]}]}],
                        "on_failure": [
                            {
                                "result": "RETRY",
                                "retry_configuration": [{"retry_mode": "ALL_ACTIONS"}],
                            }
                        ],
                    },
                ],
                "variable": [{"name": "level", "default_value": "3"}],
                "trigger": [
                    {
                        "git_configuration": [
                            {
                                "source_action_name": "Source",
                                "push": [{"branches": [{"includes": ["main", "release/*"]}]}],
                            }
                        ]
                    }
                ],
            },
            "aws_codecommit_repository.this": {"arn": "arn:repository", "repository_name": "app"},
        }
    )
    pipeline = found.pipelines[0]
    stage = pipeline.stages[0]
    assert (pipeline.encryption_key, pipeline.variables[0].default) == ("arn:key", "3")
    assert pipeline.triggers[0].pushes[0].branches.includes == ("main", "release/*")
    assert stage.before_entry[0].result == "SKIP"
    assert stage.before_entry[0].rules[0].setting("Operator") == "EQ"
    assert stage.entry_condition == "HasChanges"
    assert stage.on_failure is not None
    assert (stage.on_failure.result, stage.on_failure.retry_mode) == ("RETRY", "ALL_ACTIONS")
    assert stage.actions[0].timeout_minutes == 60
    assert found.code_repositories[0].name == "app"
