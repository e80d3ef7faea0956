"""What ECS needs to start a task, from the definitions alone."""

from __future__ import annotations

import pytest

from bonkei.analysis.policy.needs import execution_needs
from bonkei.blueprint.ecs import LogConfiguration
from bonkei.blueprint.ecs.container import Container
from bonkei.blueprint.ecs.task_definition import TaskDefinition
from bonkei.blueprint.logs.log_group import LogGroup
from bonkei.blueprint.model import Blueprint

_OPTIONS = {"awslogs-group": "/app", "awslogs-region": "us-east-1", "awslogs-create-group": "true"}


@pytest.mark.parametrize("there", [True, False])
def test_only_a_missing_log_group_is_created(there: bool) -> None:
    logging = LogConfiguration("awslogs", tuple(_OPTIONS.items()))
    container = Container("web", "web:1", log_configuration=logging)
    arn = "arn:aws:ecs:us-east-1:123456789012:task-definition/web:1"
    definition = TaskDefinition("t", arn, "web", 1, 256, 512, (container,))
    group = LogGroup("g", "arn:aws:logs:us-east-1:123456789012:log-group:/app", "/app")
    needs = execution_needs(definition, Blueprint(log_groups=(group,) if there else ()))
    assert ("logs:CreateLogGroup" in {need.action for need in needs}) is not there
