"""`bonkei iam`: denied calls and their place, used permissions, and a sufficient policy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bonkei.base.errors import BonkeiError
from bonkei.services.endpoint.permission.ledger import Denial, Ledger, read_denials
from tests.bonkei.cli.projects import make_project, run

DEFINITIONS = """
provider "aws" { region = "eu-west-1" }

resource "aws_iam_role" "start" {
  name               = "start"
  assume_role_policy = jsonencode({ Statement = [{
    Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs-tasks.amazonaws.com" }
  }] })
}

resource "aws_iam_role_policy" "start" {
  role   = aws_iam_role.start.name
  policy = jsonencode({ Version = "2012-10-17", Statement = [
    { Effect = "Allow", Action = ["s3:GetObject", "s3:PutObject"],
      Resource = "arn:aws:s3:::shop/*" },
    { Effect = "Allow", Action = ["ecr:BatchGetImage", "ecr:PutImage"], Resource = "*" },
  ] })
}

resource "aws_ecs_task_definition" "web" {
  family                   = "web"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  execution_role_arn       = aws_iam_role.start.arn
  container_definitions    = jsonencode([{
    name = "web", image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1"
  }])
}
"""
CALL = """
data "aws_iam_policy_document" "written" {
  statement {
    sid       = "Tell"
    actions   = ["sns:Publish"]
    resources = ["*"]
  }

  statement {
    sid       = "NeverThis"
    effect    = "Deny"
    actions   = ["s3:DeleteBucket"]
    resources = ["*"]
  }
}

module "grants" {
  source   = "./grants"
  policies = { start = data.aws_iam_policy_document.written.json }
}
"""
GRANTS = """
variable "policies" { type = map(string) }

