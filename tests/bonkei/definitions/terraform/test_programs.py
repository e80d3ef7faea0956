"""The programs that definitions run: all are found, none runs without consent, none sees more than
it needs."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from bonkei.base.kept import DamagedError
from bonkei.definitions.terraform.errors import TerraformError
from bonkei.definitions.terraform.inputs.programs import Consent, found
from bonkei.definitions.terraform.runs.environments import of_init, of_programs
from bonkei.definitions.terraform.workspace import Workspace
from tests.bonkei.definitions.terraform.project import Project

LOCAL = """\
resource "terraform_data" "a" {
  provisioner "local-exec" {
    command = "env > ${path.module}/seen; sh ${path.module}/more.sh"
  }
}
"""
EXTERNAL = """\
data "external" "it" {
  program = ["sh", "-c", "env > ${path.module}/external; cat > /dev/null; echo '{}'"]
}
"""
WRITTEN = {
    "a provisioner": ('  provisioner "local-exec" {\n a = 1\n}', [1]),
    "any provisioner": ('provisioner "remote-exec" {}\nprovisioner "file" {}', [1, 2]),
    "without quotes": ("provisioner local-exec {}", [1]),
    "with a comment": ('provisioner /* a */ "local-exec" {}', [1]),
    "behind a comment": ('/* a\n # */ provisioner "local-exec" {}', [2]),
    "behind two": ('/**/ /*#*/provisioner/**/"local-exec"{}', [1]),
    "with escapes": ('provisioner "local\\u002dexec" {}', [1]),
    "a data source": ('\n\ndata "external" "a" {}', [3]),
    "one without quotes": ("data external a {}", [1]),
    "one with escapes": ('data "ext\\u0065rnal" "a" {}', [1]),
    "one with a comment": ('data/*a*/"external" "a" {}', [1]),
    "a mark in front": ('\ufeffdata "external" "a" {}', [1]),
    "the lines of Windows": ('a {\r\n  provisioner "local-exec" {\r\n}\r\n}', [2]),
    "a string in front": ('a = "/*"\nprovisioner "local-exec" {}\nb = "*/"', [2]),
    "too deep to be read": ('\nprovisioner "local-exec" ' + "{" * 5_000, [1]),
    "none": ('# provisioner "local-exec" {}\n// data "external" "a" {}\ndata "aws_vpc" "b" {}', []),
    "words": ("a = data.external.b\nprovisioners = 1\ndata_external = 2", []),
}  # fmt: skip
JSON = {
    "a provisioner": {"resource": {"a": {"b": {"provisioner": {"local-exec": {"command": "x"}}}}}},
    "in lists": {"resource": [{"a": [{"b": [{"provisioner": [{"local-exec": {}}]}]}]}]},
    "a data source": {"data": {"external": {"a": {"program": ["x"]}}}},
}


def _of(folder: Path, name: str, text: str) -> list[tuple[int, str]]:
    file = folder / name
    file.write_bytes(text.encode())
    return [(each.line, each.text) for each in found(Path, [file], folder)]


@pytest.mark.parametrize("way", WRITTEN)
def test_programs_are_found_however_they_are_written(tmp_path: Path, way: str) -> None:
    text, lines = WRITTEN[way]
    assert [line for line, _ in _of(tmp_path, "a.tf", text)] == lines


def test_json_that_is_too_deep_to_be_read_counts_as_a_program(tmp_path: Path) -> None:
    text = '{"a":' * 5_000 + "1" + "}" * 5_000
    assert [line for line, _ in _of(tmp_path, "a.tf.json", text)] == [1]


@pytest.mark.parametrize("way", JSON)
def test_programs_are_found_in_json(tmp_path: Path, way: str) -> None:
    text = json.dumps(JSON[way])
    assert len(_of(tmp_path, "a.tf.json", text)) == 1
    hidden = text.replace('"provisioner"', '"provisioner": {}, "provisi\\u006fner"')
    assert _of(tmp_path, "b.tf.json", hidden)


@pytest.mark.parametrize(
    "block",
    [
        'provisioner "local-exec" {\n  command = "a }"\n}',
        'provisioner "local-exec" {\n  command = "${f("}")} \\" }"\n}',
        'provisioner "local-exec" {\n  command = <<-EOT\n    }\n    EOT\n  # }\n  /* } */\n}',
        'provisioner "local-exec" {\n  environment = { a = "$${", b = 1 }\n}',
    ],
)
def test_a_program_is_its_whole_block(tmp_path: Path, block: str) -> None:
    assert _of(tmp_path, "a.tf", f"a {{\n{block}\nb = {{}}\n}}\n") == [(2, block)]


@pytest.fixture
def project(new_project: Callable[[], Project]) -> Project:
    """Its programs are in a module."""
    made = new_project()
    made.write("infrastructure/main.tf", 'module "it" { source = "./it" }')
    made.write("infrastructure/it/main.tf", f"{LOCAL}{EXTERNAL}")
    made.write("infrastructure/it/more.sh", "true")
    return made


def _workspace(project: Project, *, allowed: bool = False, see: tuple[str, ...] = ()) -> Workspace:
    consent = Consent(project.root / "programs.json", allowed, see)
    return Workspace(project.definitions, project.home, consent=consent)


def _written(project: Project, name: str) -> list[Path]:
    return [*project.home.rglob(name), *project.definitions.rglob(name)]


def test_no_program_runs_without_consent(project: Project) -> None:
    workspace = _workspace(project)
    assert workspace.validate() == []
    for operate in (workspace.plan, workspace.apply, workspace.destroy):
        with pytest.raises(TerraformError) as raised:
            operate()
        said = raised.value.message
        assert "infrastructure/it/main.tf line 2: provisioner" in said
        assert 'infrastructure/it/main.tf line 6: data "external" "it"' in said
        assert "more.sh" in said
        assert "--allow-programs" in raised.value.remedy
    assert not _written(project, "seen") + _written(project, "external")


def test_programs_see_what_the_settings_name(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GITHUB_TOKEN", "DATABASE_URL", "SSH_AUTH_SOCK", "AWS_PROFILE", "PYTHONPATH"):
        monkeypatch.setenv(name, "a secret")
    monkeypatch.setenv("HTTPS_PROXY", "http://me:secret@proxy.test")
    monkeypatch.setenv("NEEDED", "for this stack")
    _workspace(project, allowed=True, see=("NEEDED",)).apply()
    for (file,) in (_written(project, "seen"), _written(project, "external")):
        seen = dict(line.split("=", 1) for line in file.read_text().splitlines() if "=" in line)
        assert "secret" not in file.read_text()
        assert (seen["NEEDED"], seen["PATH"]) == ("for this stack", os.environ["PATH"])
        assert seen["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
        assert "PYTHONPATH" not in seen


def _answered(answer: str, project: Project, monkeypatch: pytest.MonkeyPatch) -> str:
    """Plan at a terminal on which the user answers. What the terminal shows, or the error."""
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    with (
        os.fdopen(theirs, "r", closefd=False) as given,
        os.fdopen(theirs, "w") as told,
        monkeypatch.context() as patched,
    ):
        patched.setattr(sys, "stdin", given)
        patched.setattr(sys, "stderr", told)
        try:
            _workspace(project).plan()
        except TerraformError as error:
            return error.message
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    return shown


def test_the_terminal_asks_once_for_what_the_programs_are(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "These definitions run programs" in _answered("", project, monkeypatch)
    assert not _written(project, "external")
    assert "line 6: data" in _answered("y", project, monkeypatch)
    _workspace(project).plan()
    project.write("infrastructure/it/other.tf", 'output "it" { value = 1 }')
    _workspace(project).plan()
    project.write("infrastructure/it/more.sh", "echo else")
    with pytest.raises(TerraformError, match="line 2: provisioner") as raised:
        _workspace(project).plan()
    assert "external" not in raised.value.message
    (project.root / "programs.json").write_text("")
    with pytest.raises(DamagedError, match=r"programs\.json is damaged"):
        _workspace(project).plan()


def test_a_question_ends_with_the_command(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "r", closefd=False) as given, os.fdopen(theirs, "w") as told:
        monkeypatch.setattr(sys, "stdin", given)
        monkeypatch.setattr(sys, "stderr", told)
        workspace = _workspace(project)
        timer = threading.Timer(0, lambda: (os.read(ours, 1), workspace.interrupt()))
        timer.start()
        with pytest.raises(TerraformError):
            workspace.plan()
        timer.join()
    os.close(ours)


def test_git_runs_no_hook_of_the_users_for_a_module(tmp_path: Path) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("post-checkout", "reference-transaction"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        (hooks / name).chmod(0o755)
    (tmp_path / ".gitconfig").write_text(f"[core]\n  hooksPath = {hooks}\n[a]\n  b = c\n")
    bare = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "a.d", "GIT_CONFIG_VALUE_0": "e"}  # fmt: skip
    mine = {**bare, "GIT_CONFIG_GLOBAL": os.devnull}
    name = ["-c", "user.name=a", "-c", "user.email=a@a"]
    for words in (
        ["init", "-q", "one"],
        ["-C", "one", *name, "commit", "-qm", "a", "--allow-empty"],
    ):
        subprocess.run(["git", *words], cwd=tmp_path, env=mine, check=True)
    made = of_init(bare, {})
    subprocess.run(["git", "clone", "-q", "one", "two"], cwd=tmp_path, env=made, check=True)
    assert not (tmp_path / "ran").exists()
    for key, value in (("a.b", "c"), ("a.d", "e")):  # other settings stay
        words = ["git", "config", "--get", key]
        assert subprocess.check_output(words, cwd=tmp_path, env=made, text=True).strip() == value
    subprocess.run(["git", "clone", "-q", "one", "three"], cwd=tmp_path, env=bare, check=True)
    assert (tmp_path / "ran").exists()  # the hook itself works


def test_a_proxy_without_a_password_is_no_secret() -> None:
    given = {"HTTPS_PROXY": "http://proxy.test:3128", "http_proxy": "http://me:it@proxy.test"}
    assert {"HTTPS_PROXY"} == {n for n in of_programs(given, {}) if n.lower().endswith("_proxy")}
