"""A release of the programs does not change anything for Terraform."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import plan_programs
import pytest
from evaluations import EXAMPLES, INFRASTRUCTURE, Evaluation

from bonkei.definitions.terraform.session import Session, read_json
from bonkei.definitions.terraform.workspace import Workspace

LARGER = """
backend = {
  cpu     = 512
  memory  = 1024
  scaling = { min_capacity = 1, max_capacity = 2 }
}
"""
COMMIT = "0f2a9c1e"


@pytest.fixture
def state(development: Evaluation) -> Iterator[Path]:
    """The state's file, which is restored afterwards."""
    file = Path(development.workspace.state_file)
    before = file.read_bytes()
    yield file
    file.write_bytes(before)


def release(file: Path, *, recorded: bool = True) -> int:
    """Give the state the values that a refresh finds after a release. Returns how many attributes
    changed.

    The parameters have another tag, each task definition has another revision, and each service
    runs the new one. The outputs are still those of the last apply. A release that is not yet
    recorded leaves the parameters unchanged.
    """
    document = json.loads(file.read_text(encoding="utf-8"))
    moved = 0
    for resource in document["resources"]:
        for instance in resource["instances"]:
            attributes: dict[str, Any] = instance["attributes"]
            match resource["type"]:
                case "aws_ssm_parameter" if recorded and attributes["name"].endswith("/image-tag"):
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
    document.pop("bonkei seal", None)
    file.write_text(json.dumps(document), encoding="utf-8")
    return moved


def next_revision(arn: str) -> str:
    family, _, number = arn.rpartition(":")
    return f"{family}:{int(number) + 1}"


@pytest.fixture
def documents(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Each plan that is made, as the stage Plan gets it: shown by Terraform, whole."""
    found: list[dict[str, Any]] = []

    def planned(_: Workspace, session: Session, file: Path) -> dict[str, Any]:
        found.append(read_json(session.run("show", "-json", str(file))))
        return found[-1]

    monkeypatch.setattr(Workspace, "_planned", planned)
    return found


def test_a_release_leaves_the_next_plan_empty(
    development: Evaluation, state: Path, documents: list[dict[str, Any]]
) -> None:
    assert release(state) == 3 * 3 + 3 * 3 + 2
    plan = development.workspace.plan()
    assert plan.is_empty, plan.render()
    assert not plan_programs.programs(documents[0]).changed


def test_a_plan_after_a_release_knows_the_released_versions(
    development: Evaluation, state: Path, tmp_path: Path, documents: list[dict[str, Any]]
) -> None:
    larger = tmp_path / "larger.tfvars"
    larger.write_text(LARGER, encoding="utf-8")
    files = [EXAMPLES / "development.tfvars", larger]
    release(state)
    Workspace(INFRASTRUCTURE, development.workspace._home, files).plan()
    programs = plan_programs.programs(documents[0])
    assert programs.changed
    assert set(programs.tags.values()) == {COMMIT}
    assert set(programs.revisions.values()) == {2}
    assert len(programs.tags) == len(programs.revisions) == 3
    assert list(plan_programs.unreleased(programs)) == []


def test_a_plan_made_during_a_release_is_refused(
    development: Evaluation, state: Path, documents: list[dict[str, Any]]
) -> None:
    """The revisions are registered and the parameters are unchanged: Terraform would go back."""
    release(state, recorded=False)
    assert not development.workspace.plan().is_empty
    programs = plan_programs.programs(documents[0])
    with pytest.raises(plan_programs.PlanError, match="a release of the programs is running"):
        plan_programs.refuse_to_put_back(programs, "plan", lambda *_: None)


def test_no_output_has_a_value_that_a_release_changes(development: Evaluation) -> None:
    published = json.dumps(development.outputs)
    assert re.findall(r":task-definition/[^\"]*:\d+", published) == []
    assert "unreleased" not in published


def test_a_stack_of_another_region_is_in_that_region(example: Evaluation) -> None:
    state = json.dumps(example.state["values"])
    assert "eu-central-1" in state
    assert "ap-northeast-1" not in state
