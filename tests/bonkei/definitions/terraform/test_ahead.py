"""Terraform is loaded before its arguments are known, and none is left behind."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from bonkei.definitions.terraform.inputs.mirror import Mirror
from bonkei.definitions.terraform.runs import run as runs
from bonkei.definitions.terraform.runs.environments import of_init
from bonkei.definitions.terraform.workspace import Workspace
from tests.bonkei.definitions.terraform.project import PROVIDERS, Project

ORPHAN = """
import os, sys
from pathlib import Path
from bonkei.definitions.terraform.runs import run as runs
from bonkei.definitions.terraform.runs.environments import of_init
here = Path.cwd()
with runs.ahead(runs.command(None), here, of_init(os.environ, {})):
    print(*(child for child in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()),
          flush=True)
    os._exit(1)
"""


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[str]]:
    """Every Terraform that is started."""
    found: list[subprocess.Popen[str]] = []
    real = runs.start

    def start(*arguments: Any, **options: Any) -> subprocess.Popen[str]:
        found.append(real(*arguments, **options))
        return found[-1]

    monkeypatch.setattr(runs, "start", start)
    return found


def version(begin: runs.Start, directory: Path) -> str:
    arguments = [*runs.command(None), "version"]
    environment = of_init({}, {})
    result = runs.run(arguments, directory=directory, environment=environment, begin=begin)
    assert result.code == 0, result.errors
    return result.lines[0]


def test_the_first_arguments_go_to_the_terraform_that_is_there(
    tmp_path: Path, started: list[subprocess.Popen[str]]
) -> None:
    with runs.ahead(runs.command(None), tmp_path, of_init({}, {})) as begin:
        assert len(started) == 1
        assert version(begin, tmp_path).startswith("Terraform v1.")
        assert started[0].returncode == 0
        assert version(begin, tmp_path).startswith("Terraform v1.")
    assert [each.returncode for each in started] == [0, 0]


def test_one_that_has_said_its_code_ends_beside_what_follows(
    tmp_path: Path, started: list[subprocess.Popen[str]]
) -> None:
    """Also after an error, as where there is no such command."""
    ends: list[Callable[[], None]] = []
    program = runs.command(None)
    with runs.ahead(program, tmp_path, of_init({}, {})) as begin:
        result = runs.run(
            [*program, "no-command"],
            directory=tmp_path,
            environment={},
            begin=begin,
            leave=ends.append,
        )
    assert started[0].returncode is None
    assert (result.code, len(ends)) == (1, 1)
    assert "no command" in result.text
    assert "\0" not in "".join(result.lines)
    ends[0]()
    assert started[0].returncode == 1


def test_one_that_gets_no_arguments_is_ended(
    tmp_path: Path, started: list[subprocess.Popen[str]]
) -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        runs.ahead(runs.command(None), tmp_path, of_init({}, {})),
    ):
        raise KeyboardInterrupt
    assert started[0].returncode is not None
    assert not psutil.pid_exists(started[0].pid)


def test_one_whose_parent_was_killed_ends(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", ORPHAN],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(__file__).parents[4])},
    )
    pid = int(ended.stdout)
    with suppress(psutil.NoSuchProcess):
        psutil.Process(pid).wait(timeout=60)
    assert not psutil.pid_exists(pid)


def test_one_that_has_died_says_why(tmp_path: Path) -> None:
    """As where the library is missing."""
    program = [sys.executable, "-c", "raise SystemExit('it is missing')"]
    with runs.ahead(program, tmp_path, {}) as begin:
        result = runs.run(
            [*program, "plan", *["x" * 1000] * 200], directory=tmp_path, environment={}, begin=begin
        )
    assert (result.code, result.errors.strip()) == (1, "it is missing")


@pytest.mark.parametrize("operation", ["validate", "plan", "apply"])
def test_an_operation_starts_one_terraform(
    tmp_path: Path, started: list[subprocess.Popen[str]], operation: str
) -> None:
    project = Project(tmp_path)
    project.write("bonkei.toml", "")
    project.write("infrastructure/main.tf", PROVIDERS)
    workspace: Workspace = project.workspace()
    workspace.validate()  # with an init
    started.clear()
    getattr(workspace, operation)()
    workspace.settle()
    assert [each.returncode for each in started] == [0]


def test_it_loads_while_the_mirror_is_brought_up_to_date(
    new_project: Callable[[], Project],
    started: list[subprocess.Popen[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there: list[int] = []
    real = Mirror.refresh

    def refresh(mirror: Mirror, *arguments: Any) -> None:
        there.append(len(started))
        real(mirror, *arguments)

    workspace = new_project().workspace()
    workspace.validate()  # with an init
    started.clear()
    monkeypatch.setattr(Mirror, "refresh", refresh)
    workspace.validate()
    assert there == [1]


def test_definitions_that_have_moved_need_no_init(
    tmp_path: Path, started: list[subprocess.Popen[str]]
) -> None:
    project = Project(tmp_path / "before")
    project.write("bonkei.toml", "")
    project.write("infrastructure/main.tf", f'{PROVIDERS}\nmodule "a" {{ source = "./a" }}\n')
    project.write("infrastructure/a/main.tf", 'output "x" { value = 1 }\n')
    project.workspace().validate()
    moved = Project(project.root.rename(tmp_path / "after"))
    started.clear()
    assert moved.workspace().validate() == []
    assert len(started) == 1
