"""`bonkei check` and `bonkei diagram` on a small project, with real Terraform."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from bonkei.miniature.home import MARKER
from tests.bonkei.cli.projects import make_project
from tests.bonkei.cli.projects import run as run_in

DEFINITIONS = """\
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 6.0" }
  }
}

provider "aws" {
  region = "eu-west-1"
}

variable "days" {
  type    = number
  default = 0
}

resource "aws_kms_key" "this" {
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "kms:*"
      Resource  = "*"
      Principal = { AWS = "*" }
    }]
  })
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/app"
  kms_key_id        = aws_kms_key.this.arn
  retention_in_days = var.days
}

resource "aws_cloudwatch_log_group" "kept" {
  # bonkei:allow log-group-has-retention-and-key: an auditor reads it
  name = "/audit"
}
"""

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_project(tmp_path_factory.mktemp("project"), DEFINITIONS)
    (root / "kept.tfvars").write_text("days = 30\n", encoding="utf-8")
    (root / "page.md").write_text("<!-- diagram: release-pipeline -->\n<!-- /diagram -->\n")
    (root / "release.yaml").write_text(
        "Resources: {P: {Type: 'AWS::CodePipeline::Pipeline', Properties: {Stages: [{Name: Source,"
        " Actions: [{Name: Source, ActionTypeId: {Category: Source, Provider: CodeCommit}}]}]}}}",
        encoding="utf-8",
    )
    return root


@pytest.fixture
def run(project: Path) -> Run:
    return functools.partial(run_in, project)


def test_a_finding_names_its_place(run: Run) -> None:
    result = run("check")
    assert result.exit_code == 0
    assert "warning  infrastructure/main.tf:31  log-group-has-retention-and-key" in result.output
    assert "infrastructure/main.tf:34  log-group-has-retention-and-key: an auditor" in result.output


def test_other_variables_give_other_findings(run: Run, project: Path) -> None:
    result = run("check", "--var-file", str(project / "kept.tfvars"))
    assert result.exit_code == 0, result.output
    assert "no finding, 2 allowed with a reason" in result.output


def test_findings_as_json_and_sarif(run: Run) -> None:
    as_json = json.loads(run("check", "--json").output)
    assert [(f["file"], f["line"]) for f in as_json if not f["allowed"]] == [
        ("infrastructure/main.tf", 31)
    ]
    as_sarif = json.loads(run("check", "--sarif").output)
    assert len(as_sarif["runs"][0]["results"]) == len(as_json)


def test_findings_for_a_ci(run: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """GitHub's paths are relative to the checkout, of which the project may be a folder."""
    monkeypatch.setenv("GITHUB_WORKSPACE", str(project.parent))
    told = run("check", "--github", "--junit", str(project / "found.xml")).stdout
    assert f",file={project.name}/infrastructure/main.tf,line=31::" in told
    assert told.startswith("::warning title=log-group-has-retention-and-key (")
    assert 'failures="0"' in (project / "found.xml").read_text()


@pytest.mark.parametrize(
    ("settings", "code", "words"),
    [
        ('log-group-has-retention-and-key = "error"', 1, "1 error, "),
        ('log-group-has-retention-and-key = "off"', 0, "no finding\n"),
        ('log-group-has-retention-and-key = "loud"', 1, "[check] `log-group-has-ret"),
        ('log-groups-have-retention-and-key = "off"', 1, "`log-groups-have-retention-and-key` is"),
    ],
)
def test_the_settings_decide_which_findings_fail(
    run: Run, project: Path, settings: str, code: int, words: str
) -> None:
    file = project / "bonkei.toml"
    file.write_text(f"[check]\n{settings}\n", encoding="utf-8")
    try:
        result = run("check")
    finally:
        file.write_text("", encoding="utf-8")
    assert result.exit_code == code
    assert words in result.output or words in str(result.exception)


def test_a_program_that_is_not_a_directory_is_refused(run: Run) -> None:
    result = run("check", "--program", "router=nowhere")
    assert result.exit_code == 2
    assert "NAME=DIRECTORY" in result.output


def test_diagrams_are_written_and_pages_updated(run: Run, project: Path) -> None:
    arguments = (
        *("--template", str(project / "release.yaml")),
        *("--output", str(project / "pictures")),
        *("--page", str(project / "page.md")),
    )
    result = run("diagram", *arguments)
    assert result.exit_code == 0, result.output
    assert (project / "pictures" / "release-pipeline.svg").read_text().startswith("<svg ")
    assert (project / "pictures" / "release-pipeline.mmd").read_text().startswith("flowchart")
    assert "](pictures/release-pipeline.svg)" in (project / "page.md").read_text()


def test_the_miniatures_own_state_is_not_touched(run: Run, project: Path) -> None:
    run("check")
    assert {path.name for path in (project / ".bonkei").iterdir()} == {MARKER, "evaluated"}