resource "aws_iam_role_policy" "each" {
  for_each = var.policies
  role     = "start"
  policy   = each.value
}
"""
ROLE = "arn:aws:iam::123456789012:role/start"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = make_project(tmp_path_factory.mktemp("iam") / "project", DEFINITIONS)
    (made / "infrastructure" / "grants").mkdir()
    (made / "infrastructure" / "grants" / "main.tf").write_text(GRANTS)
    (made / "infrastructure" / "call.tf").write_text(CALL)
    applied = run(made, "apply")
    assert applied.exit_code == 0, applied.output
    ledger = Ledger(made / ".bonkei" / "cloud")
    ledger.deny(
        Denial(1.0, ROLE, f"{ROLE}/x", "s3:DeleteObject", "arn:aws:s3:::shop/a",
               "identity-based policy", "no", enforced=True,
               looked_at=("aws_iam_role_policy.start",), absent_keys=("aws:sourceip",))
    )  # fmt: skip
    ledger.deny(
        Denial(2.0, ROLE, f"{ROLE}/x", "sqs:*", "*", "network",
               "aws_subnet.app has no endpoint for sqs", enforced=True)
    )  # fmt: skip
    ledger.deny(
        Denial(3.0, "", "events.amazonaws.com", "sns:Publish", "arn:t", "resource-based policy",
               "no", enforced=True)
    )  # fmt: skip
    ledger.use(ROLE, "s3:GetObject", "arn:aws:s3:::shop/a")
    return made


def test_a_denial_that_a_full_disk_has_cut_is_left_out(tmp_path: Path) -> None:
    whole = '{"action": "s3:GetObject"}'
    file = tmp_path / "denied.jsonl"
    file.write_text(f'{whole}\n{{"action": "s3:Put{whole}\n{whole}\n')
    assert [each["action"] for each in read_denials(file)] == ["s3:GetObject"] * 2


def test_a_denial_shows_the_line_and_the_statement_that_would_allow_it(root: Path) -> None:
    shown = run(root, "iam", "denied").output
    line = DEFINITIONS.splitlines().index('resource "aws_iam_role_policy" "start" {') + 1
    assert "start: s3:DeleteObject denied" in shown
    assert f"looked at infrastructure/main.tf:{line} (aws_iam_role_policy.start)" in shown
    assert 'actions = ["s3:DeleteObject"]  resources = ["arn:aws:s3:::shop/a"]' in shown
    assert "not known here, so absent: aws:sourceip" in shown
    found, _ = json.loads(run(root, "iam", "denied", "--role", "start", "--json").output)
    unknown = run(root, "iam", "denied", "--role", "strat")
    assert isinstance(unknown.exception, BonkeiError)
    assert unknown.exception.message == "the definitions have no role strat"
    assert unknown.exception.remedy == "there are: start"
    assert found["action"] == "s3:DeleteObject"
    assert "start: sqs is not reached, and the call timed out" in shown
    assert "aws_subnet.app has no endpoint for sqs" in shown
    assert 'principals { Service = "events.amazonaws.com" }' in shown
    person = "AWSReservedSSO_Operator_0123456789abcdef"  # no definitions declare it
    assert json.loads(run(root, "iam", "denied", "--role", person, "--json").output) == []


def test_a_policy_is_shown_where_its_document_is_written(root: Path) -> None:
    """A module that attaches the policies of its callers says nothing about them."""
    address = 'module.grants.aws_iam_role_policy.each["start"]'
    ledger, lines = Ledger(root / ".bonkei" / "cloud"), CALL.splitlines()
    for action, statement in (("s3:PutObject", ""), ("s3:DeleteBucket", f"{address} NeverThis")):
        ledger.deny(
            Denial(4.0, f"{ROLE}-two", f"{ROLE}-two/x", action, "arn:aws:s3:::shop",
                   "identity-based policy", "no", enforced=True, looked_at=(address,),
                   statement=statement)
        )  # fmt: skip
    shown = run(root, "iam", "denied", "--role", "start-two").output
    head = lines.index('data "aws_iam_policy_document" "written" {') + 1
    statement = lines.index('    sid       = "NeverThis"') + 1
    assert f"looked at infrastructure/call.tf:{head} ({address})" in shown
    assert f"looked at infrastructure/call.tf:{statement} ({address})" in shown
    near = run(root, "iam", "may", "start", "s3:DeleteBucket", "arn:aws:s3:::shop").output
    assert f"infrastructure/call.tf:{statement} ({address})" in near


def test_used_and_unused_permissions(root: Path) -> None:
    shown = run(root, "iam", "used", "start").output
    assert "✓ s3:GetObject on arn:aws:s3:::shop/*" in shown
    assert "– s3:PutObject on arn:aws:s3:::shop/*  (never used)" in shown
    assert run(root, "iam", "used", "nobody").exit_code == 1


def test_the_tight_policy_keeps_used_permissions_and_those_for_a_tasks_start(root: Path) -> None:
    shown = run(root, "iam", "tighten", "start").output
    assert '-    "s3:PutObject",' in shown
    assert '-    "ecr:PutImage",' in shown
    assert '     "s3:GetObject",' in shown
    assert '     "ecr:BatchGetImage",' in shown


def test_a_question_is_answered_with_the_statement_and_its_line(root: Path) -> None:
    line = DEFINITIONS.splitlines().index('resource "aws_iam_role_policy" "start" {') + 1
    place = f"infrastructure/main.tf:{line} (aws_iam_role_policy.start)"
    yes = run(root, "iam", "may", "start", "s3:GetObject", "arn:aws:s3:::shop/a")
    assert (yes.exit_code, "allowed" in yes.output, place in yes.output) == (0, True, True)
    no = run(root, "iam", "may", "start", "s3:GetObject", "arn:aws:s3:::other/a")
    assert no.exit_code == 1
    assert "because no identity-based policy allows the s3:GetObject action" in no.output
    assert f"near: Allow s3:GetObject, s3:PutObject, arn:aws:s3:::shop/*  {place}" in no.output
    found = json.loads(run(root, "iam", "may", "start", "sqs:SendMessage", "--json").output)
    assert (found["allowed"], found["near"]) == (False, [])
    before = (root / ".bonkei" / "cloud" / "denied.jsonl").read_text()
    assert "other/a" not in before, "a question is not a call"


@pytest.mark.parametrize("question", [("s3:*",), ("nothing",), ("s3:GetObject", "shop")])
def test_what_is_not_a_question_is_said(root: Path, question: tuple[str, ...]) -> None:
    refused = run(root, "iam", "may", "start", *question)
    assert refused.exit_code == 1
    assert isinstance(refused.exception, BonkeiError)
    assert refused.exception.remedy.startswith("write i")


def test_before_the_first_apply_there_is_no_role(tmp_path: Path) -> None:
    made = make_project(tmp_path / "project", DEFINITIONS)
    for words in (("used",), ("used", "start"), ("may", "start", "s3:GetObject")):
        failed = run(made, "iam", *words).exception
        assert isinstance(failed, BonkeiError)
        assert (failed.message, "apply" in failed.remedy) == (
            "nothing that is applied has a role",
            True,
        )
