"""A sound stack, as a state: one service behind CloudFront and a load balancer, a database, logs,
an alarm and its notification. Each test takes one thing away from it."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from typing import Any

ACCOUNT = "eu-west-1:123456789012"
Resources = dict[str, dict[str, Any]]


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(*actions: str, on: str | list[str], **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": on, **more}


def trust(*services: str) -> str:
    return policy(
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": [*services]}}
    )


def subnet(name: str, cidr: str) -> dict[str, Any]:
    return {
        "arn": f"arn:aws:ec2:{ACCOUNT}:subnet/subnet-{name}",
        "id": f"subnet-{name}",
        "vpc_id": "vpc-1",
        "cidr_block": cidr,
        "availability_zone": "eu-west-1a",
    }


def group(name: str) -> dict[str, Any]:
    return {
        "arn": f"arn:aws:ec2:{ACCOUNT}:security-group/sg-{name}",
        "id": f"sg-{name}",
        "name": name,
        "vpc_id": "vpc-1",
    }


def peer(of: str, port: int, **peers: Any) -> dict[str, Any]:
    """A rule of the group `of`; `to` is another group's name."""
    if "to" in peers:
        peers["referenced_security_group_id"] = f"sg-{peers.pop('to')}"
    return {
        "security_group_id": f"sg-{of}",
        "ip_protocol": "tcp",
        "from_port": port,
        "to_port": port,
        **peers,
    }


def endpoint(service: str, **overrides: Any) -> dict[str, Any]:
    return {
        "id": f"vpce-{service}",
        "vpc_id": "vpc-1",
        "service_name": f"com.amazonaws.eu-west-1.{service}",
        "vpc_endpoint_type": "Interface",
        "private_dns_enabled": True,
        "subnet_ids": ["subnet-egress"],
        "security_group_ids": ["sg-endpoints"],
        **overrides,
    }


def network() -> Resources:
    return {
        "aws_vpc.this": {
            "arn": f"arn:aws:ec2:{ACCOUNT}:vpc/vpc-1",
            "id": "vpc-1",
            "cidr_block": "10.0.0.0/16",
            "enable_dns_hostnames": True,
            "main_route_table_id": "rtb-main",
        },
        "aws_subnet.ingress": subnet("ingress", "10.0.0.0/24"),
        "aws_subnet.app": subnet("app", "10.0.1.0/24"),
        "aws_subnet.egress": subnet("egress", "10.0.2.0/24"),
        "aws_subnet.database": subnet("database", "10.0.3.0/24"),
        "aws_route_table.app": {"id": "rtb-app"},
        "aws_route_table.in": {"id": "rtb-in"},
        "aws_route_table_association.app": {"subnet_id": "subnet-app", "route_table_id": "rtb-app"},
        "aws_route_table_association.in": {
            "subnet_id": "subnet-ingress",
            "route_table_id": "rtb-in",
        },
        "aws_route.ingress": {
            "route_table_id": "rtb-in",
            "destination_cidr_block": "0.0.0.0/0",
            "gateway_id": "igw-1",
        },
        "aws_vpc_endpoint.ecr_api": endpoint("ecr.api"),
        "aws_vpc_endpoint.ecr_dkr": endpoint("ecr.dkr"),
        "aws_vpc_endpoint.logs": endpoint("logs"),
        "aws_vpc_endpoint.secrets": endpoint("secretsmanager"),
        "aws_vpc_endpoint.exec": endpoint("ssmmessages"),
        "aws_vpc_endpoint.s3": endpoint(
            "s3",
            vpc_endpoint_type="Gateway",
            private_dns_enabled=False,
            route_table_ids=["rtb-app"],
            subnet_ids=[],
            security_group_ids=[],
            prefix_list_id="pl-s3",
        ),
        "data.aws_ec2_managed_prefix_list.cloudfront": {
            "id": "pl-cloudfront",
            "name": "com.amazonaws.global.cloudfront.origin-facing",
        },
        "aws_security_group.alb": group("alb"),
        "aws_security_group.app": group("app"),
        "aws_security_group.worker": group("worker"),
        "aws_security_group.endpoints": group("endpoints"),
        "aws_security_group.database": group("database"),
        "aws_vpc_security_group_ingress_rule.alb": peer("alb", 80, prefix_list_id="pl-cloudfront"),
        "aws_vpc_security_group_egress_rule.alb": peer("alb", 8000, to="app"),
        "aws_vpc_security_group_ingress_rule.app": peer("app", 8000, to="alb"),
        "aws_vpc_security_group_egress_rule.app_https": peer("app", 443, to="endpoints"),
        "aws_vpc_security_group_egress_rule.app_s3": peer("app", 443, prefix_list_id="pl-s3"),
        "aws_vpc_security_group_egress_rule.app_database": peer("app", 5432, to="database"),
        "aws_vpc_security_group_egress_rule.app_worker": peer("app", 9000, to="worker"),
        "aws_vpc_security_group_ingress_rule.worker": peer("worker", 9000, to="app"),
        "aws_vpc_security_group_egress_rule.worker_s3": peer("worker", 443, prefix_list_id="pl-s3"),
        "aws_vpc_security_group_egress_rule.worker_https": peer("worker", 443, to="endpoints"),
        "aws_vpc_security_group_ingress_rule.endpoints": peer(
            "endpoints", 443, cidr_ipv4="10.0.1.0/24"
        ),
        "aws_vpc_security_group_ingress_rule.database": peer("database", 5432, to="app"),
    }


