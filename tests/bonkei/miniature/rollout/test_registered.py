"""Task definitions that a release registers, as `aws ecs` describes them."""

from __future__ import annotations

import errno
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader

from bonkei.base.kept import DamagedError
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs.task_definition import read_task_definitions
from bonkei.blueprint.state import Resource, State
from bonkei.blueprint.state.error import BlueprintError
from bonkei.definitions.provider.counters import FileCounters
from bonkei.miniature.rollout.registered import RegisteredDefinitions

PLACE = "arn:aws:ecs:eu-west-1:1:task-definition"
DOCUMENT = {
    "family": "web",
    "cpu": "256",
    "memory": "512",
    "containerDefinitions": [{"name": "web", "image": "web:2", "linuxParameters": {"x": 1}}],
    "tags": [{"key": "a", "value": "b"}],
}


def registered(home: Path) -> RegisteredDefinitions:
    return RegisteredDefinitions(home / "ecs" / "made.json", FileCounters(home / "counters.json"))


def test_revisions_continue_terraforms_numbers(tmp_path: Path) -> None:
    FileCounters(tmp_path / "counters.json")("ecs/1/eu-west-1/web")
    made = registered(tmp_path).register(DOCUMENT, PLACE)
    assert made.arn == f"{PLACE}/web:2"
    assert made.containers[0].image == "web:2"


def test_a_registration_is_stored_before_it_is_answered(tmp_path: Path) -> None:
    made = registered(tmp_path).register(DOCUMENT, PLACE)
    again = registered(tmp_path)
    assert again.over(Blueprint()).task_definitions == (made,)
    again.withdraw(made.arn)
    assert registered(tmp_path).withdrawn == {made.arn}


def test_what_a_full_disk_refuses_has_not_happened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    definitions = registered(tmp_path)
    made = definitions.register(DOCUMENT, PLACE)

    def refuse(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="No space"):
        definitions.register(DOCUMENT, PLACE)
    with pytest.raises(OSError, match="No space"):
        definitions.withdraw(made.arn)
    assert definitions.over(Blueprint()).task_definitions == (made,)
    assert not definitions.withdrawn


def test_the_number_of_deregistered_revisions_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bonkei.miniature.rollout.registered._MOST", 3)
    definitions = registered(tmp_path)
    arns = [definitions.register(DOCUMENT, PLACE).arn for _ in range(5)]
    for arn in arns[:4]:
        definitions.withdraw(arn)
    kept = [one.arn for one in registered(tmp_path).over(Blueprint()).task_definitions]
    assert kept == arns[2:]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"containerDefinitions": []}, "no container"),
        ({"containerDefinitions": [{"image": "x"}]}, "name"),
        ({"cpu": "many"}, "cpu"),
    ],
)
def test_a_malformed_document_gets_no_number(
    tmp_path: Path, wrong: dict[str, Any], message: str
) -> None:
    definitions = registered(tmp_path)
    with pytest.raises(BlueprintError, match=message):
        definitions.register({**DOCUMENT, **wrong}, PLACE)
    assert definitions.register(DOCUMENT, PLACE).revision == 1


def test_a_broken_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "ecs").mkdir()
    (tmp_path / "ecs" / "made.json").write_text("{")
    with pytest.raises(DamagedError, match=r"made\.json is damaged"):
        registered(tmp_path)


def test_terraforms_definition_is_described_in_the_form_of_ecs() -> None:
    """Sources: the provider's `flattenContainerDefinitions`, and ECS's API reference."""
    values = {
        "arn": f"{PLACE}/web:7", "family": "web", "revision": 7, "cpu": "256", "memory": "512",
        "network_mode": "awsvpc", "requires_compatibilities": ["FARGATE"], "pid_mode": "",
        "runtime_platform": [{"cpu_architecture": "ARM64", "operating_system_family": "LINUX"}],
        "ephemeral_storage": [{"size_in_gib": 30}],
        "proxy_configuration": [{"container_name": "envoy", "type": "APPMESH",
                                 "properties": {"AppPorts": "8080"}}],
        "volume": [
            {"name": "data", "host_path": "", "configure_at_launch": True,
             "efs_volume_configuration": [
                {"file_system_id": "fs-1", "authorization_config": [{"iam": "ENABLED"}]}]},
        ],
        "tags_all": {"a": "b"},
        "container_definitions": json.dumps([{"name": "web", "image": "web:1", "user": "1",
            "linuxParameters": {"initProcessEnabled": True}}]),
    }  # fmt: skip
    resource = Resource("d", values, type="aws_ecs_task_definition")
    [definition] = read_task_definitions(State((resource,)))
    document = json.loads(definition.document)
    assert document["networkMode"] == "awsvpc"
    assert "pidMode" not in document
    assert document["runtimePlatform"]["cpuArchitecture"] == "ARM64"
    [volume] = document["volumes"]
    assert volume == {
        "name": "data",
        "host": {},
        "configuredAtLaunch": True,
        "efsVolumeConfiguration": {
            "fileSystemId": "fs-1", "authorizationConfig": {"iam": "ENABLED"},
        },
    }  # fmt: skip
    [container] = document["containerDefinitions"]
    assert (container["essential"], container["environment"], container["user"]) == (True, [], "1")
    assert document["tags"] == [{"key": "a", "value": "b"}]
    del document["tags"]
    _require_known(document, "TaskDefinition")


@cache
def _shapes() -> Any:
    return Loader().load_service_model("ecs", "service-2")["shapes"]


def _require_known(value: Any, shape_name: str) -> None:
    """Every member has its name from ECS's own model."""
    shape = _shapes()[shape_name]
    if shape["type"] == "structure":
        for name, member in value.items():
            assert name in shape["members"]
            _require_known(member, shape["members"][name]["shape"])
    elif shape["type"] == "list":
        for member in value:
            _require_known(member, shape["member"]["shape"])
