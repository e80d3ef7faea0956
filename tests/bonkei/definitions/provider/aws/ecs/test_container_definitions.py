"""container_definitions: the documents that ECS refuses, and those that it treats as equal.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonkei.blueprint.ecs.container import KEYS
from bonkei.definitions.provider.aws.ecs.container_definitions import Surroundings, faults, ignored
from bonkei.definitions.provider.aws.ecs.container_equality import same_containers
from bonkei.definitions.provider.aws.ecs.container_schema import CONTAINER
from bonkei.definitions.provider.aws.ecs.task_definitions import (
    SIZES,
    cpu_units,
    memory_mib,
    wrong_size,
)

FARGATE = Surroundings(
    network_mode="awsvpc",
    fargate=True,
    memory=512,
    cpu=256,
    volumes=frozenset({"tmp"}),
    has_execution_role=True,
)
SECRET = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:app/key-AbCdEf"
APP: dict[str, Any] = {
    "name": "app",
    "image": "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/app:1",
    "portMappings": [{"containerPort": 8000, "name": "http", "appProtocol": "http"}],
    "environment": [{"name": "HOST", "value": "0.0.0.0"}],
    "secrets": [{"name": "PASSWORD", "valueFrom": f"{SECRET}:password::"}],
    "mountPoints": [{"sourceVolume": "tmp", "containerPath": "/cache"}],
    "healthCheck": {"command": ["CMD-SHELL", "true"], "interval": 10, "retries": 3},
    "dependsOn": [{"containerName": "router", "condition": "HEALTHY"}],
    "logConfiguration": {"logDriver": "awsfirelens"},
    "stopTimeout": 60,
}
ROUTER: dict[str, Any] = {
    "name": "router",
    "image": "fluent-bit:1",
    "essential": True,
    "firelensConfiguration": {
        "type": "fluentbit",
        "options": {"config-file-type": "file", "config-file-value": "/router.conf"},
    },
    "healthCheck": {"command": ["CMD", "true"]},
    "logConfiguration": {
        "logDriver": "awslogs",
        "options": {
            "awslogs-group": "router",
            "awslogs-region": "ap-northeast-1",
            "awslogs-stream-prefix": "router",
        },
    },
}


def said(app: dict[str, Any], router: dict[str, Any] | None = None) -> list[str]:
    return list(faults(json.dumps([app, router or ROUTER]), FARGATE))


def test_a_task_with_a_log_router_is_accepted() -> None:
    assert said(APP) == []


def test_the_case_of_a_key_does_not_matter() -> None:
    spelled = {("HEALTHCHECK" if key == "healthCheck" else key): v for key, v in APP.items()}
    assert said(spelled) == []
    assert (
        "interval must be"
        in said({**APP, "healthcheck": {"command": ["CMD", "a"], "Interval": 1}})[0]
    )
    assert same_containers(json.dumps([APP]), json.dumps([spelled]))


def keys_of(shape: Any) -> Iterator[str]:
    if isinstance(shape, list):
        yield from keys_of(shape[0])
    elif isinstance(shape, dict):
        for key, member in shape.items():
            yield key
            yield from keys_of(member)


def test_the_spelling_knows_every_key_of_the_shape() -> None:
    assert set(keys_of(CONTAINER)) - {"*"} == KEYS


def test_memory_limits_may_overlap() -> None:
    """ECS compares each limit with the task's. Only for CPU it compares the sum."""
    assert said({**APP, "memory": 512}, {**ROUTER, "memory": 512}) == []


