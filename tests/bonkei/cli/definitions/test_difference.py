"""`bonkei diff`, on real commits and with real Terraform."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.bonkei.cli.projects import make_project, run

AWS = """
provider "aws" { region = "eu-west-1" }
resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }
resource "aws_security_group" "web" {
  vpc_id = aws_vpc.main.id
  name   = "web"
  ingress {
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["10.0.0.0/8"]
  }
}
resource "aws_iam_role" "web" {
  name               = "web"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{
    Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }] })
}
resource "aws_iam_role_policy" "web" {
  role   = aws_iam_role.web.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{
    Effect = "Allow", Action = "sqs:SendMessage", Resource = "*" }] })
}
resource "aws_sqs_queue" "orders" {
  name = "orders"
}
"""
ALARM = """
resource "aws_cloudwatch_metric_alarm" "age" {
  alarm_name          = "age"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = { QueueName = "orders" }
  comparison_operator = "GreaterThanThreshold"
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 60
}
"""


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main")
    done = subprocess.run(
        ["git", *who, *words], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository in whose subfolder the stack is. Its first commit has none."""
    root = tmp_path / "repository"
    make_project(root / "stack", AWS + ALARM)
    git(root, "init", "-q")
    git(root, "commit", "-q", "--allow-empty", "-m", "Begin")
    git(root, "tag", "begin")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "Add the stack")
    return root / "stack"


def test_a_branch_is_compared_risks_first(project: Path) -> None:
    risky = AWS.replace("10.0.0.0/8", "0.0.0.0/0").replace("sqs:SendMessage", "sqs:*")
    risky = risky.replace('name = "orders"', 'name = "orders.fifo"\n  fifo_queue = true\n')
    (project / "infrastructure" / "main.tf").write_text(risky + 'resource "aws_kms_key" "k" {}\n')
    before = git(project, "status", "--porcelain", "--", ":!.bonkei")

    told = run(project, "diff", "main", "--json", "--exit-code")

    assert told.exit_code == 3, told.output
    found = json.loads(told.stdout)
    assert [(each["risk"], each["address"]) for each in found["findings"]] == [
        ("destroyed", "aws_cloudwatch_metric_alarm.age"),
        ("replaced", "aws_sqs_queue.orders"),
        ("reachable", "aws_security_group.web"),
        ("permission", "aws_iam_role.web"),
        ("alarm", "aws_cloudwatch_metric_alarm.age"),
    ]
    places = {each["address"]: each["place"] for each in found["findings"]}
    assert places == {
        "aws_cloudwatch_metric_alarm.age": "infrastructure/main.tf:28",  # as it was
        "aws_sqs_queue.orders": "infrastructure/main.tf:24",
        "aws_security_group.web": "infrastructure/main.tf:4",
        "aws_iam_role.web": "infrastructure/main.tf:14",
    }
    assert found["costs"]["differences"] == {"alarm_metric": -0.1, "kms_key": 1}
    assert git(project, "status", "--porcelain", "--", ":!.bonkei") == before
    shown = run(project, "diff", "main").stdout
    assert "web` (`infrastructure/main.tf:4`) lets in: `any IPv4 address on tcp 443`" in shown
    assert "is replaced, and its data with it, for what cannot be changed in place: `" in shown


def test_the_definitions_of_a_first_branch_are_all_new(project: Path) -> None:
    told = run(project, "diff", "begin", "--json")
    assert told.exit_code == 0, told.output
    assert {each["action"] for each in json.loads(told.stdout)["changes"]} == {"create"}


def test_nothing_changes(project: Path) -> None:
    told = run(project, "diff", "HEAD", "--exit-code")
    assert (told.exit_code, "Nothing changes." in told.stdout) == (0, True)


@pytest.mark.parametrize("ref", ["nowhere", "--output=x"])
def test_a_commit_that_is_not_there(project: Path, ref: str) -> None:
    told = run(project, "diff", "--", ref)
    assert told.exit_code == 1
    assert f"has no commit {ref}" in str(told.exception)


def test_a_folder_that_is_not_in_git(tmp_path: Path) -> None:
    told = run(make_project(tmp_path / "alone", AWS), "diff", "main")
    assert told.exit_code == 1
    assert "is not a working copy" in str(told.exception)


def test_what_runs_may_break_a_rule_that_the_branch_mends(project: Path) -> None:
    file = project / "infrastructure" / "main.tf"
    file.write_text(AWS.replace('"orders"\n', '"no such name!"\n'))
    git(project, "commit", "-q", "-a", "-m", "Break a rule")
    file.write_text(AWS)
    told = run(project, "diff", "HEAD", "--json")
    assert told.exit_code == 0, told.exception
    assert [each["action"] for each in json.loads(told.stdout)["changes"]] == ["replace"]


def test_no_program_of_the_repositorys_own_configuration_runs(project: Path) -> None:
    """A checkout runs the filters that the configuration of a repository names."""
    (project.parent / ".git" / "info" / "attributes").write_text("*.tf filter=hostile\n")
    git(project, "config", "filter.hostile.smudge", f"touch {project.parent}/ran; cat")
    told = run(project, "diff", "HEAD")
    assert told.exit_code == 0, told.exception
    assert not (project.parent / "ran").exists()


def test_a_branch_that_begins_with_bonkei_has_its_settings_for_both(project: Path) -> None:
    git(project, "rm", "-q", "--cached", "bonkei.toml")
    file = project / "infrastructure" / "main.tf"
    file.write_text(f'variable "size" {{ type = number }}\n{AWS}')
    git(project, "commit", "-q", "-a", "-m", "Leave Bonkei")
    (project / "bonkei.toml").write_text('variables = ["bonkei.tfvars"]\n')
    (project / "bonkei.tfvars").write_text("size = 1\n")
    file.write_text(file.read_text() + ALARM)
    told = run(project, "diff", "HEAD", "--json")
    assert told.exit_code == 0, told.exception
    changes = json.loads(told.stdout)["changes"]
    assert [each["address"] for each in changes] == ["aws_cloudwatch_metric_alarm.age"]
