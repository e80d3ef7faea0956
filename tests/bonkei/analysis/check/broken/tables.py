"""Changes that break the rules about routing, names, filters, alarms' actions, trust and
delivery."""

from __future__ import annotations

from tests.bonkei.analysis.check.broken.parts import (
    ALARM,
    ALL_METHODS,
    ANYONE,
    DATABASE_LOG,
    DISTRIBUTION,
    OPTIMIZED,
    READING,
    access_log,
    all_of,
    behaviors,
    database_log,
    dead_letters,
    decrypted_through,
    encrypted_topic,
    filter_of,
    function,
    header_in_lower_case,
    header_log,
    health_check,
    healthy_targets,
    listener_rule,
    logging_function,
    name_of_distribution,
    nat_gateway,
    origin,
    pipeline,
    pipeline_rule,
    pusher,
    scaling,
    scheduled_pipeline,
    topic_policy,
    without_tls,
)
from tests.bonkei.analysis.check.changes import (
    Change,
    containers,
    environment,
    execution,
    put,
    remove,
)
from tests.bonkei.analysis.check.stack.documents import ACCOUNT, allow, policy, trust
from tests.bonkei.analysis.check.stack.edge import ALB_ARN
from tests.bonkei.analysis.check.stack.operations import TOPIC_ARN
from tests.bonkei.analysis.check.stack.permissions import key_policy
from tests.bonkei.analysis.check.stack.tasks import LOG_GROUP_ARN

PUSH = (
    "InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload", "BatchCheckLayerAvailability",
    "PutImage",
)  # fmt: skip

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
    (
        "function-asks-for-what-its-caller-sends",
        "aws_lambda_permission.tell",
        all_of(function, put("aws_lambda_permission.tell", source_account="123456789012")),
    ),
    # Keys
    ("key-lets-log-groups-in", "aws_kms_key.this", put("aws_kms_key.this", policy=None)),
    (
        "key-lets-log-groups-in",
        "aws_kms_key.this",
        put("aws_kms_key.this", policy=key_policy(f"{LOG_GROUP_ARN}-other")),
    ),
    ("key-lets-alarms-and-events-in", "aws_kms_key.this", encrypted_topic("sns.amazonaws.com")),
    # Trust and permissions
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
    (
        "build-names-its-primary-source",
        "aws_codepipeline.this",
        pipeline(more_inputs=["built"], configuration={"PrimarySource": "other"}),
    ),
    ("build-names-its-primary-source", "aws_codepipeline.this", pipeline(more_inputs=["built"])),
    (
        "build-names-its-primary-source",
        "aws_codepipeline.this",
        pipeline(configuration={"PrimarySource": "other"}),
    ),
    (
        "images-are-for-the-tasks-processor",
        "aws_codebuild_project.this",
        pipeline(environment={"privileged_mode": True, "type": "ARM_CONTAINER"}),
    ),
    ("role-may-push-whole-images", "aws_iam_role.build", pusher(*PUSH[:-1])),
    ("role-may-push-whole-images", "aws_iam_role.build", pusher(*PUSH[1:])),
    # What they send and leave
    ("key-lets-dead-letters-in", "aws_kms_key.this", dead_letters()),
    ("function-may-leave-dead-letters", "aws_lambda_function.tell", logging_function()),
    (
        "function-may-leave-dead-letters",
        "aws_lambda_function.tell",
        logging_function("sqs:GetQueueUrl"),
    ),
    ("load-balancer-may-write-its-log", "aws_lb.this", access_log("aws:kms")),
    ("load-balancer-may-write-its-log", "aws_lb.this", access_log(folder="front/AWSLogs/1")),
    (
        "load-balancer-may-write-its-log",
        "aws_lb.this",
        access_log(Condition={"ArnLike": {"aws:SourceArn": f"{ALB_ARN[:-1]}2"}}),
    ),
    (
        "load-balancer-may-write-its-log",
        "aws_lb.this",
        all_of(access_log(), remove("aws_s3_bucket_policy.logs")),
    ),
    ("header-is-not-logged", "aws_wafv2_web_acl_logging_configuration.this", header_log("cookie")),
    ("condition-key-is-there", "aws_s3_bucket_policy.files", without_tls("aws:SecureTransports")),
    (
        "condition-key-is-there",
        "aws_iam_role_policy.execution",
        execution(
            allow("ssm:GetParameters", on="*", Condition={"Null": {"aws:RequestTags/x": "true"}})
        ),
    ),
    ("role-allows-what-is-needed", "aws_ecs_task_definition.app", decrypted_through("ssm")),
    # What runs
    (
        "failed-deployment-ends",
        "aws_ecs_service.app",
        put("aws_ecs_service.app", deployment_circuit_breaker=[]),
    ),
    (
        "container-files-are-read-only",
        "aws_ecs_task_definition.app",
        lambda found: containers(found, readonlyRootFilesystem=None),
    ),
    ("name-is-one-of-the-aliases", DISTRIBUTION, name_of_distribution("a.example.com")),
    (
        "name-is-one-of-the-aliases",
        DISTRIBUTION,
        name_of_distribution("a.b.example.com", "*.example.com"),
    ),
    (
        "pipeline-events-happen",
        "aws_cloudwatch_event_rule.failed",
        pipeline_rule("CodePipeline Action Execution State Change", "FAILURE"),
    ),
    (
        "pipeline-events-happen",
        "aws_cloudwatch_event_rule.failed",
        pipeline_rule("CodePipeline Action Execution State Change", "SUPERSEDED"),
    ),
    (
        "pipeline-events-happen",
        "aws_cloudwatch_event_rule.failed",
        pipeline_rule("CodePipeline Pipeline State Change", "FAILED"),
    ),
    ("load-balancer-checks-the-header", "aws_wafv2_web_acl.this", header_in_lower_case("S3cret")),
    (
        "rule-may-start-its-pipeline",
        "aws_cloudwatch_event_target.weekly",
        scheduled_pipeline("codepipeline:GetPipeline"),
    ),
]