def test_unknown_keys_are_ignored_with_a_warning() -> None:
    """The provider decodes the document into the API's shape, and drops the rest."""
    app = {**APP, "//": "a remark", "linuxParameters": {"user": "1000", "maxSwap": 0}}
    assert said(app) == []
    places = list(ignored(json.dumps([app, ROUTER])))
    assert places == ['container "app".//', 'container "app".linuxParameters.user']
    assert list(ignored("no JSON")) == []


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"name": None}, '"name" is missing'),
        ({"name": "a b"}, "not a name"),
        ({"image": ""}, '"image" is missing'),
        ({"cpu": "256"}, "cpu: expected a whole number"),
        ({"essential": "true"}, "expected true or false"),
        ({"port_mappings": []}, 'Did you mean "portMappings"?'),
        ({"environment": {"HOST": "x"}}, "expected a list"),
        ({"environment": [{"name": "PORT", "value": 8000}]}, "expected a string"),
        ({"environment": [{"name": "A", "value": ""}] * 2}, "there twice"),
        ({"environment": [{"name": "PASSWORD", "value": ""}]}, "there twice"),
        ({"name": "router"}, 'Two containers have the name "router"'),
        ({"memory": 1024}, "more than the task's (512)"),
        ({"cpu": 300}, "more than the task's (256)"),
        ({"portMappings": [{"containerPort": 8000, "hostPort": 80}]}, "hostPort (80)"),
        ({"portMappings": [{"containerPort": 70000}]}, "not a port"),
        ({"portMappings": [{"hostPort": 80}]}, '"containerPort" is missing'),
        ({"portMappings": [{"containerPort": 80, "protocol": "http"}]}, "neither tcp nor udp"),
        ({"dependsOn": [{"containerName": "x", "condition": "START"}]}, 'no container "x"'),
        ({"dependsOn": [{"containerName": "router", "condition": "UP"}]}, "not one of START"),
        ({"dependsOn": [{"containerName": "app", "condition": "START"}]}, "wait for itself"),
        ({"dependsOn": [{"containerName": "router", "condition": "SUCCESS"}]}, "essential"),
        ({"secrets": [{"name": "A", "valueFrom": f"{SECRET}:password"}]}, "json-key"),
        ({"secrets": [{"name": "A", "valueFrom": "not a name"}]}, "not an ARN"),
        ({"healthCheck": {"command": ["curl"]}}, "CMD, CMD-SHELL or NONE"),
        ({"healthCheck": {"command": ["CMD-SHELL", "a", "b"]}}, "one string"),
        ({"healthCheck": {"command": ["CMD", "a"], "interval": 1}}, "interval must be from 5"),
        ({"healthCheck": {"command": ["CMD", "a"], "retries": 11}}, "retries must be from 1"),
        ({"logConfiguration": {"logDriver": "json-file"}}, "no driver json-file"),
        ({"logConfiguration": {"logDriver": "awslogs"}}, '"awslogs-group"'),
        ({"logConfiguration": {"options": {}}}, '"logDriver" is missing'),
        (
            {"restartPolicy": {"enabled": True, "restartAttemptPeriod": 30}},
            "restartAttemptPeriod must be from 60 to 1800 s",
        ),
        ({"stopTimeout": 300}, "stopTimeout must be from 0 to 120"),
        ({"privileged": True}, "no privileged"),
        ({"mountPoints": [{"sourceVolume": "data", "containerPath": "/d"}]}, 'no volume "data"'),
    ],
)
def test_refused(changed: dict[str, Any], message: str) -> None:
    shown = said({**APP, **changed})
    assert any(message in text for text in shown), shown


@pytest.mark.parametrize(
    ("firelens", "message"),
    [
        ({"type": "fluent-bit"}, "not fluentbit or fluentd"),
        ({"type": "fluentbit", "options": {"config-file": "x"}}, 'no option "config-file"'),
        (
            {"type": "fluentbit", "options": {"config-file-type": "s3", "config-file-value": "x"}},
            "not from s3",
        ),
        ({"type": "fluentbit", "options": {"config-file-type": "file"}}, "come together"),
    ],
)
def test_a_router_that_fargate_refuses(firelens: dict[str, Any], message: str) -> None:
    shown = said(APP, {**ROUTER, "firelensConfiguration": firelens})
    assert any(message in text for text in shown), shown


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "Not valid JSON"),
        ('[{"name": "a", "name": "b"}]', "twice"),
        ('{"name": "a"}', "list of container definitions"),
        ("[]", "no container"),
        ("[1]", "expected an object"),
        ('[{"name": "a", "image": "b", "essential": false}]', "must be essential"),
    ],
)
def test_a_malformed_document(text: str, message: str) -> None:
    shown = list(faults(text, FARGATE))
    assert any(message in fault for fault in shown), shown


