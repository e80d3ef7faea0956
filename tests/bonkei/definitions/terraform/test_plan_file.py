"""What is read from a plan's file is what Terraform shows of it."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bonkei.definitions.terraform import workspace
from bonkei.definitions.terraform.inputs.selection import Selection
from bonkei.definitions.terraform.reports.changes import PlanSummary, read_plan
from bonkei.definitions.terraform.reports.plan_file import PlanFormatError, read_plan_file
from bonkei.definitions.terraform.session import read_json
from bonkei.definitions.terraform.workspace import Workspace
from tests.bonkei.definitions.terraform.project import Project

BEFORE = r"""
variable "secret" {
  default   = "first"
  sensitive = true
}

resource "random_pet" "many" {
  count   = 11
  keepers = { a = "x" }
}

resource "random_pet" "moved" {}

resource "random_password" "secret" {
  length  = 9
  keepers = { a = "x" }
}

resource "aws_vpc" "here" {
  cidr_block = "10.0.0.0/16"
  tags       = { "a.b" = "1", gone = "yes" }
}

resource "aws_security_group" "this" {
  vpc_id = aws_vpc.here.id
  ingress {
    from_port   = 80
    to_port     = 80
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"]
  }
}

resource "aws_db_instance" "this" {
  identifier        = "this"
  engine            = "postgres"
  instance_class    = "db.t4g.micro"
  allocated_storage = 20
  username          = "me"
  password          = var.secret
  skip_final_snapshot = true
}

resource "aws_ssm_parameter" "this" {
  name  = "/a"
  type  = "String"
  value = var.secret
}

resource "aws_cloudwatch_metric_alarm" "this" {
  alarm_name          = "x"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 1
  threshold           = 0.1
  metric_name         = "CPUUtilization"
  namespace           = "AWS/EC2"
  period              = 60
  statistic           = "Average"
}

module "inner" {
  source   = "./inner"
  for_each = toset(["a.b", "q\"].module.x"])
  tags     = { a = "1" }
}

output "changed" {
  value = "1"
}

output "same" {
  value = "1"
}
"""
INNER = """
variable "tags" {}

resource "aws_eip" "this" {
  tags = var.tags
}

data "aws_region" "here" {}
"""
MOVED = """
resource "random_pet" "there" {}

moved {
  from = random_pet.moved
  to   = random_pet.there
}
"""
CHANGES = (
    ('default   = "first"', 'default   = "second"'),
    ("count   = 11", "count   = 12"),
    ('resource "random_pet" "moved" {}', MOVED),
    ("length  = 9", "length  = 10"),
    ('gone = "yes"', 'id = "${random_pet.many[11].id}"'),
    ('cidr_blocks = ["10.0.0.0/8"]', 'cidr_blocks = ["10.1.0.0/16", "10.0.0.0/8"]'),
    ("allocated_storage = 20", "allocated_storage = 30"),
    ("threshold           = 0.1", "threshold           = 0.25"),
    ('{ a = "1" }', '{ a = "2", b = random_pet.many[11].id }'),
    ('output "changed" {\n  value = "1"', 'output "changed" {\n  value = "2"'),
)  # fmt: skip
IMPORTED = """
resource "aws_s3_bucket" "old" {
  bucket = "an-old-bucket"
}

