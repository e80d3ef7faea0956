"""What breaks the rules about routing, names, filters, alarms' ways, trust and delivery."""

from __future__ import annotations

from typing import Any

from tests.bonkei.check.changes import Change, containers, environment, put
from tests.bonkei.check.stack import (
    ACCOUNT,
    ALB_ARN,
    KEY_ARN,
    LOG_GROUP_ARN,
    TARGETS_ARN,
    TOPIC_ARN,
    Resources,
    alarm,
    allow,
    key_policy,
    policy,
    trust,
)

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
    """(path pattern, cache policy's id, methods), in order."""
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
    """Subscribed to the topic, and allowed all it needs."""
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
    """One that is whole: a source and a build."""
    role = "arn:aws:iam::123456789012:role/pipeline"
    build_role = "arn:aws:iam::123456789012:role/build"
    project = f"arn:aws:codebuild:{ACCOUNT}:project/build"
    source = {"name": "Source", "category": "Source", "provider": "CodeCommit"}
    build = {
        "name": "Build",
        "category": "Build",
        "provider": "CodeBuild",
        "input_artifacts": ["source"],
        "configuration": {"ProjectName": changes.get("project", "build")},
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
            "environment": [{"image": "aws/codebuild/standard:7.0"}],
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
    """An alarm on that many healthy targets, or more."""
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
    """A metric of its own, on which an alarm looks."""
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

BROKEN_TOO: list[tuple[str, str, Change]] = [
    # Network
    ("private-names-resolve", "aws_vpc.this", put("aws_vpc.this", enable_dns_hostnames=False)),
    ("nat-gateway-leads-out", "aws_nat_gateway.this", nat_gateway),
    (
        "database-is-private",
        "aws_rds_cluster.this",
        put("aws_db_subnet_group.this", subnet_ids=["subnet-ingress"]),
    ),
    ("load-balancer-is-reached", "aws_lb.this", put("aws_lb.this", subnets=["subnet-app"])),
    (
        "database-asks-for-tls",
        "aws_rds_cluster.this",
        all_of(
            put("aws_rds_cluster.this", db_cluster_parameter_group_name="own"),
            put(
                "aws_rds_cluster_parameter_group.own",
                name="own",
                parameter=[{"name": "rds.force_ssl", "value": "0"}],
            ),
        ),
    ),
    ("origin-lets-go-first", DISTRIBUTION, origin(origin_keepalive_timeout=60)),
    # Routing and caching
    ("origin-listens", DISTRIBUTION, origin(http_port=8080, https_port=443)),
    ("origin-listens", DISTRIBUTION, origin(origin_protocol_policy="https-only")),
    (
        "listener-rule-is-reached",
        "aws_lb_listener_rule.api",
        all_of(listener_rule("all", 1, "/*"), listener_rule("api", 2, "/api/*")),
    ),
    (
        "cache-behavior-is-reached",
        DISTRIBUTION,
        behaviors(("/static/*", "", READING), ("static/app/*.js", "", READING)),
    ),
    ("cache-heeds-the-program", DISTRIBUTION, behaviors(("/api/*", OPTIMIZED, ALL_METHODS))),
    ("cache-heeds-the-program", DISTRIBUTION, behaviors(("/admin*", OPTIMIZED, READING))),
    ("cache-heeds-the-program", DISTRIBUTION, behaviors(("/static/*", OPTIMIZED, ALL_METHODS))),
    (
        "routed-path-gets-what-belongs-to-it",
        DISTRIBUTION,
        listener_rule("api", 2, "/api/*", "/static/*"),
    ),
    # Names
    (
        "peer-is-there",
        "aws_ecs_task_definition.app",
        environment("WORKER_URL", "http://wroker:9000/x"),
    ),
    ("peer-is-there", "aws_ecs_task_definition.app", environment("WORKER_URL", "http://worker")),
    (
        "peer-is-there",
        "aws_ecs_task_definition.app",
        environment("OTHER_URL", "http://gone.internal:80"),
    ),
    (
        "health-checks-agree",
        "aws_lb_target_group.app",
        health_check("curl -f http://localhost:8000/up || exit 1", "/healthz"),
    ),
    (
        "health-checks-agree",
        "aws_lb_target_group.app",
        health_check("exec 3<>/dev/tcp/127.0.0.1/80; printf 'GET /up HTTP/1.0\\r\\n'", "/healthz"),
    ),
    (
        "health-checks-agree",
        "aws_lb_target_group.app",
        health_check("urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/up', timeout=4)", "/"),
    ),
    # Filters
    (
        "metric-filter-can-match",
        "aws_cloudwatch_log_metric_filter.fatal",
        put("aws_cloudwatch_log_metric_filter.fatal", log_group_name="/gone"),
    ),
    (
        "metric-filter-can-match",
        "aws_cloudwatch_log_metric_filter.pg",
        all_of(database_log(), filter_of("pg", "{ $.level = FATAL }", DATABASE_LOG)),
    ),
    (
        "metric-filter-can-match",
        "aws_cloudwatch_log_metric_filter.pg",
        all_of(database_log(), filter_of("pg", '"]:FATALITY:"', DATABASE_LOG)),
    ),
    (
        "metric-filter-can-match",
        "aws_cloudwatch_log_metric_filter.pg",
        all_of(database_log(), filter_of("pg", '"]: FATAL:"', DATABASE_LOG)),
    ),
    (
        "metric-filter-can-match",
        "aws_cloudwatch_log_metric_filter.pg",
        all_of(database_log(exported=False), filter_of("pg", '"]:FATAL:"', DATABASE_LOG)),
    ),
    (
        "records-count-for-one-metric",
        "aws_cloudwatch_log_metric_filter.twice",
        filter_of("twice", '{ $.level  = "FATAL" }'),
    ),
    # Alarms
    (
        "alarm-compares-the-right-way",
        f"{ALARM}.cpu",
        put(f"{ALARM}.cpu", comparison_operator="LessThanThreshold"),
    ),
    (
        "alarm-compares-the-right-way",
        f"{ALARM}.fatal",
        put(f"{ALARM}.fatal", comparison_operator="LessThanOrEqualToThreshold"),
    ),
    ("alarm-compares-the-right-way", f"{ALARM}.many", healthy_targets(4)),
    (
        "alarm-compares-the-right-way",
        f"{ALARM}.many",
        all_of(scaling(2, 4, 60), healthy_targets(3)),
    ),
    ("alarm-threshold-is-reached", f"{ALARM}.cpu", put(f"{ALARM}.cpu", threshold=100)),
    (
        "alarm-threshold-is-reached",
        f"{ALARM}.fatal",
        put(f"{ALARM}.fatal", comparison_operator="GreaterThanOrEqualToThreshold"),
    ),
    # The way of a message
    ("topic-lets-its-publishers-in", "aws_sns_topic.this", topic_policy("events.amazonaws.com")),
    (
        "topic-lets-its-publishers-in",
        "aws_sns_topic.this",
        topic_policy(
            "cloudwatch.amazonaws.com",
            Condition={"ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:{ACCOUNT}:alarm:other-*"}},
        ),
    ),
    (
        "topic-lets-its-publishers-in",
        "aws_sns_topic.this",
        all_of(
            put("aws_cloudwatch_event_rule.this", arn="rule", name="rule", event_pattern="{}"),
            put("aws_cloudwatch_event_target.this", rule="rule", arn=TOPIC_ARN),
        ),
    ),
    (
        "function-lets-its-callers-in",
        "aws_lambda_function.tell",
        all_of(function, put("aws_lambda_permission.tell", source_arn=f"{TOPIC_ARN}-other")),
    ),
    # Keys
    ("key-lets-log-groups-in", "aws_kms_key.this", put("aws_kms_key.this", policy=None)),
    (
        "key-lets-log-groups-in",
        "aws_kms_key.this",
        put("aws_kms_key.this", policy=key_policy(f"{LOG_GROUP_ARN}-other")),
    ),
    ("key-lets-alarms-and-events-in", "aws_kms_key.this", encrypted_topic("sns.amazonaws.com")),
    # Trust and rights
    (
        "role-is-taken-by-what-uses-it",
        "aws_iam_role.execution",
        put("aws_iam_role.execution", assume_role_policy=trust("ec2.amazonaws.com")),
    ),
    (
        "role-is-taken-by-nobody-else",
        "aws_iam_role.execution",
        put(
            "aws_iam_role.execution",
            assume_role_policy=policy(
                {
                    "Effect": "Allow",
                    "Action": "sts:AssumeRole",
                    "Principal": {"Service": ["ecs-tasks.amazonaws.com", "ec2.amazonaws.com"]},
                }
            ),
        ),
    ),
    (
        "role-is-not-for-anyone",
        "aws_iam_role.task",
        put("aws_iam_role.task", assume_role_policy=policy(ANYONE)),
    ),
    (
        "function-log-is-declared",
        "aws_lambda_function.tell",
        all_of(function, put("aws_lambda_function.tell", logging_config=[])),
    ),
    (
        "function-may-log",
        "aws_lambda_function.tell",
        all_of(
            function,
            put(
                "aws_iam_role_policy.tell", policy=policy(allow("logs:PutLogEvents", on=TOPIC_ARN))
            ),
        ),
    ),
    # Delivery
    ("pipeline-projects-are-there", "aws_codepipeline.this", pipeline(project="bulid")),
    (
        "pipeline-role-starts-its-builds",
        "aws_codepipeline.this",
        pipeline(actions=["codebuild:StartBuild"]),
    ),
    ("scaling-can-happen", "aws_ecs_service.app", scaling(2, 2, 60)),
    ("scaling-can-happen", "aws_ecs_service.app", scaling(2, 4, 600)),
]