def test_circular_dependencies_are_found() -> None:
    containers = [
        {"name": name, "image": "x", "dependsOn": [{"containerName": on, "condition": "START"}]}
        for name, on in (("a", "b"), ("b", "a"))
    ]
    assert any("circle: a, b" in text for text in faults(json.dumps(containers), FARGATE))


def test_without_an_execution_role_secrets_cannot_be_read() -> None:
    task = Surroundings(has_execution_role=False, memory=512)
    container = {"name": "a", "image": "b", "secrets": APP["secrets"]}
    assert any("execution_role_arn" in text for text in faults(json.dumps([container]), task))


@pytest.mark.parametrize(
    "other",
    [
        {**APP, "essential": True},
        {**APP, "cpu": 0, "command": [], "volumesFrom": None},
        {**APP, "portMappings": [{**APP["portMappings"][0], "hostPort": 8000, "protocol": "tcp"}]},
        {**APP, "environment": APP["environment"], "linuxParameters": {}},
        dict(reversed(APP.items())),
    ],
)
def test_defaults_that_ecs_adds_are_not_a_difference(other: dict[str, Any]) -> None:
    assert same_containers(json.dumps([APP, ROUTER]), json.dumps([ROUTER, other], indent=2))


@pytest.mark.parametrize(
    "other",
    [
        {**APP, "image": "other"},
        {**APP, "environment": [{"name": "HOST", "value": "127.0.0.1"}]},
        {**APP, "command": ["serve"]},
        {**APP, "essential": False},
        {key: value for key, value in APP.items() if key != "secrets"},
    ],
)
def test_a_real_difference_is_found(other: dict[str, Any]) -> None:
    assert not same_containers(json.dumps([APP]), json.dumps([other]))


@given(st.permutations([{"name": name, "value": name.lower()} for name in "ABCD"]))
def test_the_order_of_the_environment_does_not_matter(environment: list[dict[str, str]]) -> None:
    one = [{"name": "a", "environment": environment}]
    other = [{"name": "a", "environment": sorted(environment, key=lambda each: each["name"])}]
    assert same_containers(json.dumps(one), json.dumps(other))


@pytest.mark.parametrize(
    ("cpu", "memory", "legal"),
    [
        (256, 512, True),
        (256, 2048, True),
        (256, 3072, False),
        (512, 4096, True),
        (512, 512, False),
        (1024, 2048, True),
        (1024, 1024, False),
        (2048, 16384, True),
        (4096, 30720, True),
        (4096, 31744, False),
        (8192, 16384, True),
        (8192, 17408, False),
        (16384, 122880, True),
        (16384, 131072, False),
        (300, 512, False),
    ],
)
def test_sizes_that_fargate_offers(cpu: int, memory: int, legal: bool) -> None:
    """The table "Task CPU and memory" of the ECS Developer Guide."""
    assert (wrong_size(cpu, memory) is None) is legal
    assert set(SIZES) == {256, 512, 1024, 2048, 4096, 8192, 16384}


def test_sizes_in_words() -> None:
    assert [cpu_units(text) for text in ("256", ".25 vCPU", "1 vcpu", "fast")] == [
        256,
        256,
        1024,
        None,
    ]
    assert [memory_mib(text) for text in ("512", "0.5GB", "2 GB", "much")] == [512, 512, 2048, None]
