"""The folder of commands that comes first on a build's PATH."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bonkei.services.codebuild.tools import commands
from bonkei.services.codebuild.tools.commands import write_commands

SHIM = """#!/usr/bin/env bash
set -e
[ -n "$PYENV_DEBUG" ] && set -x
program="${{0##*/}}"
export PYENV_ROOT="{root}"
exec "{root}/libexec/pyenv" exec "$program" "$@"
"""
PYENV = """#!/bin/sh
case $1 in
    which) echo "$PYENV_ROOT/versions/3/bin/$2" ;;
    exec) shift; PATH="$PYENV_ROOT/versions/3/bin:$PATH"; export PATH; exec "$@" ;;
esac
"""
AWS_OF_A_SCRIPT = "import shutil; print(shutil.which('aws'))"


def put(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(0o755)


def test_a_script_of_pyenvs_python_calls_the_commands_of_the_build(tmp_path: Path) -> None:
    """pyenv puts the folder of its Python first, and a person's own `aws` may lie there."""
    root, folder = tmp_path / "a pyenv", tmp_path / "bin"
    put(root / "libexec" / "pyenv", PYENV)
    put(root / "shims" / "python3", SHIM.format(root=root))
    put(root / "versions" / "3" / "bin" / "aws", "#!/bin/sh\n")
    put(root / "versions" / "3" / "bin" / "python3", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    path = f"{root / 'shims'}:/usr/bin:/bin"

    made = write_commands(folder, tmp_path / "tools", path, {"aws": ("/bin/true",)})

    def aws_found(path: str) -> str:
        command = ["/bin/sh", "-c", 'exec python3 -c "$1"', "sh", AWS_OF_A_SCRIPT]
        ended = subprocess.run(
            command, env={"PATH": path}, stdout=subprocess.PIPE, text=True, check=True
        )
        return ended.stdout.strip()

    assert aws_found(path) == str(root / "versions" / "3" / "bin" / "aws")  # as pyenv does
    assert aws_found(f"{folder}:{path}") == str(folder / "aws")
    assert "aws" in made
    assert "python3" not in made  # it is the person's own


def test_another_python_is_used_unchanged(tmp_path: Path) -> None:
    own = tmp_path / "own"
    put(own / "python3", "#!/bin/sh\nexit 0\n")
    write_commands(tmp_path / "bin", tmp_path / "tools", f"{own}:/usr/bin:/bin", {})
    assert not (tmp_path / "bin" / "python3").exists()


def test_a_python_that_cannot_be_read_is_used_unchanged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may read all files, so the folder in its place stands for it."""
    (tmp_path / "python3").mkdir()
    monkeypatch.setattr(commands.shutil, "which", lambda _name, path: f"{tmp_path}/python3")
    write_commands(tmp_path / "bin", tmp_path / "tools", str(tmp_path), {})
    assert not (tmp_path / "bin" / "python3").exists()
