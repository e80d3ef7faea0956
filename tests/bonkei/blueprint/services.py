"""A cluster with a service and its task definition, as the state has them."""

from __future__ import annotations

import json
from typing import Any

CLUSTER = {"arn": "arn:aws:ecs:eu-west-1:123456789012:cluster/main", "name": "main"}
DEFINITION_ARN = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:3"


def definition(*containers: dict[str, Any], **overrides: Any) -> dict[str, Any]:
    return {
        "arn": DEFINITION_ARN,
        "family": "web",
        "revision": 3,
        "cpu": "512",
        "memory": "1024",
        "container_definitions": json.dumps(containers or [{"name": "web", "image": "web:1"}]),
        "execution_role_arn": "execution",
        "task_role_arn": None,
        "volume": [],
        **overrides,
    }


def service(**overrides: Any) -> dict[str, Any]:
    return {
        "id": "arn:aws:ecs:eu-west-1:123456789012:service/main/web",
        "name": "web",
        "cluster": CLUSTER["arn"],
        "task_definition": DEFINITION_ARN,
        "desired_count": 2,
        "load_balancer": [
            {"target_group_arn": "tg", "container_name": "web", "container_port": 8000}
        ],
        "deployment_minimum_healthy_percent": 50,
        "deployment_maximum_percent": 150,
        "health_check_grace_period_seconds": 30,
        "deployment_circuit_breaker": [{"enable": True, "rollback": True}],
        "service_connect_configuration": [],
        **overrides,
    }


def stack(**overrides: Any) -> dict[str, Any]:
    return {
        "aws_ecs_cluster.this": CLUSTER,
        "aws_ecs_task_definition.web": definition(),
        "aws_ecs_service.web": service(),
        **overrides,
    }
