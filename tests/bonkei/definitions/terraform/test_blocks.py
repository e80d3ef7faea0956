"""The provider shows only nested blocks that the definitions or the state name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bonkei.definitions.provider import schema
from bonkei.definitions.provider.catalogue import SCHEMA
from bonkei.definitions.provider.plugin.selection import Selection
from bonkei.definitions.provider.values import UNKNOWN
from bonkei.definitions.terraform.errors import TerraformError
from bonkei.definitions.terraform.inputs.types import named
from tests.bonkei.definitions.terraform.project import Project

AWS = schema.load(SCHEMA)
BALANCER = """\
resource "aws_lb" "x" {
  name     = "x"
  internal = true
  subnets  = ["subnet-1", "subnet-2"]
  %s
}
"""
LOGS = 'access_logs { bucket = "logs" }'


def values(project: Project) -> dict[str, Any]:
    (resource,) = project.workspace().state()["values"]["root_module"]["resources"]
    return dict(resource["values"])


def test_a_block_comes_changes_and_goes(new_project: Callable[[], Project]) -> None:
    """Each time with another schema than the state was written with."""
    project = new_project()
    workspace = project.workspace()
    project.write("infrastructure/main.tf", BALANCER % "")
    workspace.apply()
    assert "access_logs" not in values(project)
    assert not workspace.plan().changes
    project.write("infrastructure/main.tf", BALANCER % LOGS)
    assert "access_logs" in workspace.plan().render()
    assert workspace.apply().changed == 1
    assert values(project)["access_logs"][0]["bucket"] == "logs"
    assert not workspace.plan().changes
    project.write("infrastructure/main.tf", BALANCER % "")
    assert "access_logs" in workspace.plan().render()
    assert workspace.apply().changed == 1
    assert values(project).get("access_logs", []) == []
    assert not workspace.plan().changes


def test_a_data_source_shows_a_block_that_the_state_has_no_key_for(
    new_project: Callable[[], Project],
) -> None:
    project = new_project()
    project.write("infrastructure/main.tf", BALANCER % "")
    workspace = project.workspace()
    workspace.apply()
    assert "access_logs" not in values(project)
    read = 'data "aws_lb" "x" { name = "x" }\n'
    shown = 'output "x" { value = length(data.aws_lb.x.access_logs) }'
    project.write("infrastructure/main.tf", BALANCER % "" + read + shown)
    workspace.apply()
    assert workspace.state()["values"]["outputs"]["x"]["value"] == 0


def test_the_nearest_block_is_named(new_project: Callable[[], Project]) -> None:
    project = new_project()
    project.write("infrastructure/main.tf", BALANCER % LOGS.replace("logs {", "log {"))
    for operation in (project.workspace().validate, project.workspace().apply):
        with pytest.raises(TerraformError) as caught:
            operation()
        assert 'Did you mean "access_logs"?' in caught.value.message


def test_a_resource_that_is_a_value_has_all_its_blocks(new_project: Callable[[], Project]) -> None:
    project = new_project()
    shown = 'output "x" { value = keys(aws_lb.x) }'
    project.write("infrastructure/main.tf", BALANCER % "" + shown)
    workspace = project.workspace()
    workspace.apply()
    assert "access_logs" in workspace.state()["values"]["outputs"]["x"]["value"]


@pytest.mark.parametrize(
    ("use", "whole"),
    [
        ("aws_lb_listener", {"listener", "default_action", "forward"}),
        ("aws_lb_listener.arn", set()),
        ("aws_lb_listener.default_action", {"default_action", "forward"}),
        ("aws_lb_listener.default_action.forward", {"forward"}),
        ("aws_lb_listener.default_action.type", set()),
        ("aws_lb_listener.forward", set()),
    ],
)
def test_a_block_that_is_a_value_has_all_its_blocks_and_what_is_around_it_has_not(
    tmp_path: Path, use: str, whole: set[str]
) -> None:
    """Around a web ACL's action would be nine thousand blocks, for each run of a test."""
    document = {"words": ["aws_lb_listener"], "quoted": [], "whole": [use]}
    document["names"] = ["default_action", "forward"]
    (tmp_path / "types.json").write_text(json.dumps(document), encoding="utf-8")
    block = AWS.resources["aws_lb_listener"]
    shown = Selection(AWS, tmp_path / "types.json").shown(block)
    found = {"listener"} if shown is block else set()
    for name in ("default_action", "forward"):
        block, shown = block.blocks[name].block, shown.blocks[name].block
        found |= {name} if shown is block else set()
    assert found == whole


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("a = aws_lb.x.arn", {"aws_lb.arn"}),
        ("a = aws_lb.x[each.key].arn", {"aws_lb.arn"}),
        ("a = aws_lb.x[*].arn", {"aws_lb.arn"}),
        ("a = aws_lb.x.access_logs[0].bucket", {"aws_lb.access_logs.bucket"}),
        ("a = jsonencode(aws_lb.x.access_logs[each.value.k])", {"aws_lb.access_logs"}),
        ("depends_on = [\n  aws_lb.x,\n]", set()),
        ("a = aws_lb.x", {"aws_lb"}),
        ("a = jsonencode(data.aws_lb.x[0])", {"aws_lb"}),
        ("a = [for each in aws_lb.x : each]", {"aws_lb"}),
        ("a = aws_lb.x[*]", {"aws_lb"}),
        ("a = aws_lb.x.*", {"aws_lb"}),
        ('a = "${aws_lb.x}"', {"aws_lb"}),
        ('a = aws_lb.x[local.y["z"]].arn', {"aws_lb"}),
        ("a = length(aws_lb.x.access_logs)", set()),
        ("a = length(aws_lb.x)", {"aws_lb"}),
        ("a = length(aws_lb.x.access_logs[0])", {"aws_lb.access_logs"}),
        ("a = length(keys(aws_lb.x.access_logs[0]))", {"aws_lb.access_logs"}),
        ("a = [for l in aws_lb.x.access_logs : l.bucket]", {"aws_lb.access_logs.bucket"}),
        ("a = [for l in aws_lb.x.access_logs : l]", {"aws_lb.access_logs"}),
        ("a = [for l in aws_lb.x.access_logs : 1 if l != null]", {"aws_lb.access_logs"}),
        ("a = { for l in aws_lb.x.access_logs : l => 1 }", {"aws_lb.access_logs"}),
        ("a = { for i, l in aws_lb.x.access_logs : i => l }", {"aws_lb.access_logs"}),
        ('a = [for l in aws_lb.x.access_logs : l["bucket"]]', {"aws_lb.access_logs"}),
        ('a = [for l in aws_lb.x.access_logs : "${l.bucket}"]', {"aws_lb.access_logs.bucket"}),
        (
            "a = [for l in aws_lb.x.access_logs : [for e in l.y[0].z : e]]",
            {"aws_lb.access_logs.y.z"},
        ),
        ("a = [for l in aws_lb.x.access_logs : length(l.y)]", set()),
        ("a = [for l in aws_lb.x.access_logs : { l = l.y }]", {"aws_lb.access_logs.y"}),
        ("a = [for l in aws_lb.x.access_logs[*] : l.y]", {"aws_lb.access_logs"}),
        ("a = [for l in aws_lb.x : l.arn]", {"aws_lb"}),
        ("a = [for l in concat(aws_lb.x.access_logs) : l.y]", {"aws_lb.access_logs"}),
        ('error_message = "Each aws_lb.x."', set()),
        ('error_message = "Each ${jsonencode(aws_lb.x)}."', {"aws_lb"}),
    ],
)
def test_uses_as_a_whole(tmp_path: Path, text: str, whole: set[str]) -> None:
    (tmp_path / "main.tf").write_text(text, encoding="utf-8")
    (tmp_path / "x.tftest.hcl").write_text("a = aws_vpc.x", encoding="utf-8")
    found = named(tmp_path, tmp_path / "data", None, all_blocks=False)
    assert found is not None
    assert found.whole == whole


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("condition = jsonencode(aws_vpc.x) != null", {"aws_vpc"}),
        ("expect_failures = [aws_vpc.x]", set()),
        ('mock_provider "aws" {}', None),
        ("override_resource {\n  target = aws_vpc.x\n}", None),
    ],
)
def test_tests_are_read_where_they_are_evaluated(
    tmp_path: Path, text: str, whole: set[str] | None
) -> None:
    (tmp_path / "main.tf").write_text('resource "aws_vpc" "x" {}', encoding="utf-8")
    (tmp_path / "x.tftest.hcl").write_text(text, encoding="utf-8")
    found = named(tmp_path, tmp_path / "data", None, all_blocks=False, tests=True)
    assert found is not None
    assert (None if found.names is None else found.whole) == whole


