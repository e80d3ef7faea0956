"""Changes of single parts."""

from __future__ import annotations

import json
from typing import Any

from tests.bonkei.analysis.check.changes import Change, containers, execution, put, without
from tests.bonkei.analysis.check.stack.documents import ACCOUNT, Resources, allow, policy, trust
from tests.bonkei.analysis.check.stack.edge import ALB_ARN, TARGETS_ARN
from tests.bonkei.analysis.check.stack.operations import TOPIC_ARN, alarm
from tests.bonkei.analysis.check.stack.permissions import key_policy
from tests.bonkei.analysis.check.stack.tasks import KEY_ARN, LOG_GROUP_ARN

ALARM = "aws_cloudwatch_metric_alarm"


DISTRIBUTION = "aws_cloudfront_distribution.this"


OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"


READING = ["GET", "HEAD"]


ALL_METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]


def all_of(*changes: Change) -> Change:
    return lambda found: [change(found) for change in changes]


def listener_rule(name: str, priority: int, *paths: str) -> Change:
    return put(
        f"aws_lb_listener_rule.{name}",
        arn=f"rule-{name}",
        listener_arn="listener",
        priority=priority,
        condition=[{"path_pattern": [{"values": list(paths)}]}],
        action=[{"type": "forward", "target_group_arn": TARGETS_ARN}],
    )


def behaviors(*found: tuple[str, str, list[str]]) -> Change:
    """Each behavior is (path pattern, cache policy's id, methods), in order."""
    disabled = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"

    def behavior(path: str, cache_policy: str, methods: list[str]) -> dict[str, Any]:
        return {
            "path_pattern": path,
            "target_origin_id": "alb",
            "viewer_protocol_policy": "redirect-to-https",
            "allowed_methods": methods,
            "cached_methods": READING,
            "cache_policy_id": cache_policy or disabled,
        }

    return put(DISTRIBUTION, ordered_cache_behavior=[behavior(*item) for item in found])


def origin(**values: Any) -> Change:
    def change(found: Resources) -> None:
        found[DISTRIBUTION]["origin"][0]["custom_origin_config"] = [values]

    return change


def topic_policy(service: str, **more: Any) -> Change:
    statement = allow("sns:Publish", on=TOPIC_ARN, Principal={"Service": service}, **more)
    return put("aws_sns_topic_policy.this", arn=TOPIC_ARN, policy=policy(statement))


FUNCTION_ARN = f"arn:aws:lambda:{ACCOUNT}:function:tell"


def function(found: Resources) -> None:
    """A function that is subscribed to the topic and has all permissions that it needs."""
    found["aws_lambda_function.tell"] = {
        "arn": FUNCTION_ARN,
        "function_name": "tell",
        "role": "arn:aws:iam::123456789012:role/tell",
        "logging_config": [{"log_group": "/app"}],
    }
    found["aws_iam_role.tell"] = {
        "arn": "arn:aws:iam::123456789012:role/tell",
        "name": "tell",
        "assume_role_policy": trust("lambda.amazonaws.com"),
    }
    found["aws_iam_role_policy.tell"] = {
        "role": "tell",
        "policy": policy(
            allow("logs:CreateLogStream", "logs:PutLogEvents", on=f"{LOG_GROUP_ARN}:*")
        ),
    }
    found["aws_sns_topic_subscription.this"] |= {"protocol": "lambda", "endpoint": FUNCTION_ARN}
    found["aws_lambda_permission.tell"] = {
        "function_name": "tell",
        "principal": "sns.amazonaws.com",
        "source_arn": TOPIC_ARN,
    }


def pipeline(**changes: Any) -> Change:
    """A complete pipeline: a source and a build."""
    role = "arn:aws:iam::123456789012:role/pipeline"
    build_role = "arn:aws:iam::123456789012:role/build"
    project = f"arn:aws:codebuild:{ACCOUNT}:project/build"
    source = {"name": "Source", "category": "Source", "provider": "CodeCommit"}
    build = {
        "name": "Build",
        "category": "Build",
        "provider": "CodeBuild",
        "input_artifacts": ["source", *changes.get("more_inputs", [])],
        "configuration": {
            "ProjectName": changes.get("project", "build"),
            **changes.get("configuration", {}),
        },
    }
    actions = changes.get("actions", ["codebuild:StartBuild", "codebuild:BatchGetBuilds"])

    def change(found: Resources) -> None:
        for name, arn, service in (
            ("pipeline", role, "codepipeline.amazonaws.com"),
            ("build", build_role, "codebuild.amazonaws.com"),
        ):
            found[f"aws_iam_role.{name}"] = {
                "arn": arn,
                "name": name,
                "assume_role_policy": trust(service),
            }
        found["aws_iam_role_policy.pipeline"] = {
            "role": "pipeline",
            "policy": policy(allow(*actions, on=project)),
        }
        found["aws_codebuild_project.this"] = {
            "arn": project,
            "name": "build",
            "service_role": build_role,
            "source": [{"type": "CODEPIPELINE"}],
            "environment": [
                {"image": "aws/codebuild/standard:7.0", **changes.get("environment", {})}
            ],
        }
        found["aws_codepipeline.this"] = {
            "arn": f"arn:aws:codepipeline:{ACCOUNT}:release",
            "name": "release",
            "role_arn": role,
            "stage": [
                {"name": "Source", "action": [{**source, "output_artifacts": ["source"]}]},
                {"name": "Build", "action": [build]},
            ],
        }

    return change


