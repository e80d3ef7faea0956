"""What a task learns of itself, and what it does not learn of others."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Container, LogConfiguration, TaskDefinition
from bonkei.miniature.parts.ecs.metadata import VARIABLE, TaskMetadata
from bonkei.services.ecs.api.values import EcsTask
from bonkei.services.ecs.snapshot import ContainerSnapshot, TaskSnapshot

DEFINITION = "arn:aws:ecs:eu-west-1:1:task-definition/web:3"
ENDPOINT = "http://127.0.0.1:8083"
WEB = Container(
    "web",
    "web:1",
    secrets=(("KEY", "arn:aws:secretsmanager:eu-west-1:1:secret:hidden-AbCdEf"),),
    environment=(("TOKEN", "hidden"),),
    log_configuration=LogConfiguration("awslogs", (("awslogs-group", "web"),)),
)
DEFINED = TaskDefinition("d", DEFINITION, "web", 3, 512, 1024, (WEB, Container("agent", "agent:1")))
TASK = EcsTask(
    "0a1b", "arn:aws:ecs:eu-west-1:1:task/shop/0a1b", "arn:aws:ecs:eu-west-1:1:cluster/shop",
    DEFINITION, "service:front", "RUNNING", "UNKNOWN", "", 1000.5,
    (ContainerSnapshot("web", "RUNNING", image="web:1"), ContainerSnapshot("agent", "STOPPED", 0)),
    created_at=999.0,
)  # fmt: skip
OTHER = replace(TASK, id="0c2d", arn=TASK.arn.replace("0a1b", "0c2d"))


@pytest.fixture
def metadata() -> TaskMetadata:
    known = {task.id: task for task in (TASK, OTHER)}
    snapshot = TaskSnapshot(
        "0a1b", TASK.group, "web:3", "RUNNING", "", "", "", (("web", os.getpid()),), 1.0, 0, 0
    )
    blueprint = Blueprint(task_definitions=(DEFINED,))
    return TaskMetadata(known.get, lambda: blueprint, lambda: [snapshot])


def own(metadata: TaskMetadata, task: EcsTask = TASK, container: str = "web") -> str:
    uri = metadata.variables(ENDPOINT, task.id, container)[VARIABLE]
    assert uri.startswith(f"{ENDPOINT}/v4/")
    return uri.rpartition("/")[2]


def test_a_container_and_its_task(metadata: TaskMetadata) -> None:
    """Without variables and secrets, as on AWS."""
    container = metadata.answer(own(metadata), "") or {}
    assert (container["Name"], container["Image"]) == ("web", "web:1")
    assert container["Labels"]["com.amazonaws.ecs.task-arn"] == TASK.arn
    assert container["Limits"] == {"CPU": 512, "Memory": 1024}
    assert container["LogOptions"] == {"awslogs-group": "web"}
    task = metadata.answer(own(metadata), "task") or {}
    assert (task["TaskARN"], task["ServiceName"]) == (TASK.arn, "front")
    assert (task["Family"], task["Revision"], task["Limits"]["CPU"]) == ("web", "3", 0.5)
    assert task["StartedAt"] == "1970-01-01T00:16:40.500000Z"
    assert [each["KnownStatus"] for each in task["Containers"]] == ["RUNNING", "STOPPED"]
    assert task["Containers"][0] == container
    assert "hidden" not in str(task)
    assert (metadata.answer(own(metadata), "taskWithTags") or {})["TaskTags"] == {}


def test_what_it_uses_is_measured(metadata: TaskMetadata) -> None:
    first = metadata.answer(own(metadata), "stats") or {}
    assert first["memory_stats"]["usage"] > 1_000_000
    assert first["memory_stats"]["limit"] == 1024**3
    assert first["precpu_stats"]["cpu_usage"]["total_usage"] == 0
    sum(range(1_000_000))
    [(name, second)] = (metadata.answer(own(metadata), "task/stats") or {}).items()
    assert name == first["id"]
    assert second["precpu_stats"] == first["cpu_stats"]
    assert second["cpu_stats"]["system_cpu_usage"] >= first["cpu_stats"]["system_cpu_usage"]
    assert metadata.answer(own(metadata, container="agent"), "stats") == {}  # it has ended


def test_nothing_is_learnt_by_guessing(metadata: TaskMetadata) -> None:
    mine, others = own(metadata), own(metadata, OTHER)
    code = mine.rpartition("-")[2]
    for guess in (f"0c2d-{code}", "0c2d-", "0c2d", "", "-", others[:-1], f"{others}é", "0e0e-1"):
        assert metadata.answer(guess, "") is None, guess
    for path in ("credentials", "tasks", "task/", "task/stats/x", "../v4"):
        assert metadata.answer(mine, path) is None, path
