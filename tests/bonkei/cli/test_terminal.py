"""Commands' output: safe for the terminal, as JSON, and with completion."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bonkei import cli
from bonkei.base.errors import BonkeiError
from bonkei.cli import terminal
from bonkei.cli.outcome import outcome

_AS_BONKEI = "import sys; sys.argv = ['bonkei']; from bonkei.cli import main; main()"


def test_json_is_valid_and_cannot_control_the_terminal() -> None:
    value = {"a": "\x1b \x9b \u202e 製 \ud800"}
    shown = terminal.as_json(value)
    assert json.loads(shown) == value
    assert "製" in shown
    assert shown.isprintable()


def test_a_command_may_have_no_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """`bonkei logs >&-`"""
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    cli.open_closed()
    assert not sys.stdout.isatty()
    print("to nobody", flush=True)
    print("to nobody", file=sys.stderr, flush=True)
    assert sys.stdin.read() == ""
    for each in (sys.stdin, sys.stdout, sys.stderr):
        each.close()


def test_json_has_the_outcome(capsys: pytest.CaptureFixture[str]) -> None:
    result = {"followed": False}
    with pytest.raises(BonkeiError), outcome(True, result):
        raise BonkeiError("no", remedy="ask again")
    with outcome(True, result):
        result["followed"] = True
    with outcome(False, result):
        pass
    decoder = json.JSONDecoder()
    failed, end = decoder.raw_decode(shown := capsys.readouterr().out)
    assert failed == {"followed": False, "error": {"message": "no", "remedy": "ask again"}}
    assert json.loads(shown[end:]) == {"followed": True, "error": None}


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("logs ", {"bonkei", "web", "app-web"}),
        ("logs w", {"web"}),
        ("run ", {"data"}),
        ("restart ", set()),
        ("res", {"restart", "reset"}),
    ],
)
def test_a_shell_completes_names(tmp_path: Path, typed: str, offered: set[str]) -> None:
    (tmp_path / "infrastructure").mkdir()
    (tmp_path / "bonkei.toml").write_text(
        '[[run]]\nname = "data"\ntask_definition = "web"\ncontainer = "web"\ncommand = ["x"]\n'
    )
    (tmp_path / ".bonkei" / "logs" / "app-web").mkdir(parents=True)
    words = f"bonkei {typed}"
    shown = subprocess.run(
        [sys.executable, "-c", _AS_BONKEI],
        cwd=tmp_path,
        env={
            **os.environ,
            "BONKEI_HOME": ".bonkei",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(typed.split(" "))),
            "_BONKEI_COMPLETE": "bash_complete",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    lines = filter(None, shown.stdout.splitlines())
    assert {line.partition(",")[2] for line in lines} == offered
    assert shown.stderr == ""
