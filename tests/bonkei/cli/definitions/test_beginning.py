"""`bonkei init` and `bonkei existing` in a repository that has no settings."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from bonkei.config.draft import Draft, guess

MAIN = """
provider "aws" {
  region = "eu-west-1"
}
variable "domain" {
  type = string
}
data "aws_vpc" "shared" {
  tags = { Name = "shared" }
}
data "aws_subnets" "private" {
  filter {
    name   = "vpc-id"
    values = [data.aws_vpc.shared.id]
  }
  tags = { Tier = "private" }
}
data "terraform_remote_state" "base" {
  backend = "s3"
  config  = { bucket = "states", key = "base", region = "eu-west-1" }
}
resource "aws_ecr_repository" "web" {
  name = "web"
}
resource "aws_ecs_cluster" "this" {
  name = "shop"
}
resource "aws_ecs_task_definition" "web" {
  family                   = "web"
  cpu                      = 256
  memory                   = 512
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  container_definitions = jsonencode([
    { name = "app", image = "${aws_ecr_repository.web.repository_url}:1", essential = true },
    { name = "agent", image = "datadog/agent:7", essential = false },
    { name = "other", image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/x", essential = false },
    { name = "api", image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/api", essential = false },
    { name = "y", image = "999999999999.dkr.ecr.eu-west-1.amazonaws.com/y:1", essential = false },
  ])
}
resource "aws_ecs_service" "web" {
  name            = "web"
  cluster         = aws_ecs_cluster.this.id
  task_definition = aws_ecs_task_definition.web.arn
  desired_count   = 1
  launch_type     = "FARGATE"
  network_configuration {
    subnets         = data.aws_subnets.private.ids
    security_groups = [data.terraform_remote_state.base.outputs.security_group_id]
  }
}
"""


def bonkei(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bonkei", *arguments],
        cwd=place,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_root_modules_whose_outputs_are_read_are_listed_in_their_order(tmp_path: Path) -> None:
    stack = Path(__file__).parents[3] / "stacks" / "roots-by-path"
    shutil.copytree(stack / "live", tmp_path / "live")
    made = bonkei(tmp_path, "init")
    assert made.returncode == 0, made.stdout + made.stderr
    assert (tmp_path / "bonkei.toml").read_text() == 'definitions = ["live/keys", "live/data"]\n'
    assert "to do" not in made.stdout


def test_a_repository_gets_settings_with_which_it_can_be_planned(tmp_path: Path) -> None:
    for name, text in (
        ("deploy/main.tf", MAIN),
        ("web/Dockerfile", "FROM x"),
        ("b/Dockerfile", ""),
        ("api/package.json", "{}"),
        ("jobs/go.mod", ""),
    ):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    assert "bonkei init" in bonkei(tmp_path, "plan").stderr
    made = bonkei(tmp_path, "init")
    assert made.returncode == 0, made.stderr
    written = (tmp_path / "bonkei.toml").read_text()
    settings = tomllib.loads(written)
    assert settings["definitions"] == "deploy"
    assert settings["containers"] == {
        "agent": {"image": "datadog/agent:7"},
        "app": {"directory": "web"},
    }
    assert settings["remote_states"]["base"]["security_group_id"].startswith("sg-")
    assert [one["type"] for one in settings["existing"]] == ["aws_vpc", "aws_subnet", "aws_subnet"]
    first, *proposals = written.partition("# container ")
    proposed = tomllib.loads(first + re.sub(r"(?m)^# (?!container)", "", "".join(proposals)))
    proposed = proposed["containers"]
    assert {name: one for name, one in proposed.items() if name not in settings["containers"]} == {
        "other": {"directory": "…"},
        "api": {"directory": "api", "command": "npm start", "prepare": "npm ci"},
        "999999999999.dkr.ecr.eu-west-1.amazonaws.com/y": {"image": "…"},
    }
    assert "domain" in (tmp_path / "bonkei.tfvars").read_text()
    planned = bonkei(tmp_path, "plan")
    assert planned.returncode == 0, planned.stderr
    assert planned.stderr == ""
    again = bonkei(tmp_path, "init")
    assert (again.returncode, (tmp_path / "bonkei.toml").read_text()) == (1, written)
    # A look-up that comes later.
    with (tmp_path / "deploy" / "main.tf").open("a") as main:
        main.write('data "aws_route53_zone" "this" {\n  name = "example.com"\n}\n')
    assert 'name = "example.com"' in bonkei(tmp_path, "existing").stdout
    assert (tmp_path / "bonkei.toml").read_text() == written
    assert bonkei(tmp_path, "existing", "--write").returncode == 0
    assert bonkei(tmp_path, "plan").returncode == 0
    assert "find all" in bonkei(tmp_path, "existing").stderr


def test_values_that_are_there_are_kept(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(MAIN)
    (tmp_path / "bonkei.tfvars").write_text("mine")
    made = bonkei(tmp_path, "init")
    assert (made.returncode, (tmp_path / "bonkei.tfvars").read_text()) == (1, "mine")
    assert not (tmp_path / "bonkei.toml").exists()


def test_a_folder_without_definitions_is_refused(tmp_path: Path) -> None:
    made = bonkei(tmp_path, "init")
    assert (made.returncode, [*tmp_path.iterdir()]) == (1, [])
    assert "no root module" in made.stderr


def test_a_draft_is_read_as_it_was_meant() -> None:
    existing = [{"type": "aws_vpc", "tags": {"a/b": 'x"\n'}, "enable_dns_support": True}]
    draft = Draft(
        "a b",
        ["x.tfvars"],
        {"web.1": {"directory": "w"}},
        existing,
        {"net": ["vpc_id"]},
        ["why\nso"],
    )
    read = tomllib.loads(draft.text())
    assert read == {
        "definitions": "a b",
        "variables": ["x.tfvars"],
        "containers": {"web.1": {"directory": "w"}},
        "existing": existing,
        "remote_states": {"net": {"vpc_id": "vpc-0aaaaaaaaaaaaaaaa"}},
    }


@pytest.mark.parametrize(
    ("name", "type_", "guessed"),
    [
        ("private_subnet_ids", "", ["subnet-0aaaaaaaaaaaaaaaa", "subnet-0aaaaaaaaaaaaaaab"]),
        ("alb_security_group_id", "string", "sg-0aaaaaaaaaaaaaaaa"),
        ("aws_region", "string", "us-east-1"),
        ("environment_name", "string", "dev"),
        ("certificate_arn", "", "arn:aws:acm:us-east-1:123456789012:certificate/a"),
        ("role_arns", "", [f"arn:aws:iam::123456789012:role/{end}" for end in "ab"]),
        ("port", "number", 8080),
        ("enabled", "bool", False),
        ("names", "set(string)", ["change-me-a", "change-me-b"]),
        ("tags", "map(string)", None),
    ],
)
def test_a_value_is_guessed_by_its_name(name: str, type_: str, guessed: object) -> None:
    assert guess(name, type_) == guessed