def healthy_targets(threshold: int) -> Change:
    """An alarm that fires at this number of healthy targets or more."""
    return put(
        f"{ALARM}.many",
        **alarm(
            "many",
            namespace="AWS/ApplicationELB",
            metric_name="HealthyHostCount",
            statistic="Maximum",
            dimensions={
                "LoadBalancer": ALB_ARN.partition(":loadbalancer/")[2],
                "TargetGroup": TARGETS_ARN.rpartition(":")[2],
            },
            comparison_operator="GreaterThanOrEqualToThreshold",
            threshold=threshold,
        ),
    )


def scaling(minimum: int, maximum: int, target: float) -> Change:
    tracking = {
        "predefined_metric_specification": [
            {"predefined_metric_type": "ECSServiceAverageCPUUtilization"}
        ],
        "target_value": target,
    }
    names = {"resource_id": "service/main/app", "service_namespace": "ecs"}
    names |= {"scalable_dimension": "ecs:service:DesiredCount"}
    return all_of(
        put("aws_appautoscaling_target.app", **names, min_capacity=minimum, max_capacity=maximum),
        put(
            "aws_appautoscaling_policy.app",
            **names,
            name="cpu",
            policy_type="TargetTrackingScaling",
            target_tracking_scaling_policy_configuration=[tracking],
        ),
    )


def nat_gateway(found: Resources) -> None:
    found["aws_nat_gateway.this"] = {"id": "nat-1", "subnet_id": "subnet-app"}


def filter_of(name: str, pattern: str, group: str = "/app") -> Change:
    """A metric filter whose metric has an alarm."""
    return all_of(
        put(
            f"aws_cloudwatch_log_metric_filter.{name}",
            name=name,
            log_group_name=group,
            pattern=pattern,
            metric_transformation=[{"name": name, "namespace": "App", "value": "1"}],
        ),
        lambda found: found.update(
            {f"{ALARM}.{name}": found[f"{ALARM}.fatal"] | {"alarm_name": name, "metric_name": name}}
        ),
    )


DATABASE_LOG = "/aws/rds/cluster/db/postgresql"


def database_log(exported: bool = True) -> Change:
    return all_of(
        put(
            "aws_cloudwatch_log_group.database",
            arn=f"arn:aws:logs:{ACCOUNT}:log-group:{DATABASE_LOG}",
            name=DATABASE_LOG,
            retention_in_days=30,
            kms_key_id=KEY_ARN,
        ),
        put("aws_kms_key.this", policy=key_policy(f"arn:aws:logs:{ACCOUNT}:log-group:*")),
        put(
            "aws_rds_cluster.this",
            enabled_cloudwatch_logs_exports=["postgresql"] if exported else [],
        ),
    )


def encrypted_topic(*services: str) -> Change:
    return all_of(
        put("aws_sns_topic.this", kms_master_key_id=KEY_ARN),
        put("aws_kms_key.this", policy=key_policy(LOG_GROUP_ARN, *services)),
    )


def health_check(command: str, path: str) -> Change:
    def change(found: Resources) -> None:
        containers(found, healthCheck={"command": ["CMD-SHELL", command]})
        found["aws_lb_target_group.app"]["health_check"] = [{"path": path}]

    return change


ANYONE = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}


DEAD_LETTERS = f"arn:aws:sqs:{ACCOUNT}:dead"


def dead_letters(*services: str) -> Change:
    """An encrypted queue for what a topic cannot deliver."""
    return all_of(
        put("aws_sqs_queue.dead", arn=DEAD_LETTERS, name="dead", kms_master_key_id=KEY_ARN),
        put(
            "aws_sns_topic_subscription.this",
            redrive_policy=json.dumps({"deadLetterTargetArn": DEAD_LETTERS}),
        ),
        put("aws_kms_key.this", policy=key_policy(LOG_GROUP_ARN, *services)),
    )


def logging_function(*actions: str) -> Change:
    """A function with a dead-letter queue, whose role may do these on it."""
    logs = allow("logs:CreateLogStream", "logs:PutLogEvents", on=f"{LOG_GROUP_ARN}:*")
    more = [allow(*actions, on=DEAD_LETTERS)] if actions else []
    return all_of(
        function,
        put("aws_sqs_queue.dead", arn=DEAD_LETTERS, name="dead"),
        put("aws_lambda_function.tell", dead_letter_config=[{"target_arn": DEAD_LETTERS}]),
        put("aws_iam_role_policy.tell", policy=policy(logs, *more)),
    )