SOUND_TOO: list[Change] = [
    behaviors(("/api/*", "", ALL_METHODS), ("/static/*", OPTIMIZED, READING)),
    all_of(behaviors(("/api/*", "", ALL_METHODS)), listener_rule("api", 1, "/api/*")),
    all_of(
        behaviors(("/api/*", "", ALL_METHODS)),
        listener_rule("narrow", 1, "/api/v1/*"),
        listener_rule("wide", 2, "/api/*"),
    ),
    origin(origin_protocol_policy="match-viewer"),
    environment("OTHER_URL", "https://api.example.com/x"),
    environment("OTHER_URL", "http://localhost:9000"),
    environment("NAME", "worker"),
    environment("APP_SECRET", "/app/prod/secret"),
    # Who scales has no end to tell of.
    put(
        f"{ALARM}.cpu",
        comparison_operator="LessThanThreshold",
        alarm_actions=[
            f"arn:aws:autoscaling:{ACCOUNT}:scalingPolicy:1:resource/ecs/x:policyName/in"
        ],
        ok_actions=[],
    ),
    all_of(
        function,
        put(
            "aws_iam_role.tell",
            assume_role_policy=trust("lambda.amazonaws.com", "edgelambda.amazonaws.com"),
        ),
    ),
    health_check("curl -f http://localhost:8000/up || exit 1", "/up"),
    health_check("exec 3<>/dev/tcp/127.0.0.1/80; printf 'GET /up HTTP/1.0\r\n'", "/up"),
    health_check("/bin/probe", "/up"),
    all_of(database_log(), filter_of("pg", '"]:FATAL:"', DATABASE_LOG)),
    all_of(database_log(), filter_of("pg", "ERROR", DATABASE_LOG)),
    topic_policy("cloudwatch.amazonaws.com"),
    topic_policy(
        "cloudwatch.amazonaws.com",
        Condition={"ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:{ACCOUNT}:alarm:*"}},
    ),
    put(
        "aws_sns_topic.this",
        policy=policy(allow("SNS:Publish", on=TOPIC_ARN, Principal={"AWS": "*"})),
    ),
    encrypted_topic("cloudwatch.amazonaws.com"),
    function,
    pipeline(),
    scaling(2, 4, 60),
    all_of(scaling(2, 4, 60), healthy_targets(4)),
    put("aws_lb.this", subnets=["subnet-app"], internal=True),
]
