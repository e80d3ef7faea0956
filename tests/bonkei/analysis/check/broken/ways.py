"""Changes that break the rules about networks, routes, tasks, logs, keys, alarms and rights."""

from __future__ import annotations

from tests.bonkei.analysis.check.changes import (
    Change,
    containers,
    environment,
    execution,
    public_network,
    put,
    remove,
    without,
)
from tests.bonkei.analysis.check.stack.documents import ACCOUNT, allow, policy, trust
from tests.bonkei.analysis.check.stack.network import peer
from tests.bonkei.analysis.check.stack.tasks import KEY_ARN, SECRET_ARN, app_containers

# What breaks each rule, and the address at which it is found


BROKEN: list[tuple[str, str, Change]] = [
    # No route from the application to the internet
    (
        "app-has-no-way-out",
        "aws_route.out",
        put(
            "aws_route.out",
            route_table_id="rtb-app",
            destination_cidr_block="0.0.0.0/0",
            nat_gateway_id="nat-1",
        ),
    ),
    (
        "app-has-no-way-out",
        "aws_route.out",
        put(
            "aws_route.out",
            route_table_id="rtb-app",
            destination_ipv6_cidr_block="::/0",
            egress_only_gateway_id="eigw-1",
        ),
    ),
    (
        "task-has-no-public-ip",
        "aws_ecs_service.app",
        put("aws_ecs_service.app", network_configuration=public_network()),
    ),
    # Only CloudFront reaches the load balancer
    (
        "only-cloudfront-reaches-load-balancer",
        "aws_vpc_security_group_ingress_rule.all",
        put("aws_vpc_security_group_ingress_rule.all", **peer("alb", 80, cidr_ipv4="0.0.0.0/0")),
    ),
    (
        "load-balancer-checks-the-header",
        "aws_lb.this",
        remove("aws_wafv2_web_acl_association.this"),
    ),
    (
        "load-balancer-checks-the-header",
        "aws_wafv2_web_acl.this",
        put("aws_wafv2_web_acl.this", default_action=[{"allow": [{}]}]),
    ),
    (
        "load-balancer-checks-the-header",
        "aws_wafv2_web_acl.this",
        lambda found: found["aws_cloudfront_distribution.this"]["origin"][0].update(
            custom_header=[{"name": "X-Origin", "value": "another"}]
        ),
    ),
    (
        "load-balancer-checks-the-header",
        "aws_cloudfront_distribution.this",
        lambda found: found["aws_cloudfront_distribution.this"]["origin"][0].update(
            custom_header=[]
        ),
    ),
    (
        "load-balancer-checks-the-header",
        "aws_wafv2_web_acl.this",
        put("aws_wafv2_web_acl.this", rule=[]),
    ),
    # Nothing but the services reaches the database
    (
        "only-services-reach-database",
        "aws_vpc_security_group_ingress_rule.office",
        put(
            "aws_vpc_security_group_ingress_rule.office",
            **peer("database", 5432, cidr_ipv4="10.0.0.0/16"),
        ),
    ),
    (
        "only-services-reach-database",
        "aws_vpc_security_group_ingress_rule.alb_too",
        put("aws_vpc_security_group_ingress_rule.alb_too", **peer("database", 5432, to="alb")),
    ),
    # Quota
    (
        "prefix-lists-fit-the-quota",
        "aws_security_group.alb",
        put(
            "aws_vpc_security_group_ingress_rule.tls",
            **peer("alb", 443, prefix_list_id="pl-cloudfront"),
        ),
    ),
    # Image
    ("task-reaches-image", "aws_ecs_service.app", remove("aws_vpc_endpoint.ecr_dkr")),
    ("task-reaches-image", "aws_ecs_service.app", remove("aws_vpc_endpoint.s3")),
    (
        "task-reaches-image",
        "aws_ecs_service.app",
        remove("aws_vpc_security_group_egress_rule.app_s3"),
    ),
    (
        "task-reaches-image",
        "aws_ecs_service.worker",
        remove("aws_vpc_security_group_egress_rule.worker_https"),
    ),
    (
        "task-reaches-image",
        "aws_ecs_service.app",
        lambda found: containers(found, image="ghcr.io/example/app:1.4.2"),
    ),
    # Logs
    ("task-reaches-logs", "aws_ecs_service.app", remove("aws_vpc_endpoint.logs")),
    (
        "task-reaches-logs",
        "aws_ecs_service.app",
        put("aws_vpc_endpoint.logs", subnet_ids=[]),
    ),
    (
        "task-reaches-logs",
        "aws_ecs_service.app",
        put("aws_vpc_endpoint.logs", policy=policy(allow("logs:Describe*", on="*"))),
    ),
    (
        "task-reaches-image",
        "aws_ecs_service.app",
        put(
            "aws_vpc_endpoint.s3",
            policy=policy(allow("s3:GetObject", on="arn:aws:s3:::prod-us-east-1-starport-*/*")),
        ),
    ),
    (
        # The layers' bucket is of AWS's account.
        "task-reaches-image",
        "aws_ecs_service.app",
        put(
            "aws_vpc_endpoint.s3",
            policy=policy(
                allow(
                    "s3:*",
                    on="*",
                    Condition={"StringEquals": {"aws:ResourceAccount": "123456789012"}},
                )
            ),
        ),
    ),
    # Secrets
    (
        "task-reaches-secrets",
        "aws_ecs_service.app",
        put("aws_vpc_endpoint.secrets", private_dns_enabled=False),
    ),
    (
        "task-reaches-secrets",
        "aws_ecs_service.app",
        remove("aws_vpc_security_group_ingress_rule.endpoints"),
    ),
    ("exec-reaches-its-channel", "aws_ecs_service.app", remove("aws_vpc_endpoint.exec")),
    # Database
    (
        "task-reaches-database",
        "aws_ecs_service.app",
        remove("aws_vpc_security_group_ingress_rule.database"),
    ),
    (
        "task-reaches-database",
        "aws_ecs_service.app",
        put("aws_vpc_security_group_egress_rule.app_database", from_port=5433, to_port=5433),
    ),
    (
        "load-balancer-reaches-task",
        "aws_ecs_service.app",
        remove("aws_vpc_security_group_egress_rule.alb"),
    ),
    (
        "task-reaches-peers",
        "aws_ecs_service.app",
        remove("aws_vpc_security_group_ingress_rule.worker"),
    ),
    # Time-outs
    (
        "keep-alive-outlasts-idle-timeout",
        "aws_ecs_task_definition.app",
        environment("KEEP_ALIVE_SECONDS", "60"),
    ),
    (
        "keep-alive-is-told",
        "aws_ecs_task_definition.app",
        environment("KEEP_ALIVE_SECONDS", "who knows"),
    ),
    (
        "application-waits-for-its-router",
        "aws_ecs_task_definition.app",
        lambda found: containers(
            found, dependsOn=[{"containerName": "router", "condition": "START"}]
        ),
    ),
    # Logs and what task definitions name
    (
        "log-group-has-retention-and-key",
        "aws_cloudwatch_log_group.app",
        put("aws_cloudwatch_log_group.app", retention_in_days=0),
    ),
    (
        "log-group-has-retention-and-key",
        "aws_cloudwatch_log_group.app",
        put("aws_cloudwatch_log_group.app", kms_key_id=None),
    ),
    (
        "log-group-is-declared",
        "aws_ecs_task_definition.app",
        put("aws_cloudwatch_log_group.app", name="/another"),
    ),
    (
        "log-group-is-declared",
        "aws_ecs_task_definition.app",
        lambda found: containers(
            found,
            logConfiguration={
                "logDriver": "awsfirelens",
                "options": {"Name": "cloudwatch_logs", "log_group_name": "/gone"},
            },
        ),
    ),
    (
        "image-is-pinned",
        "aws_ecs_task_definition.app",
        lambda found: containers(
            found, image=app_containers()[0]["image"].replace("1.4.2", "latest")
        ),
    ),
    (
        "secret-is-not-in-the-environment",
        "aws_ecs_task_definition.app",
        environment("SESSION_SECRET", "hunter2"),
    ),
    # Alarms
    (
        "alarm-tells-of-its-end",
        "aws_cloudwatch_metric_alarm.cpu",
        put("aws_cloudwatch_metric_alarm.cpu", ok_actions=[]),
    ),
    (
        "alarm-has-actions",
        "aws_cloudwatch_metric_alarm.cpu",
        put("aws_cloudwatch_metric_alarm.cpu", alarm_actions=None),
    ),
    (
        "alarm-has-actions",
        "aws_cloudwatch_metric_alarm.cpu",
        put("aws_cloudwatch_metric_alarm.cpu", actions_enabled=False),
    ),
    (
        "alarm-action-reaches-someone",
        "aws_sns_topic.this",
        remove("aws_sns_topic_subscription.this"),
    ),
    (
        "alarm-action-reaches-someone",
        "aws_cloudwatch_metric_alarm.cpu",
        put("aws_cloudwatch_metric_alarm.cpu", alarm_actions=["arn:aws:sns:us-west-2:1:alarms"]),
    ),
    (
        "alarm-metric-is-emitted",
        "aws_cloudwatch_metric_alarm.cpu",
        put(
            "aws_cloudwatch_metric_alarm.cpu",
            namespace="AWS/CloudFront",
            metric_name="5xxErrorRate",
            dimensions={"DistributionId": "E1", "Region": "Global"},
        ),
    ),
    (
        "alarm-metric-is-emitted",
        "aws_cloudwatch_metric_alarm.cpu",
        put("aws_cloudwatch_metric_alarm.cpu", dimensions={}),
    ),
    (
        "alarm-metric-is-emitted",
        "aws_cloudwatch_metric_alarm.cpu",
        put(
            "aws_cloudwatch_metric_alarm.cpu",
            dimensions={"ClusterName": "main", "ServiceName": "gone"},
        ),
    ),
    (
        "alarm-metric-is-emitted",
        "aws_cloudwatch_metric_alarm.cpu",
        put("aws_cloudwatch_metric_alarm.cpu", metric_name="CpuUtilisation"),
    ),
    (
        "alarm-metric-is-emitted",
        "aws_cloudwatch_metric_alarm.fatal",
        put("aws_cloudwatch_metric_alarm.fatal", dimensions={"Environment": "dev"}),
    ),
    (
        "alarm-metric-is-emitted",
        "aws_cloudwatch_metric_alarm.fatal",
        remove("aws_cloudwatch_log_metric_filter.fatal"),
    ),
    (
        "alarm-on-records-returns-to-ok",
        "aws_cloudwatch_metric_alarm.fatal",
        put("aws_cloudwatch_metric_alarm.fatal", statistic="Average"),
    ),
    (
        "alarm-on-records-returns-to-ok",
        "aws_cloudwatch_metric_alarm.fatal",
        put("aws_cloudwatch_metric_alarm.fatal", treat_missing_data="missing"),
    ),
    (
        "metric-filter-is-read",
        "aws_cloudwatch_log_metric_filter.fatal",
        remove("aws_cloudwatch_metric_alarm.fatal"),
    ),
    (
        "alarm-threshold-is-in-the-metrics-unit",
        "aws_cloudwatch_metric_alarm.memory",
        put("aws_cloudwatch_metric_alarm.memory", threshold=5),
    ),
    # Permissions
    (
        "role-is-not-almighty",
        "aws_iam_role_policy.execution",
        execution(allow("s3:*", on=KEY_ARN)),
    ),
    (
        "role-is-not-almighty",
        "aws_iam_role_policy.execution",
        execution({"Effect": "Allow", "NotAction": "iam:*", "Resource": KEY_ARN}),
    ),
    (
        "role-is-not-almighty",
        "aws_iam_role_policy_attachment.admin",
        put(
            "aws_iam_role_policy_attachment.admin",
            role="task",
            policy_arn="arn:aws:iam::aws:policy/AdministratorAccess",
        ),
    ),
    (
        "role-names-its-resources",
        "aws_iam_role_policy.execution",
        execution(allow("kms:Decrypt", on="*")),
    ),
    (
        "role-is-used",
        "aws_iam_role.idle",
        put(
            "aws_iam_role.idle",
            arn="arn:aws:iam::123456789012:role/idle",
            name="idle",
            assume_role_policy=trust("lambda.amazonaws.com"),
        ),
    ),
    (
        "role-names-what-is-there",
        "aws_iam_role_policy.execution",
        execution(
            allow(
                "secretsmanager:GetSecretValue",
                on=f"arn:aws:secretsmanager:{ACCOUNT}:secret:gone-AbCdEf",
            )
        ),
    ),
    (
        "role-actions-are-needed",
        "aws_iam_role_policy.execution",
        execution(allow("kms:Encrypt", on=KEY_ARN)),
    ),
    (
        "role-actions-are-needed",
        "aws_iam_role_policy.task",
        put("aws_ecs_service.app", enable_execute_command=False),
    ),
    (
        "role-allows-what-is-needed",
        "aws_ecs_task_definition.app",
        without("secretsmanager:GetSecretValue"),
    ),
    ("role-allows-what-is-needed", "aws_ecs_task_definition.app", without("kms:Decrypt")),
    (
        "role-allows-what-is-needed",
        "aws_ecs_task_definition.app",
        execution({"Effect": "Deny", "Action": "secretsmanager:*", "Resource": SECRET_ARN}),
    ),
    (
        "role-allows-what-is-needed",
        "aws_ecs_service.app",
        put("aws_iam_role_policy.task", policy=policy()),
    ),
]
