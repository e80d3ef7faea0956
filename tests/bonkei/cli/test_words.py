"""The commands' help texts, and errors of the operating system."""

from __future__ import annotations

import errno
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bonkei import cli
from bonkei.cli import program
from bonkei.cli.program import bonkei
from tests.bonkei.cli.projects import all_of

ROOT = Path(cli.__file__).resolve().parents[2]


def test_the_list_of_commands_has_whole_sentences() -> None:
    shown = CliRunner().invoke(bonkei, ["--help"], env={"COLUMNS": "80"}).output
    told = re.findall(r"^  (\w+)  +(\S.*)$", shown.partition("Start:\n")[2], re.MULTILINE)
    assert [name for name, _ in told] == list(bonkei.commands)
    assert [words for _, words in told if not re.search(r"[^.]\.$", words)] == []


def test_each_command_has_its_own_name() -> None:
    assert [command.name for command in bonkei.commands.values()] == list(bonkei.commands)


def test_a_command_does_not_import_the_others() -> None:
    asked = (
        "import sys\n"
        "from bonkei.cli.program import bonkei\n"
        "bonkei.main(['down', '--help'], standalone_mode=False)\n"
        "print(*sorted(name for name in sys.modules if name.startswith('bonkei.cli.')))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True
    ).stdout
    imported = {name.split(".")[2] for name in shown.splitlines()[-1].split()}
    assert imported == {
        "commands",
        "completion",
        "context",
        "outcome",
        "program",
        "running",
        "terminal",
        "typed",
    }


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.ENOTDIR])
def test_errors_of_the_system_are_reported_in_one_line(
    number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(**_: object) -> None:
        raise OSError(number, os.strerror(number), "/home/x/.bonkei/started")

    monkeypatch.setattr(program.bonkei, "main", refuse)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    first, remedy = capsys.readouterr().err.splitlines()
    assert first == f"error: /home/x/.bonkei/started: {os.strerror(number)}"
    assert remedy.startswith("  ")


def test_a_fault_of_ours_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise FileNotFoundError(errno.ENOENT, "no such file", "x")

    monkeypatch.setattr(program.bonkei, "main", fail)
    with pytest.raises(FileNotFoundError):
        cli.main()


def test_at_its_end_python_searches_for_no_garbage() -> None:
    script = (
        "import atexit, gc\n"
        "atexit.register(lambda: print('hidden from it:', gc.get_freeze_count() > 0))\n"
        "from bonkei.cli import main\n"
        "main()\n"
    )
    command = [sys.executable, "-c", script, "--help"]
    shown = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    assert shown.endswith("hidden from it: True\n")


def test_a_package_that_a_pull_has_added_is_named_with_the_remedy() -> None:
    """The first one that is imported is missing here."""
    asked = "import sys; sys.modules['click'] = None; from bonkei.cli import main; main()"
    told = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=False
    )
    (said,) = told.stderr.splitlines()
    assert told.returncode == 1
    assert said == f"error: {cli.missing('click', Path(sys.prefix))}"
    assert "lacks the package click" in said


def test_the_remedy_for_a_missing_package_fits_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = ROOT / ".venv"
    assert cli.missing("cbor2", own).endswith(f": make -C {ROOT} .venv/.runtime")
    other = cli.missing("cbor2", Path("/opt/python"))
    assert other.endswith(f" -m pip install -r {ROOT}/requirements/bonkei.txt")
    monkeypatch.setattr(cli, "_ROOT", Path("/opt/python/lib/site-packages"))
    assert "uvx --refresh bonkei" in cli.missing("cbor2", Path("/opt/python"))


def test_the_versions_name_what_the_user_brings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = tmp_path / "tofu"
    own.write_text("#!/bin/sh\necho OpenTofu v1.9.0\necho on linux_amd64\n")
    own.chmod(0o755)
    monkeypatch.setenv("BONKEI_TERRAFORM", str(own))
    monkeypatch.setenv("BONKEI_DATABASE_URL", "postgresql://me:secret@db/x")
    shown = CliRunner().invoke(bonkei, ["--version"]).output
    assert f"OpenTofu v1.9.0 ({own})" in shown
    assert "the server of BONKEI_DATABASE_URL" in shown
    assert "secret" not in shown
    own.chmod(0o644)
    assert "none (" in CliRunner().invoke(bonkei, ["--version"]).output


def test_without_a_command_an_option_is_a_wrong_command_line(tmp_path: Path) -> None:
    (tmp_path / "bonkei.toml").write_text("")
    shown = CliRunner().invoke(bonkei, ["--config", str(tmp_path / "bonkei.toml")])
    assert (shown.exit_code, "Missing command." in shown.output) == (2, True)


@pytest.mark.parametrize("name", ["bonkei.gone", "json.gone", ""])
def test_a_module_of_ours_or_pythons_that_is_missing_keeps_its_traceback(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise ModuleNotFoundError(name=name)

    monkeypatch.setattr(program.bonkei, "main", fail)
    with pytest.raises(ModuleNotFoundError):
        cli.main()


def test_a_package_that_a_command_imports_may_be_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(**_: object) -> None:
        raise ModuleNotFoundError(name="aiohttp.web")

    monkeypatch.setattr(program.bonkei, "main", fail)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert "lacks the package aiohttp" in capsys.readouterr().err


@pytest.mark.parametrize("variables", [{}, {"NO_COLOR": ""}, {"NO_COLOR": "1"}])
def test_a_terminal_gets_colour_unless_it_refuses(
    variables: dict[str, str], tmp_path: Path
) -> None:
    screen, terminal = pty.openpty()
    told = subprocess.run(
        [sys.executable, "-m", "bonkei", "status"],
        cwd=tmp_path,
        env={key: value for key, value in os.environ.items() if key != "NO_COLOR"} | variables,
        stderr=terminal,
        check=False,
    )
    os.close(terminal)
    shown = all_of(screen)
    assert told.returncode == 1
    assert (b"\x1b[" in shown) != bool(variables.get("NO_COLOR"))


def test_ctrl_c_while_a_command_loads_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("bonkei.cli.program.main", interrupt)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert (ended.value.code, capsys.readouterr().err) == (130, "interrupted\n")


def test_a_reader_that_has_read_enough_is_not_a_failure(tmp_path: Path) -> None:
    """As `head` ends: the exit code is 0, and nothing is said."""
    log = tmp_path / ".bonkei" / "logs" / "bonkei.log"
    log.parent.mkdir(parents=True)
    log.write_text("2026-11-27T05:00:00.000Z a line\n" * 20_000)
    (tmp_path / "bonkei.toml").write_text('definitions = "."\n')
    with subprocess.Popen(
        [sys.executable, "-m", "bonkei", "logs", "-n", "20000"],
        cwd=tmp_path,
        env={key: value for key, value in os.environ.items() if key != "BONKEI_HOME"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as told:
        assert told.stdout is not None
        assert told.stderr is not None
        assert told.stdout.read(100)
        told.stdout.close()
        said = told.stderr.read()
    assert (told.returncode, said) == (0, b"")


def test_a_file_has_no_colour(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bonkei", "status"]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert told.returncode == 1
    assert b"\x1b" not in told.stderr
