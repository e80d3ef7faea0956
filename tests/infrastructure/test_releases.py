"""What a release of the programs leaves behind is no change to Terraform."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from evaluations import Evaluation

COMMIT = "0f2a9c1e"


@pytest.fixture
def state(development: Evaluation) -> Iterator[Path]:
    """The file of the state, which is put back afterwards."""
    file = Path(development.workspace._state_file)
    before = file.read_bytes()
    yield file
    file.write_bytes(before)


def release(file: Path) -> int:
    """Let the state be what a refresh finds after a release; how many attributes that moves.

    Another tag in the parameters, another revision of each task definition, and each service runs
    the new one. The outputs are still those of the last apply.
    """
    document = json.loads(file.read_text(encoding="utf-8"))
    moved = 0
    for resource in document["resources"]:
        for instance in resource["instances"]:
            attributes: dict[str, Any] = instance["attributes"]
            match resource["type"]:
                case "aws_ssm_parameter" if attributes["name"].endswith("/image-tag"):
                    new = {"value": COMMIT, "insecure_value": COMMIT, "version": 2}
                case "aws_ecs_task_definition":
                    containers = attributes["container_definitions"].replace("unreleased", COMMIT)
                    new = {
                        "revision": attributes["revision"] + 1,
                        "arn": next_revision(attributes["arn"]),
                        "container_definitions": containers,
                    }
                case "aws_ecs_service":
                    new = {"task_definition": next_revision(attributes["task_definition"])}
                case _:
                    continue
            attributes.update(new)
            moved += len(new)
    document["serial"] += 1
    file.write_text(json.dumps(document), encoding="utf-8")
    return moved


def next_revision(arn: str) -> str:
    family, _, number = arn.rpartition(":")
    return f"{family}:{int(number) + 1}"


def test_a_release_leaves_the_next_plan_empty(development: Evaluation, state: Path) -> None:
    assert release(state) == 3 * 3 + 3 * 3 + 2
    plan = development.workspace.plan()
    assert plan.is_empty, plan.render()


def test_no_output_names_what_a_release_moves(development: Evaluation) -> None:
    published = json.dumps(development.outputs)
    assert re.findall(r":task-definition/[^\"]*:\d+", published) == []
    assert "unreleased" not in published
