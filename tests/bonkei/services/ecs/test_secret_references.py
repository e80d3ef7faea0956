"""valueFrom, in every documented form."""

from __future__ import annotations

import traceback
from dataclasses import replace

import pytest

from bonkei.base.vault import MemoryVault
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Container, TaskDefinition
from bonkei.services.ecs import TaskError
from bonkei.services.ecs.execution.secret_references import (
    missing_secrets,
    require_permission,
    resolve,
    resolve_all,
)
from tests.bonkei.services.ecs.conftest import definition, service

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:app/db-AbCdEf"
DEFINITION = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:1"
PARAMETER = "arn:aws:ssm:eu-west-1:123456789012:parameter/app/level"


@pytest.fixture
def vault():
    return MemoryVault({ARN: '{"username": "app", "port": 5432}', PARAMETER: "debug"})


@pytest.mark.parametrize(
    ("value_from", "expected"),
    [
        (ARN, '{"username": "app", "port": 5432}'),
        (f"{ARN}:username::", "app"),
        (f"{ARN}:username:AWSCURRENT:", "app"),
        (f"{ARN}:port::", "5432"),
        (f"{ARN}::AWSCURRENT:", '{"username": "app", "port": 5432}'),
        (PARAMETER, "debug"),
        ("/app/level", "debug"),  # a parameter of the same region, by its name
        ("app/level", "debug"),
    ],
)
def test_found(vault, value_from, expected):
    assert resolve(value_from, vault, DEFINITION) == expected


@pytest.mark.parametrize(
    ("value_from", "message"),
    [
        (f"{ARN}:password::", "did not contain the json key password"),
        (f"{ARN}:username:AWSPREVIOUS:", "AWSPREVIOUS"),
        (f"{ARN}:::0123", "version 0123"),
        (ARN.replace("db", "other"), "ResourceNotFoundException"),
        ("app level", "is not the ARN"),
        ("app/other", "parameter/app/other has no value"),
        (f"{PARAMETER}:label", "is not the ARN"),
    ],
)
def test_missing_is_an_initialisation_error(vault, value_from, message):
    with pytest.raises(TaskError, match="ResourceInitializationError") as caught:
        resolve(value_from, vault, DEFINITION)
    assert message in caught.value.message
    assert caught.value.remedy


def test_all_missing_secrets_of_a_container_are_named_at_once(vault):
    """The first one in ECS's words, and the variables of the others."""
    secrets = [("ONE", ARN), ("TWO", "app/other"), ("SIX", f"{ARN}:no::"), ("FOUR", "app/level")]
    with pytest.raises(TaskError, match="parameter/app/other has no value") as caught:
        resolve_all(secrets, vault, DEFINITION)
    assert "SIX cannot be read either" in caught.value.remedy
    assert "FOUR" not in caught.value.remedy
    assert resolve_all(secrets[3:], vault, DEFINITION) == {"FOUR": "debug"}


def test_all_missing_secrets_of_a_stack_are_named_at_once(vault):
    """Each with the variables of all containers, but of none that does not run."""
    container = Container("web", "web:1", secrets=(("ONE", "app/other"), ("TWO", "app/level")))
    agent = Container("agent", "agent:1", secrets=(("KEY", "app/third"),))
    web = definition(container, agent)
    jobs = definition(replace(container, name="jobs"), family="jobs")
    idle = definition(replace(container, secrets=(("X", "app/x"),)), family="idle")
    services = (service(web), service(jobs), service(idle, desired=0))
    stack = Blueprint(services=services, task_definitions=(web, jobs, idle))
    first, remedy = missing_secrets(stack, vault, lambda one, _: one.name != "agent")
    assert "parameter/app/other has no value" in first
    assert first.endswith("(ONE of web/web, ONE of jobs/jobs)")
    assert "[[existing]]" in remedy
    vault.put(PARAMETER.replace("level", "other"), "now")
    assert list(missing_secrets(stack, vault, lambda one, _: one.name != "agent")) == []


@pytest.mark.parametrize("value", ["hunter2", "[" * 100_000 + "hunter2"])
def test_a_value_that_is_not_json_is_not_shown_in_the_error(value):
    vault = MemoryVault({ARN: value})
    with pytest.raises(TaskError) as caught:
        resolve(f"{ARN}:password::", vault, DEFINITION)
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


def test_a_secret_that_the_execution_role_may_not_read():
    web = TaskDefinition("aws_ecs_task_definition.web", DEFINITION, "web", 1, 256, 512, ())
    asked = []

    def may_read(_definition, secret):
        asked.append(secret)
        return "User: x is not authorized" if secret == PARAMETER else ""

    with pytest.raises(TaskError, match="AccessDeniedException: User: x is not") as caught:
        require_permission([f"{ARN}:username::", "/app/level", ARN], web, may_read)
    assert caught.value.message.startswith("ResourceInitializationError")
    assert asked == [ARN, PARAMETER]
