"""The `bonkei` command.

running        up, down, load, restart, reset, run, exec, env
watching       watch
definitions    validate, plan, apply, test, fmt, check, diff, diagram
observing      status, console, explain, logs
incidents      fault, alarm, slack
pipeline       pipeline
aws            aws, iam
program        the command itself, and the errors that it prints
commands       the commands' names, and the functions behind them

All commands use:
context        the settings and the home, read when a command wants them
terminal       text without control characters; JSON; colour
typed          commands in messages, so that they work in the reader's shell
outcome        `--json` of commands that change something
machine        errors of this machine, with their remedies
new_file       an option that names a file to write
quantity       an option that is a time or a size
version        what `bonkei --version` says
completion     completion in a shell

A command's module is imported when the command is wanted. It imports what it needs when it runs.
This module imports no package: it says so when one is missing.
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from bonkei.base.importing import importing

_ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Run `bonkei`. If a package is missing, for example after a `git pull`, one line says what to
    do."""
    open_closed()
    try:
        with importing():
            from bonkei.cli.program import main as run

        run()
    except KeyboardInterrupt:  # before click takes it: a command takes a moment to load
        print("interrupted", file=sys.stderr)
        sys.exit(130)
    except ModuleNotFoundError as error:
        if not _is_needed(_package(error.name)):
            raise  # a bug: keep the traceback
        print(f"error: {missing(_package(error.name), Path(sys.prefix))}", file=sys.stderr)
        sys.exit(1)


def open_closed() -> None:
    """A shell may close the standard streams (`bonkei logs >&-`). This opens them on the null
    device, so that no other file gets their numbers."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            nothing = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115 - it stays open
            setattr(sys, name, nothing)


def _package(module: str | None) -> str:
    return (module or "").partition(".")[0]


def _is_needed(name: str) -> bool:
    """Whether a package is neither this project's nor Python's."""
    return bool(name) and name != "bonkei" and name not in sys.stdlib_module_names


def missing(name: str, environment: Path) -> str:
    """The cause and the remedy, in one line. `environment`: the one in which this Python runs."""
    lock = _ROOT / "requirements" / "bonkei.txt"
    if environment.resolve() == (_ROOT / ".venv").resolve():
        remedy = shlex.join(["make", "-C", str(_ROOT), ".venv/.runtime"])
    elif lock.exists():
        remedy = shlex.join([sys.executable, "-m", "pip", "install", "-r", str(lock)])
    else:
        remedy = "install bonkei again, for example with `uvx --refresh bonkei`"
    return f"{environment} lacks the package {name}, which the project needs now: {remedy}"
