"""Which of a service's tasks are discovered."""

from __future__ import annotations

from typing import Any

import pytest

from bonkei.base.aws_service import AwsCall, Caller
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Registry, Service
from bonkei.miniature.parts.network.discovery import discovering
from bonkei.services.ecs.api.values import EcsState, EcsTask

CLUSTER = "arn:aws:ecs:eu-west-1:1:cluster/shop"
WEB = Service("s", "arn:web", "web", CLUSTER, "d", 2, registries=(Registry("shop", "pages", 80),))


def task(number: int, **changes: Any) -> EcsTask:
    said = {"group": "service:web", "last_status": "RUNNING", "health": "HEALTHY", **changes}
    definition = f"arn:aws:ecs:eu-west-1:1:task-definition/web-{number}:7"
    return EcsTask(str(number), f"arn:{number}", CLUSTER, definition, stopped_reason="",
                   started_at=1.0, containers=(), **said)  # fmt: skip


TASKS = (
    task(1), task(2, health="UNHEALTHY"), task(3, last_status="PENDING"),
    task(4, group="service:other"), task(5, group="family:web"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, "1"),
        ({"HealthStatus": "ALL"}, "12"),
        ({"HealthStatus": "UNHEALTHY"}, "2"),
        ({"HealthStatus": "ALL", "MaxResults": 1}, "1"),
        ({"QueryParameters": {"ECS_TASK_DEFINITION_FAMILY": "web-2"}}, "2"),  # or else all
        (
            {"QueryParameters": {"ECS_TASK_DEFINITION_FAMILY": "web-2"}, "HealthStatus": "HEALTHY"},
            "",
        ),
        ({"QueryParameters": {"X": "y"}}, ""),
        ({"OptionalParameters": {"X": "y"}}, "1"),
        ({"OptionalParameters": {"ECS_TASK_DEFINITION_FAMILY": "web-2"}}, "2"),
    ],
)
async def test_running_tasks_of_the_service_are_discovered(given: Any, found: str) -> None:
    caller = Caller("arn:role", "id", "1", source="task api")
    service = discovering(
        lambda: Blueprint(services=(WEB,)),
        lambda: EcsState((), (), TASKS, {}),
        lambda source, name, port: (f"{source}/{name}", port + 1),
    )
    wanted = {"NamespaceName": "shop", "ServiceName": "pages", **given}
    call = AwsCall("servicediscovery", "DiscoverInstances", wanted, caller, "eu-west-1", 1.0)
    instances = (await service.answer(call))["Instances"]
    assert "".join(each["InstanceId"] for each in instances) == found
    for each in instances:
        assert each["Attributes"]["AWS_INSTANCE_IPV4"] == "task api/pages.shop"
        assert each["Attributes"]["AWS_INSTANCE_PORT"] == "81"
        assert each["Attributes"]["ECS_CLUSTER_NAME"] == "shop"
