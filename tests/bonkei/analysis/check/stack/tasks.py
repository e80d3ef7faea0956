"""The service, its task definition and its repositories."""

from __future__ import annotations

import json
from typing import Any

from tests.bonkei.analysis.check.stack.documents import ACCOUNT, Resources
from tests.bonkei.analysis.check.stack.edge import TARGETS_ARN

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
            "readonlyRootFilesystem": True,
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
            "readonlyRootFilesystem": True,
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
        "deployment_circuit_breaker": [{"enable": True, "rollback": True}],
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
        "readonlyRootFilesystem": True,
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
