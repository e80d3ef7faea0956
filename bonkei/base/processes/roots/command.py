"""The command lines that enter a root file system."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

from bonkei.base.processes.roots.values import Root

_ENTER = Path(__file__).with_name("enter.py")
_PATIENCE = 20.0  # seconds


def enter_command(
    root: Root, directory: str, command: Sequence[str], ports: str = ""
) -> tuple[str, ...]:
    """Run `command` in a new root, in its folder `directory`. `ports`: who translates its ports, as
    `Switchboard.ports_of` says. Exit code 125 means that the root cannot be created; 126 and 127
    have the meaning that a shell gives them."""
    described = json.dumps(asdict(replace(root, engine=None)))
    return (*_program(), "root", described, ports, directory, *command)


def join_command(
    pid: int, directory: str, command: Sequence[str], ports: str = ""
) -> tuple[str, ...]:
    """Run `command` beside a process that has entered its root."""
    return (*_program(), "join", str(pid), ports, directory, *command)


def serve_command() -> tuple[str, ...]:
    """A process that runs others beside those that have entered a root: see `enter`."""
    return (*_program(), "serve")


def why_not(folder: Path) -> str:
    """Try to run a process in its own root below `folder`. Returns the reason why this machine
    cannot, or an empty text if it can."""

    def enter(made: Path) -> Sequence[str]:
        """The program does not exist. If it is reported as missing, entering the root has
        worked."""
        (made / "root").mkdir()
        (made / "scratch").mkdir()
        root = Root(str(made / "root"), str(made / "scratch"), 1000, 1000)
        return enter_command(root, "/", ("/nothing",))

    return try_out(folder, enter, 127)


def try_out(folder: Path, command: Callable[[Path], Sequence[str]], expected: int) -> str:
    """Run a command that is created for a new folder below `folder`. Returns the reason why it did
    not end with the expected exit code, or an empty text if it did."""
    if sys.platform != "linux":
        return "namespaces are Linux's, and this is not Linux"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = Path(tempfile.mkdtemp(prefix="probe-", dir=folder))
    try:
        outcome = subprocess.run(
            command(made),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"namespaces cannot be made: {error}"
    finally:
        remove_scratch(made)
    if outcome.returncode == expected:
        return ""
    lines = outcome.stderr.strip().splitlines()
    return lines[-1] if lines else f"exit code {outcome.returncode}"


def remove_scratch(folder: Path) -> None:
    """Remove a folder that contains roots, at any depth. Not even the owner can read the folder
    that the kernel keeps in an overlay."""

    def again(_function: object, path: str, _: object) -> None:
        with suppress(OSError):
            for each in (Path(path).parent, Path(path)):
                if each.is_dir() and not each.is_symlink():
                    each.chmod(0o700)
            if Path(path).is_dir() and not Path(path).is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                Path(path).unlink()

    if folder.exists():
        shutil.rmtree(folder, onerror=again)
    if folder.exists():
        shutil.rmtree(folder, ignore_errors=True)


def _program() -> tuple[str, ...]:
    return (sys.executable, "-I", "-S", str(_ENTER))
