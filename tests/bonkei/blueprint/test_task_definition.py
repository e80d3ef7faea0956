"""Task definitions: their containers in full, and their size."""

from __future__ import annotations

import pytest

from bonkei.blueprint import BlueprintError
from bonkei.blueprint.ecs import (
    Container,
    ContainerDependency,
    ContainerHealthCheck,
    FirelensConfiguration,
    LogConfiguration,
    MountPoint,
    PortMapping,
)
from tests.bonkei.blueprint.services import definition


def test_a_container_is_read_in_full(blueprint) -> None:
    entry = {
        "name": "app",
        "image": "registry/app:1",
        "essential": False,
        "command": ["serve"],
        "entryPoint": ["python", "-m"],
        "workingDirectory": "/srv",
        "environment": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}],
        "secrets": [{"name": "PASSWORD", "valueFrom": "arn:secret:password::"}],
        "portMappings": [
            {"containerPort": 8000, "hostPort": 8000, "name": "http", "appProtocol": "http"}
        ],
        "mountPoints": [
            {"sourceVolume": "scratch", "containerPath": "/scratch", "readOnly": False}
        ],
        "dependsOn": [{"containerName": "log", "condition": "HEALTHY"}],
        "healthCheck": {"command": ["CMD-SHELL", "true"], "interval": 10, "startPeriod": 5},
        "startTimeout": 60,
        "stopTimeout": 90,
        "user": "1000",
        "readonlyRootFilesystem": True,
        "logConfiguration": {
            "logDriver": "awsfirelens",
            "options": {},
            "secretOptions": [{"name": "key", "valueFrom": "arn"}],
        },
    }
    router = {
        "name": "log",
        "image": "router:1",
        "firelensConfiguration": {"type": "fluentbit", "options": {"config-file-type": "file"}},
    }
    found = blueprint({"aws_ecs_task_definition.web": definition(entry, router)})
    app, log = found.task_definitions[0].containers
    assert app == Container(
        name="app",
        image="registry/app:1",
        essential=False,
        command=("serve",),
        entry_point=("python", "-m"),
        working_directory="/srv",
        environment=(("A", "1"), ("B", "2")),
        secrets=(("PASSWORD", "arn:secret:password::"),),
        port_mappings=(PortMapping(8000, "http", "tcp", "http"),),
        mount_points=(MountPoint("scratch", "/scratch"),),
        depends_on=(ContainerDependency("log", "HEALTHY"),),
        health_check=ContainerHealthCheck(("CMD-SHELL", "true"), interval=10, start_period=5),
        start_timeout=60,
        stop_timeout=90,
        user="1000",
        readonly_root_filesystem=True,
        log_configuration=LogConfiguration("awsfirelens", ()),
    )
    assert log.essential
    assert log.firelens == FirelensConfiguration("fluentbit", (("config-file-type", "file"),))
    kinds = [n.kind for n in found.not_simulated]
    assert not any("logConfiguration" in kind or "firelens" in kind for kind in kinds)


@pytest.mark.parametrize(
    ("overrides", "cpu", "memory"),
    [
        ({}, 512, 1024),
        ({"cpu": ".5 vCPU", "memory": "2 GB"}, None, None),
        ({"cpu": "1 vCPU", "memory": "2GB"}, 1024, 2048),
        ({"cpu": "0.25 vcpu", "memory": "0.5 gb"}, 256, 512),
        ({"cpu": None, "memory": None}, 20, 300),
    ],
)
def test_a_tasks_size(blueprint, overrides, cpu, memory) -> None:
    containers = (
        {"name": "a", "image": "a", "cpu": 10, "memory": 100},
        {"name": "b", "image": "b", "cpu": 10, "memory": 200},
    )
    stated = {"aws_ecs_task_definition.web": definition(*containers, **overrides)}
    if cpu is None:
        with pytest.raises(BlueprintError, match="cpu"):
            blueprint(stated)
        return
    found = blueprint(stated).task_definitions[0]
    assert (found.cpu, found.memory) == (cpu, memory)


@pytest.mark.parametrize(
    ("definitions", "attribute"),
    [
        ("[", "container_definitions"),
        ("[]", "container_definitions"),
        ("{}", "container_definitions.name"),
        ("[1]", "container_definitions[0]"),
        ('[{"name": "a"}]', "container_definitions[0].image"),
        (
            '[{"name": "a", "image": "a", "environment": [{"name": "A", "value": 1}]}]',
            "container_definitions[0].environment[0].value",
        ),
        (
            '[{"name": "a", "image": "a", "portMappings": [{"containerPort": "x"}]}]',
            "container_definitions[0].portMappings[0].containerPort",
        ),
    ],
)
def test_malformed_container_definitions_are_named(blueprint, definitions, attribute) -> None:
    with pytest.raises(BlueprintError) as caught:
        blueprint({"aws_ecs_task_definition.web": definition(container_definitions=definitions)})
    assert caught.value.address == "aws_ecs_task_definition.web"
    assert caught.value.attribute == attribute


def test_the_case_of_a_containers_keys_does_not_matter(blueprint) -> None:
    """Terraform's provider ignores the case too. The author's own keys, such as labels, stay as
    they are.
    """
    web = {
        "Name": "web",
        "image": "web:1",
        "healthcheck": {"Command": ["CMD", "true"]},
        "logConfiguration": {"logdriver": "awslogs", "options": {"NAME": "x"}},
    }
    (found,) = blueprint({"aws_ecs_task_definition.web": definition(web)}).task_definitions
    (container,) = found.containers
    assert container.name == "web"
    assert container.health_check is not None
    assert container.log_configuration is not None
    assert dict(container.log_configuration.options) == {"NAME": "x"}


def test_a_variable_without_a_value_is_empty(blueprint) -> None:
    web = {"name": "web", "image": "web:1", "environment": [{"name": "A", "value": None}]}
    (found,) = blueprint({"aws_ecs_task_definition.web": definition(web)}).task_definitions
    assert found.containers[0].environment == (("A", ""),)