ALB_ARN = f"arn:aws:elasticloadbalancing:{ACCOUNT}:loadbalancer/app/front/1"
TARGETS_ARN = f"arn:aws:elasticloadbalancing:{ACCOUNT}:targetgroup/app/1"


def edge() -> Resources:
    header = {
        "field_to_match": [{"single_header": [{"name": "x-origin"}]}],
        "positional_constraint": "EXACTLY",
        "search_string": "s3cret",
        "text_transformation": [{"priority": 0, "type": "NONE"}],
    }
    return {
        "aws_cloudfront_distribution.this": {
            "arn": "arn:aws:cloudfront::123456789012:distribution/E1",
            "id": "E1",
            "domain_name": "d1.cloudfront.net",
            "origin": [
                {
                    "origin_id": "alb",
                    "domain_name": "front.elb.amazonaws.com",
                    "custom_header": [{"name": "X-Origin", "value": "s3cret"}],
                }
            ],
            "default_cache_behavior": [
                {
                    "target_origin_id": "alb",
                    "viewer_protocol_policy": "redirect-to-https",
                    "allowed_methods": ["GET", "HEAD"],
                    "cached_methods": ["GET", "HEAD"],
                    "cache_policy_id": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
                }
            ],
        },
        "aws_lb.this": {
            "arn": ALB_ARN,
            "name": "front",
            "dns_name": "front.elb.amazonaws.com",
            "idle_timeout": 60,
            "security_groups": ["sg-alb"],
            "subnets": ["subnet-ingress"],
        },
        "aws_lb_listener.this": {
            "arn": "listener",
            "load_balancer_arn": ALB_ARN,
            "port": 80,
            "protocol": "HTTP",
            "default_action": [{"type": "forward", "target_group_arn": TARGETS_ARN}],
        },
        "aws_lb_target_group.app": {
            "arn": TARGETS_ARN,
            "name": "app",
            "port": 8000,
            "protocol": "HTTP",
            "target_type": "ip",
        },
        "aws_wafv2_web_acl.this": {
            "arn": "acl",
            "name": "front",
            "scope": "REGIONAL",
            "default_action": [{"block": [{}]}],
            "rule": [
                {
                    "name": "header",
                    "priority": 0,
                    "action": [{"allow": [{}]}],
                    "statement": [{"byte_match_statement": [header]}],
                }
            ],
        },
        "aws_wafv2_web_acl_association.this": {"web_acl_arn": "acl", "resource_arn": ALB_ARN},
    }


CLUSTER_ARN = f"arn:aws:ecs:{ACCOUNT}:cluster/main"
SECRET_ARN = f"arn:aws:secretsmanager:{ACCOUNT}:secret:password-AbCdEf"
KEY_ARN = f"arn:aws:kms:{ACCOUNT}:key/k1"
EXECUTION_ARN = "arn:aws:iam::123456789012:role/execution"
TASK_ARN = "arn:aws:iam::123456789012:role/task"
LOG_GROUP_ARN = f"arn:aws:logs:{ACCOUNT}:log-group:/app"
IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app"


def app_containers() -> list[dict[str, Any]]:
    return [
        {
            "name": "app",
            "image": f"{IMAGE}:1.4.2",
            "environment": [
                {"name": "DATABASE_HOST", "value": "db.cluster-x.eu-west-1.rds.amazonaws.com"},
                {"name": "KEEP_ALIVE_SECONDS", "value": "75"},
                {"name": "WORKER_URL", "value": "http://worker:9000"},
            ],
            "secrets": [{"name": "DATABASE_PASSWORD", "valueFrom": f"{SECRET_ARN}:password::"}],
            "portMappings": [{"containerPort": 8000, "name": "http"}],
            "dependsOn": [{"containerName": "router", "condition": "HEALTHY"}],
            "logConfiguration": {"logDriver": "awsfirelens"},
        },
        {
            "name": "router",
            "image": f"{IMAGE}-router:1.4.2",
            "stopTimeout": 60,
            "firelensConfiguration": {"type": "fluentbit"},
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {"awslogs-group": "/app", "awslogs-region": "eu-west-1"},
            },
        },
    ]


def service(name: str, **overrides: Any) -> dict[str, Any]:
    return {
        "id": f"arn:aws:ecs:{ACCOUNT}:service/main/{name}",
        "name": name,
        "cluster": CLUSTER_ARN,
        "task_definition": f"{name}:1",
        "desired_count": 2,
        "network_configuration": [
            {
                "subnets": ["subnet-app"],
                "security_groups": [f"sg-{name}"],
                "assign_public_ip": False,
            }
        ],
        **overrides,
    }


