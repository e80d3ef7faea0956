"""`bonkei plan`, `apply` and `test` with Terraform's options, on a small project."""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from bonkei.definitions.terraform.errors import TerraformError
from tests.bonkei.cli.projects import make_project
from tests.bonkei.cli.projects import run as run_in

pytestmark = pytest.mark.usefixtures("forked_providers")

MAIN = """\
terraform {
  required_providers {
    random = { source = "hashicorp/random", version = "~> 3.6" }
  }
}

variable "prefix" {
  default = "settings"
}

resource "random_pet" "one" {
  prefix = var.prefix
}

resource "random_pet" "other" {}
"""
TESTS = """\
run "holds" {
  command = plan
}

run "fails" {
  command = plan
  assert {
    condition     = random_pet.one.prefix == "option"
    error_message = "That is another prefix."
  }
}
"""

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_project(tmp_path_factory.mktemp("project"), MAIN)
    (root / "infrastructure" / "pets.tftest.hcl").write_text(TESTS, encoding="utf-8")
    return root


@pytest.fixture
def run(project: Path) -> Run:
    return functools.partial(run_in, project)


def test_plan_and_apply_take_terraforms_options(run: Run) -> None:
    planned = run("plan", "--target", "random_pet.one", "--var", "prefix=a=b", "--json")
    (change,) = json.loads(planned.stdout)["changes"]
    assert change["address"] == "random_pet.one"
    assert "Resource targeting is in effect" in planned.stderr
    assert "2 added" in run("apply").stdout
    replaced = run("apply", "--replace", "random_pet.one", "--replace", "random_pet.other")
    assert "2 added, 2 removed" in replaced.stdout
    unknown = run("plan", "--target", "random_pet.nobody")
    assert isinstance(unknown.exception, TerraformError)
    assert "there is random_pet.one" in unknown.exception.message


def test_outputs_are_shown_as_by_terraform(tmp_path: Path) -> None:
    """Of two root modules, of which the later reads the earlier one's."""
    (tmp_path / "bonkei.toml").write_text('definitions = ["one", "two"]\n', encoding="utf-8")
    for name, text in {
        "one": 'output "url" { value = "http://a/?b" }\noutput "same" { value = 1 }\n',
        "two": 'data "terraform_remote_state" "one" { backend = "s3" }\n'
        'output "all" { value = { urls = [data.terraform_remote_state.one.outputs.url] } }\n'
        'output "same" { value = 2 }\n'
        'output "hidden" {\n  value = "x"\n  sensitive = true\n}\n',
    }.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.tf").write_text(text, encoding="utf-8")
    show = functools.partial(run_in, tmp_path, "output")
    assert "there are no outputs" in str(show().exception)
    applied = run_in(tmp_path, "apply")
    assert applied.exit_code == 0, applied.output
    assert show().stdout.splitlines() == [
        "one/same = 1", 'one/url = "http://a/?b"', "two/all = {", '  "urls" = [',
        '    "http://a/?b",', "  ]", "}", "two/hidden = <sensitive>", "two/same = 2",
    ]  # fmt: skip
    assert show("-raw", "url").stdout == "http://a/?b"
    assert show("two/same").stdout == "2\n"
    assert json.loads(show("all", "-json").stdout) == {"urls": ["http://a/?b"]}
    assert json.loads(show("--json").stdout)["two/hidden"]["value"] == "x"
    for wrong in (("same",), ("nothing",), ("all", "--raw")):
        assert isinstance(show(*wrong).exception, TerraformError)
    assert show("--raw").exit_code == 2


def test_an_apply_leaves_no_process_behind(run: Run) -> None:
    assert run("apply").exit_code == 0
    assert not [each for each in threading.enumerate() if each.name == "ending"]


@pytest.mark.parametrize("value", ["prefix", "=x", "a b=x"])
def test_a_variable_without_a_name_or_value_is_refused(run: Run, value: str) -> None:
    for command in ("plan", "apply", "test"):
        refused = run(command, "--var", value)
        assert refused.exit_code == 2
        assert f"{value!r} is not NAME=VALUE" in refused.output


def test_the_definitions_own_tests(run: Run, project: Path) -> None:
    failed = run("test")
    assert failed.exit_code == 1
    assert "That is another prefix." in failed.stdout
    assert failed.stdout.endswith("1 passed, 1 failed\n")
    # The argument as a shell completes it.
    file = str(project / "infrastructure" / "pets.tftest.hcl")
    passed = run("test", "--filter", file, "--var", "prefix=option", "--json")
    assert passed.exit_code == 0, passed.output
    said = json.loads(passed.stdout)
    assert said["counts"] == {"pass": 2, "fail": 0, "error": 0, "skip": 0}
    assert [each["run"] for each in said["runs"]] == ["holds", "fails"]


def test_options_have_terraforms_spelling(run: Run) -> None:
    """With one hyphen, as in `terraform plan -target=ADDRESS`."""
    result = run("plan", "-target=random_pet.one", "-var", "prefix=single", "--json")
    (change,) = json.loads(result.stdout)["changes"]
    assert change["address"] == "random_pet.one"
    assert run("plan", "-replace=random_pet.nope").exception
    assert "pets.tftest.hcl" in run("test", "-filter=pets.tftest.hcl").output


def test_programs_of_the_definitions_run_only_when_they_are_allowed(
    project: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BONKEI_ALLOW_PROGRAMS", "")
    monkeypatch.setenv("NEEDED", "it")
    monkeypatch.setenv("DATABASE_URL", "secret")
    seen = project / "seen"
    program = f"cat > /dev/null; echo $NEEDED$DATABASE_URL > {seen}; echo {{}}"
    text = f'data "external" "it" {{\n  program = ["sh", "-c", "{program}"]\n}}\n'
    file = project / "infrastructure" / "programs.tf"
    file.write_text(text, encoding="utf-8")
    (project / "bonkei.toml").write_text("[programs]\nenvironment = ['NEEDED']\n", encoding="utf-8")
    try:
        refused = run("plan").exception
        assert isinstance(refused, TerraformError)
        assert "programs.tf line 1: data" in refused.message
        assert not seen.exists()
        assert run("plan", "--allow-programs").exit_code == 0
        assert seen.read_text() == "it\n"
    finally:
        file.unlink()