TEST = """\
run "first" {
  assert {
    condition     = length(aws_lb.x.access_logs) == 0 && aws_lb.x.internal
    error_message = "There are access logs."
  }
}

run "keys" {
  assert {
    condition     = %s
    error_message = "A key is missing."
  }
}
"""
FIRST = ["tests/x.tftest.hcl", "  pass  first"]


@pytest.mark.parametrize(
    ("condition", "shown"),
    [
        ("aws_lb.x.arn != null", {"access_logs"}),
        ('contains(keys(aws_lb.x), "access_logs")', {"access_logs", "connection_logs"}),
    ],
)
def test_a_test_is_shown_what_it_names(
    new_project: Callable[[], Project], condition: str, shown: set[str]
) -> None:
    project = new_project()
    project.write("infrastructure/main.tf", BALANCER % "")
    project.write("infrastructure/tests/x.tftest.hcl", TEST % condition)
    said: list[str] = []
    assert project.workspace().test(report=said.append).passed
    assert said == [*FIRST, "  pass  keys"]
    types = project.home / "terraform" / "types.json"
    blocks = set(Selection(AWS, types).shown(AWS.resources["aws_lb"]).blocks)
    assert blocks & {"access_logs", "connection_logs"} == shown


def test_the_nearest_name_is_named_in_a_test(new_project: Callable[[], Project]) -> None:
    """Nothing is reported again when it runs with all blocks."""
    project = new_project()
    project.write("infrastructure/main.tf", BALANCER % "")
    project.write("infrastructure/tests/x.tftest.hcl", TEST % "aws_lb.x.connection_log == null")
    said: list[str] = []
    found = project.workspace().test(report=said.append)
    (error,) = [one for run in found.runs for one in run.diagnostics]
    assert 'Did you mean "connection_logs"?' in error.detail
    assert said[:2] == FIRST
    assert (said.count(FIRST[0]), said.count(FIRST[1])) == (1, 1)