def definition(name: str, containers: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "arn": f"arn:aws:ecs:{ACCOUNT}:task-definition/{name}:1",
        "family": name,
        "revision": 1,
        "cpu": "256",
        "memory": "512",
        "container_definitions": json.dumps(containers),
        "execution_role_arn": EXECUTION_ARN,
        "task_role_arn": TASK_ARN if name == "app" else None,
    }


def tasks() -> Resources:
    worker = {
        "name": "worker",
        "image": f"{IMAGE}-worker:1.4.2",
        "portMappings": [{"containerPort": 9000, "name": "http"}],
    }
    connect = {"enabled": True, "namespace": "internal", "service": []}
    served = {"port_name": "http", "client_alias": [{"dns_name": "worker", "port": 9000}]}
    return {
        "aws_service_discovery_http_namespace.this": {"name": "internal"},
        "aws_ecs_cluster.this": {"arn": CLUSTER_ARN, "name": "main"},
        "aws_ecs_task_definition.app": definition("app", app_containers()),
        "aws_ecs_task_definition.worker": definition("worker", [worker]),
        "aws_ecs_service.app": service(
            "app",
            enable_execute_command=True,
            load_balancer=[
                {"target_group_arn": TARGETS_ARN, "container_name": "app", "container_port": 8000}
            ],
            service_connect_configuration=[connect],
        ),
        "aws_ecs_service.worker": service(
            "worker", service_connect_configuration=[{**connect, "service": [served]}]
        ),
        "aws_ecr_repository.app": repository("app"),
        "aws_ecr_repository.router": repository("app-router"),
        "aws_ecr_repository.worker": repository("app-worker"),
        "aws_rds_cluster.this": {
            "arn": f"arn:aws:rds:{ACCOUNT}:cluster:db",
            "cluster_identifier": "db",
            "engine": "aurora-postgresql",
            "engine_version": "17.5",
            "endpoint": "db.cluster-x.eu-west-1.rds.amazonaws.com",
            "port": 5432,
            "db_subnet_group_name": "db",
            "vpc_security_group_ids": ["sg-database"],
        },
        "aws_db_subnet_group.this": {"name": "db", "subnet_ids": ["subnet-database"]},
    }


def repository(name: str) -> dict[str, Any]:
    return {
        "arn": f"arn:aws:ecr:{ACCOUNT}:repository/{name}",
        "name": name,
        "repository_url": f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/{name}",
    }


def key_policy(group: str = LOG_GROUP_ARN, *services: str) -> str:
    """Everything to the account, and to CloudWatch Logs what it needs for one group."""
    return policy(
        allow("kms:*", on="*", Principal={"AWS": "arn:aws:iam::123456789012:root"}),
        allow(
            "kms:Encrypt*",
            "kms:Decrypt*",
            "kms:ReEncrypt*",
            "kms:GenerateDataKey*",
            "kms:Describe*",
            on="*",
            Principal={"Service": "logs.eu-west-1.amazonaws.com"},
            Condition={"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": group}},
        ),
        *(
            allow("kms:Decrypt", "kms:GenerateDataKey*", on="*", Principal={"Service": service})
            for service in services
        ),
    )


def permissions() -> Resources:
    execution = policy(
        allow("ecr:GetAuthorizationToken", on="*"),
        allow(
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:GetDownloadUrlForLayer",
            on=f"arn:aws:ecr:{ACCOUNT}:repository/app*",
        ),
        allow("logs:CreateLogStream", "logs:PutLogEvents", on=f"{LOG_GROUP_ARN}:*"),
        allow("secretsmanager:GetSecretValue", on=SECRET_ARN),
        allow("kms:Decrypt", on=KEY_ARN),
    )
    shell = allow(
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
        on="*",
    )
    return {
        "aws_iam_role.execution": {
            "arn": EXECUTION_ARN,
            "name": "execution",
            "assume_role_policy": trust("ecs-tasks.amazonaws.com"),
        },
        "aws_iam_role_policy.execution": {"role": "execution", "policy": execution},
        "aws_iam_role.task": {
            "arn": TASK_ARN,
            "name": "task",
            "assume_role_policy": trust("ecs-tasks.amazonaws.com"),
        },
        "aws_iam_role_policy.task": {"role": "task", "policy": policy(shell)},
        "aws_kms_key.this": {
            "arn": KEY_ARN,
            "key_id": "k1",
            "enable_key_rotation": True,
            "policy": key_policy(),
        },
        "aws_secretsmanager_secret.password": {
            "arn": SECRET_ARN,
            "name": "password",
            "kms_key_id": KEY_ARN,
        },
    }


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


def sound() -> Resources:
    """The whole stack; a copy that may be changed."""
    return deepcopy(network() | edge() | tasks() | permissions() | operations())


def state(resources: Resources) -> dict[str, Any]:
    """The resources as `terraform show -json` gives them."""
    entries = []
    for address, values in resources.items():
        parts = re.sub(r"\[[^]]*\]", "", address).split(".")
        entries.append(
            {
                "address": address,
                "mode": "data" if "data" in parts else "managed",
                "type": parts[-2],
                "values": values,
            }
        )
    return {"values": {"root_module": {"resources": entries}}}