import {
  to = aws_s3_bucket.old
  id = "an-old-bucket"
}
"""

Both = tuple[PlanSummary, PlanSummary]
_OURS = ("action", "address", "mode", "previous_address")


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> Callable[[Workspace], Both]:
    """What is read from the plan's file, and what Terraform shows when it knows all blocks.

    Without those that nothing names, the same is read.
    """
    documents: list[tuple[dict[str, Any], dict[str, Any]]] = []

    def planned(self: Workspace, session: Any, file: Path) -> dict[str, Any]:
        shown = read_json(session.run("show", "-json", str(file)))
        documents.append((read_plan_file(file), shown))
        return shown

    monkeypatch.setattr(workspace.Workspace, "_planned", planned)

    def plan(of: Workspace) -> Both:
        of.plan()
        with_named_blocks, _ = documents.pop()
        of._plan(Selection(), None, all_blocks=True)
        ours, shown = documents.pop()
        assert with_named_blocks["resource_changes"] == ours["resource_changes"]
        assert ours["output_changes"] == {
            name: {"actions": change["actions"]}
            for name, change in shown.get("output_changes", {}).items()
        }
        assert [e["address"] for e in ours["resource_changes"]] == [
            e["address"] for e in shown["resource_changes"]
        ]
        for one, other in zip(ours["resource_changes"], shown["resource_changes"], strict=True):
            assert {k: one.get(k) for k in _OURS} == {k: other.get(k) for k in _OURS}
            assert_alike(one["change"], other["change"])
        return read_plan(ours), read_plan(shown)

    return plan


def assert_alike(ours: dict[str, Any], shown: dict[str, Any]) -> None:
    assert ours["actions"] == shown["actions"]
    if ours["before"] is not None:
        for key in ("before", "after"):
            assert ours[key] == shown[key], key
        for key in ("before_sensitive", "after_sensitive", "after_unknown"):
            assert true_in(ours[key]) == true_in(shown[key]), key


def true_in(found: Any, at: str = "") -> set[str]:
    """Where it is true. How the rest is written does not matter."""
    if found is True:
        return {at}
    inside = found.items() if isinstance(found, dict) else enumerate(found or ())
    return {place for key, each in inside for place in true_in(each, f"{at}.{key}")}


@pytest.fixture(scope="module")
def project(new_project: Callable[[], Project]) -> Project:
    made = new_project()
    made.write("infrastructure/main.tf", BEFORE)
    made.write("infrastructure/inner/main.tf", INNER)
    made.workspace().apply()
    return made


def test_changes_of_every_kind(project: Project, both: Callable[[Workspace], Both]) -> None:
    text = BEFORE
    for before, after in CHANGES:
        assert before in text
        text = text.replace(before, after, 1)
    project.write("infrastructure/main.tf", text + IMPORTED)
    try:
        ours, shown = both(project.workspace())
    finally:
        project.write("infrastructure/main.tf", BEFORE)
    assert ours == shown
    assert {each.action for each in ours.changes} == {"create", "update", "replace", "move"}
    assert [each.address for each in ours.changes if each.imported] == ["aws_s3_bucket.old"]
    changed = {each.address: {d.path: d for d in each.differences} for each in ours.changes}
    assert changed["aws_db_instance.this"]["password"].sensitive
    assert changed["aws_vpc.here"]["tags_all"].unknown
    assert changed["aws_cloudwatch_metric_alarm.this"]["threshold"].after == 0.25


def test_nothing_changes(project: Project, both: Callable[[Workspace], Both]) -> None:
    ours, shown = both(project.workspace())
    assert ours == shown
    assert ours.is_empty


def test_everything_goes(project: Project, both: Callable[[Workspace], Both]) -> None:
    project.write("infrastructure/main.tf", "")
    try:
        ours, shown = both(project.workspace())
    finally:
        project.write("infrastructure/main.tf", BEFORE)
    assert ours == shown
    assert {each.action for each in ours.changes} == {"delete"}


def test_what_it_does_not_know_terraform_shows(new_project: Callable[[], Project]) -> None:
    """A type of Terraform's own provider."""
    project = new_project()
    project.write("infrastructure/main.tf", 'resource "terraform_data" "x" {\n  input = "1"\n}')
    project.workspace().apply()
    project.write("infrastructure/main.tf", 'resource "terraform_data" "x" {\n  input = "2"\n}')
    (change,) = project.workspace().plan().changes
    assert [(each.path, each.before, each.after) for each in change.differences][:1] == [
        ("input", "1", "2")
    ]


@pytest.mark.parametrize("content", [b"", b"\x08\x02", b"\xff\xff", b"\x08\x03\x1a\x02\x6a\x00"])
def test_another_format_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "plan"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("tfplan", content)
    with pytest.raises(PlanFormatError):
        read_plan_file(file)


def test_what_is_not_a_plan_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plan").write_text("{}")
    with pytest.raises(PlanFormatError):
        read_plan_file(tmp_path / "plan")
    with pytest.raises(PlanFormatError):
        read_plan_file(tmp_path / "missing")