SOUND_TOO: list[Change] = [
    scheduled_pipeline("codepipeline:StartPipelineExecution"),
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
    # An alarm that scales has no end to report.
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
    access_log("AES256"),
    access_log(Condition={"ArnLike": {"aws:SourceArn": f"{ALB_ARN[:-1]}*"}}),
    access_log(Principal={"AWS": "arn:aws:iam::127311923021:root"}),
    without_tls("AWS:securetransport"),
    without_tls("aws:PrincipalTag/team"),
    without_tls("aws:SomethingThatIsNewerThanTheList"),
    decrypted_through("secretsmanager"),
    put(
        "aws_ecs_service.app",
        deployment_circuit_breaker=[],
        deployment_controller=[{"type": "CODE_DEPLOY"}],
    ),
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
    pipeline(more_inputs=["built"], configuration={"PrimarySource": "built"}),
    pipeline(configuration={"PrimarySource": "source"}),
    pipeline(environment={"privileged_mode": True, "type": "LINUX_CONTAINER"}),
    pusher(*PUSH),
    pusher("BatchGetImage", "PutImage"),  # another tag for an image
    dead_letters("sns.amazonaws.com"),
    logging_function("sqs:SendMessage"),
    access_log("AES256"),
    name_of_distribution("a.example.com", "A.example.com"),
    name_of_distribution("a.example.com", "*.example.com"),
    pipeline_rule("CodePipeline Pipeline Execution State Change", "FAILED", "SUPERSEDED"),
    header_in_lower_case("s3cret"),
    scaling(2, 4, 60),
    all_of(scaling(2, 4, 60), healthy_targets(4)),
    put("aws_lb.this", subnets=["subnet-app"], internal=True),
]