def access_log(algorithm: str = "", folder: str = "AWSLogs/123456789012", **more: Any) -> Change:
    """A load balancer's log in a bucket whose policy lets it write below the folder."""
    elb = {"Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}, **more}
    statement = allow("s3:PutObject", on=f"arn:aws:s3:::logs/{folder}/*", **elb)
    return all_of(
        put("aws_s3_bucket_policy.logs", bucket="logs", policy=policy(statement)),
        put("aws_s3_bucket.logs", arn="arn:aws:s3:::logs", bucket="logs"),
        put(
            "aws_s3_bucket_server_side_encryption_configuration.logs",
            bucket="logs",
            rule=[{"apply_server_side_encryption_by_default": [{"sse_algorithm": algorithm}]}],
        ),
        put("aws_lb.this", access_logs=[{"enabled": True, "bucket": "logs"}]),
    )


def header_log(*redacted: str) -> Change:
    """The log of the web ACL, without these headers."""
    fields = [{"single_header": [{"name": name}]} for name in redacted]
    return put(
        "aws_wafv2_web_acl_logging_configuration.this",
        resource_arn="acl",
        log_destination_configs=[f"arn:aws:logs:{ACCOUNT}:log-group:aws-waf-logs-front"],
        redacted_fields=fields,
    )


def without_tls(key: str) -> Change:
    """A bucket whose policy denies what comes without TLS, by this condition key."""
    statement = allow("s3:*", on="arn:aws:s3:::files/*", Principal="*")
    denial = statement | {"Effect": "Deny", "Condition": {"Bool": {key: "false"}}}
    return all_of(
        put("aws_s3_bucket.files", arn="arn:aws:s3:::files", bucket="files"),
        put("aws_s3_bucket_policy.files", bucket="files", policy=policy(denial)),
    )


def decrypted_through(service: str) -> Change:
    """An encrypted secret, whose key the execution role may use through this service."""
    condition = {"StringEquals": {"kms:ViaService": f"{service}.eu-west-1.amazonaws.com"}}
    return all_of(
        put("aws_secretsmanager_secret.password", kms_key_id=KEY_ARN),
        without("kms:Decrypt"),
        execution(allow("kms:Decrypt", on=KEY_ARN, Condition=condition)),
    )


def pusher(*actions: str) -> Change:
    """A role of builds that may do these to a repository."""
    return all_of(
        pipeline(),
        put(
            "aws_iam_role_policy.build",
            role="build",
            policy=policy(
                allow(
                    *(f"ecr:{name}" for name in actions),
                    on=f"arn:aws:ecr:{ACCOUNT}:repository/app*",
                ),
                allow("ecr:GetAuthorizationToken", on="*"),
            ),
        ),
    )


def name_of_distribution(name: str, *aliases: str) -> Change:
    return all_of(
        put(
            "aws_route53_record.site",
            name=name,
            type="A",
            alias=[{"name": "d1.cloudfront.net", "zone_id": "Z2FDTNDATAQYW2"}],
        ),
        put(DISTRIBUTION, aliases=list(aliases)),
    )


def pipeline_rule(kind: str, *states: str) -> Change:
    pattern = {"source": ["aws.codepipeline"], "detail-type": [kind], "detail": {"state": states}}
    return put(
        "aws_cloudwatch_event_rule.failed",
        arn=f"arn:aws:events:{ACCOUNT}:rule/failed",
        name="failed",
        event_pattern=json.dumps(pattern),
    )


def scheduled_pipeline(action: str) -> Change:
    """A schedule, whose role may do this."""
    role = "arn:aws:iam::123456789012:role/schedule"
    arn = f"arn:aws:codepipeline:{ACCOUNT}:scan"
    return all_of(
        put("aws_cloudwatch_event_rule.weekly", arn=f"arn:aws:events:{ACCOUNT}:rule/weekly",
            name="weekly", schedule_expression="rate(7 days)"),
        put("aws_cloudwatch_event_target.weekly", rule="weekly", arn=arn, role_arn=role),
        put("aws_iam_role.schedule", arn=role, name="schedule",
            assume_role_policy=trust("events.amazonaws.com")),
        put("aws_iam_role_policy.schedule", role="schedule", policy=policy(allow(action, on=arn))),
    )  # fmt: skip


def header_in_lower_case(value: str) -> Change:
    """Of the distribution, and of the web ACL, which compares it in lower case."""

    def change(found: Resources) -> None:
        found[DISTRIBUTION]["origin"][0]["custom_header"][0]["value"] = value
        (rule,) = found["aws_wafv2_web_acl.this"]["rule"]
        (match,) = rule["statement"][0]["byte_match_statement"]
        match |= {
            "search_string": value,
            "text_transformation": [{"priority": 0, "type": "LOWERCASE"}],
        }

    return change
