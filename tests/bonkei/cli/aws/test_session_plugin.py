"""The plugin that `aws ecs execute-command` starts, without a miniature.

tests/e2e opens a shell with it.
"""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bonkei.cli.aws import session_plugin
from bonkei.services.ecs.api.shells import Shell


def test_aws_finds_it_on_the_path(tmp_path: Path) -> None:
    folder = session_plugin.install(tmp_path / "a home", tmp_path / "plugins")
    session_plugin.install(tmp_path / "a home", tmp_path / "plugins")  # each command does
    (tmp_path / "click.py").write_text("raise SystemExit('of the folder where aws is called')")
    found = subprocess.run(
        [folder / "session-manager-plugin"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "is here" in found.stdout


def test_commands_that_begin_at_once_install_it_together(tmp_path: Path) -> None:
    def install(_number: int) -> Path:
        (tmp_path / "plugins" / "session-manager-plugin").unlink(missing_ok=True)
        return session_plugin.install(tmp_path / "a home", tmp_path / "plugins")

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(install, range(300)))) == 1
    assert len(list((tmp_path / "plugins").iterdir())) <= 1


@pytest.mark.parametrize(
    "session",
    [
        "no JSON",
        "[]",
        "{}",
        json.dumps({"sessionId": "s", "tokenValue": "AAEDAF"}),
        json.dumps({"sessionId": "s", "tokenValue": "W10="}),
    ],
)
def test_a_session_from_elsewhere_is_refused(
    tmp_path: Path, session: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert session_plugin.main([str(tmp_path), session, "eu-west-1", "StartSession"]) == 1
    assert "not one of the miniature's" in capsys.readouterr().err


def test_without_a_miniature_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    session = {"sessionId": "s", "tokenValue": Shell("task", "web", ("sh",)).token()}
    assert session_plugin.main([str(tmp_path), json.dumps(session)]) == 1
    assert "bonkei up" in capsys.readouterr().err