@pytest.mark.parametrize(
    ("text", "all_"),
    [
        ("self = true", False),
        ("condition = self.arn != null", False),
        ("# for itself, self-signed", False),
        ("condition = self == null", True),
        ("condition = length(keys(self)) > 1", True),
    ],
)
def test_uses_of_self(tmp_path: Path, text: str, *, all_: bool) -> None:
    (tmp_path / "main.tf").write_text(text, encoding="utf-8")
    found = named(tmp_path, tmp_path / "data", None, all_blocks=False)
    assert found is not None
    assert (found.names is None) is all_


def test_blocks_of_the_state_count_when_they_are_not_empty(tmp_path: Path) -> None:
    state = {"a": [], "b": [{"c": [{"d": {}, "e": {"f": 1}}]}], "g": None}
    for indent in (None, 2):
        (tmp_path / "state").write_text(json.dumps(state, indent=indent), encoding="utf-8")
        found = named(tmp_path, tmp_path / "data", tmp_path / "state", all_blocks=False)
        assert found is not None
        assert found.names == {"b", "c", "e"}


def test_a_value_has_all_blocks_for_the_provider(tmp_path: Path) -> None:
    file = tmp_path / "types.json"
    document = {"words": ["aws_lb_listener"], "quoted": [], "names": ["forward"], "whole": []}
    document["names"] += ["default_action", "target_group"]
    file.write_text(json.dumps(document), encoding="utf-8")
    block = AWS.resources["aws_lb_listener"]
    selection = Selection(AWS, file)
    shown = selection.shown(block)
    assert set(shown.blocks) == {"default_action"}
    assert set(shown.blocks["default_action"].block.blocks) == {"forward"}
    value = schema.empty(shown) | {
        "default_action": [schema.empty(shown.blocks["default_action"].block), UNKNOWN]
    }
    completed = selection.completed(value, block)
    inner = schema.empty(block.blocks["default_action"].block)
    assert completed == schema.empty(block) | {"default_action": [inner, UNKNOWN]}
