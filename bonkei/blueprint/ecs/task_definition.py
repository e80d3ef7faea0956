"""aws_ecs_task_definition, and the revisions of `ecs register-task-definition`.

Both are read from the document that ECS describes. So a revision made from another one's
description keeps the parts that the miniature does not simulate.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from bonkei.blueprint.ecs import FileSystemVolume, TaskDefinition
from bonkei.blueprint.ecs.container import in_api_spelling, read_container
from bonkei.blueprint.state import Resource, State
from bonkei.blueprint.state.block import Block
from bonkei.blueprint.state.tags import read_tags

_UNITS = re.compile(r"(?i)\s*(\d+(?:\.\d+)?)\s*(vcpu|gb)\s*")
_CONTAINERS = "container_definitions"
_SCALARS = (
    "family", "task_role_arn", "execution_role_arn", "network_mode", "requires_compatibilities",
    "cpu", "memory", "pid_mode", "ipc_mode",
)  # fmt: skip
_BLOCKS = ("runtime_platform", "ephemeral_storage")
_ALWAYS: Mapping[str, Any] = {
    "cpu": 0, "essential": True, "environment": [], "mountPoints": [], "portMappings": [],
    "volumesFrom": [], "systemControls": [],
}  # fmt: skip
"""Members that ECS describes for each container, whether they were registered or not."""


_OTHER_NAMES = {"configure_at_launch": "configuredAtLaunch", "size_in_gib": "sizeInGiB"}


def read_task_definitions(state: State) -> tuple[TaskDefinition, ...]:
    """Every task definition, whether a service runs it or not (one-off tasks)."""
    return tuple(_of_terraform(block) for block in state.managed("aws_ecs_task_definition"))


def read_registered(
    document: Mapping[str, Any], arn: str, revision: int, address: str
) -> TaskDefinition:
    """A task definition from RegisterTaskDefinition's parameters. BlueprintError names their
    mistakes.

    Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
    """
    containers = Block(address, {_CONTAINERS: document.get("containerDefinitions")})
    entries = containers.blocks(_CONTAINERS)
    if not entries:
        containers.refuse(_CONTAINERS, "no container")
    block = Block(address, document)
    described = {
        **document,
        "taskDefinitionArn": arn,
        "revision": revision,
        "containerDefinitions": [_described(entry.values) for entry in entries],
    }
    return TaskDefinition(
        address=address,
        arn=arn,
        family=block.text("family"),
        revision=revision,
        cpu=_size(block, "cpu", entries),
        memory=_size(block, "memory", entries),
        containers=tuple(read_container(entry) for entry in entries),
        execution_role_arn=block.text("executionRoleArn", ""),
        task_role_arn=block.text("taskRoleArn", ""),
        file_systems=tuple(_file_systems(block)),
        document=json.dumps(described, sort_keys=True),
        architecture=_architecture(document),
    )


def _file_systems(block: Block) -> Iterator[FileSystemVolume]:
    for volume in block.blocks("volumes"):
        for efs in volume.blocks("efsVolumeConfiguration"):
            authorized = efs.block("authorizationConfig")
            yield FileSystemVolume(
                volume.text("name"),
                efs.text("fileSystemId"),
                efs.text("rootDirectory", "/"),
                authorized.text("accessPointId", "") if authorized else "",
            )


def _of_terraform(block: Resource) -> TaskDefinition:
    document: dict[str, Any] = {_camel(name): block.values.get(name) for name in _SCALARS}
    for name in _BLOCKS:
        for one in block.blocks(name):
            document[_camel(name)] = _in_api_form(one.values)
    for proxy in block.blocks("proxy_configuration"):
        pairs = [{"name": name, "value": value} for name, value in proxy.pairs("properties")]
        document["proxyConfiguration"] = {**_in_api_form(proxy.values), "properties": pairs}
    document["containerDefinitions"] = in_api_spelling(block.json(_CONTAINERS))
    document["volumes"] = [_volume(each.values) for each in block.blocks("volume")]
    document["tags"] = [{"key": k, "value": v} for k, v in sorted(read_tags(block).items())]
    document = {name: value for name, value in document.items() if value not in (None, "")}
    arn, revision = block.text("arn"), block.integer("revision")
    made = read_registered(document, arn, revision, block.address)
    return replace(made, outlives=block.flag("skip_destroy"))


def _architecture(document: Mapping[str, Any]) -> str:
    """ "The default is X86_64 for Linux tasks", RuntimePlatform in the Amazon ECS API Reference."""
    found = document.get("runtimePlatform")
    wanted = found.get("cpuArchitecture") if isinstance(found, Mapping) else None
    return "arm64" if wanted == "ARM64" else "amd64"


def _described(container: Mapping[str, Any]) -> dict[str, Any]:
    return {**_ALWAYS, **{name: value for name, value in container.items() if value is not None}}


def _volume(values: Mapping[str, Any]) -> dict[str, Any]:
    host = values.get("host_path")
    others = {name: value for name, value in values.items() if name != "host_path"}
    return {**_in_api_form(others), "host": {"sourcePath": host} if host else {}}


def _in_api_form(values: Mapping[str, Any]) -> dict[str, Any]:
    """A block of Terraform in the API's form. A block that occurs once is an object there."""
    return {
        _camel(name): _in_api_form(value[0])
        if isinstance(value, list) and value and isinstance(value[0], dict)
        else value
        for name, value in values.items()
        if value not in (None, "", [], {})
    }


def _camel(name: str) -> str:
    if name in _OTHER_NAMES:
        return _OTHER_NAMES[name]
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def _size(block: Block, name: str, containers: tuple[Block, ...]) -> int:
    """Read CPU units or MiB, which may also be written as `1 vCPU` and `2 GB`. If the task sets
    none, the sum of its containers is used.

    "Task size",
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
    """
    if not block.has(name):
        return sum(container.integer(name, 0) for container in containers)
    match = _UNITS.fullmatch(block.text(name)) if isinstance(block.values[name], str) else None
    return int(float(match[1]) * 1024) if match else block.integer(name)
