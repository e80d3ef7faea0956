"""aws_ecs_task_definition."""

from __future__ import annotations

import re

from bonkei.blueprint.service import TaskDefinition
from bonkei.blueprint.service.container import read_container
from bonkei.blueprint.service.container_spelling import in_api_spelling
from bonkei.blueprint.state import Resource, State
from bonkei.blueprint.state.block import Block

_UNITS = re.compile(r"(?i)\s*(\d+(?:\.\d+)?)\s*(vcpu|gb)\s*")


def read_task_definitions(state: State) -> tuple[TaskDefinition, ...]:
    """Every task definition, whether a service runs it or not (one-off tasks)."""
    return tuple(_task_definition(block) for block in state.managed("aws_ecs_task_definition"))


def _task_definition(block: Resource) -> TaskDefinition:
    entries = _containers(block)
    if not entries:
        block.refuse("container_definitions", "no container")
    return TaskDefinition(
        address=block.address,
        arn=block.text("arn"),
        family=block.text("family"),
        revision=block.integer("revision"),
        cpu=_size(block, "cpu", entries),
        memory=_size(block, "memory", entries),
        containers=tuple(read_container(entry) for entry in entries),
        execution_role_arn=block.text("execution_role_arn", ""),
        task_role_arn=block.text("task_role_arn", ""),
        volumes=tuple(sorted(volume.text("name") for volume in block.blocks("volume"))),
    )


def _containers(block: Resource) -> tuple[Block, ...]:
    name = "container_definitions"
    return Block(block.address, {name: in_api_spelling(block.json(name))}).blocks(name)


def _size(block: Block, name: str, containers: tuple[Block, ...]) -> int:
    """CPU units or MiB; also as `1 vCPU` and `2 GB`. Without a task's own, its containers' sum.

    "Task size", https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
    """
    if not block.has(name):
        return sum(container.integer(name, 0) for container in containers)
    match = _UNITS.fullmatch(block.text(name)) if isinstance(block.values[name], str) else None
    return int(float(match[1]) * 1024) if match else block.integer(name)
