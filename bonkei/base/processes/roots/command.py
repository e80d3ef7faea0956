"""The command lines that enter a root file system."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from bonkei.base.processes.roots.engine import EngineRun

_ENTER = Path(__file__).with_name("enter.py")
_PATIENCE = 20.0  # seconds


@dataclass(frozen=True, slots=True)
class Mount:
    """`source`: on this machine; empty: an empty folder. `target`: a path of the root. `is_layer`:
    what is written there is the process's own."""

    source: str
    target: str
    read_only: bool = False
    is_layer: bool = False


@dataclass(frozen=True, slots=True)
class Machine:
    """What a root without an image has of this machine. `files` are copied to the same paths;
    `links`: (path, target)."""

    files: tuple[str, ...]
    links: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Root:
    """`folder`: the image's files; they are not changed. Without an image it is empty, and there is
    a `machine` (see `machine_root`). `scratch`: a folder for what the process writes. `uid`, `gid`:
    as the image names them; they are this user's outside. `engine`: the container engine that runs
    it, where this machine has no namespaces for us. `is_apart`: the process has namespaces of its
    own already, for processes too."""

    folder: str
    scratch: str
    uid: int = 0
    gid: int = 0
    read_only: bool = False
    mounts: tuple[Mount, ...] = ()
    engine: EngineRun | None = None
    machine: Machine | None = None
    is_apart: bool = False


@dataclass(frozen=True, slots=True)
class RootSettings:
    """How a container of a built image is started, as the image says it. `entry_point` and
    `command` are None when the image has none."""

    entry_point: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    environment: tuple[tuple[str, str], ...] = ()
    working_directory: str = "/"
    user: str = ""
    exposed_ports: tuple[int, ...] = ()
    stop_signal: str = "SIGTERM"


def enter_command(root: Root, directory: str, command: Sequence[str]) -> tuple[str, ...]:
    """Run `command` in a new root, at `directory` of it. Exit code 125: the root cannot be made;
    126 and 127 as a shell's."""
    order = {"root": asdict(replace(root, engine=None)), "directory": directory}
    return (*_program(), json.dumps(order), *command)


def join_command(pid: int, directory: str, command: Sequence[str]) -> tuple[str, ...]:
    """Run `command` beside a process that has entered its root."""
    order = {"join": pid, "directory": directory}
    return (*_program(), json.dumps(order), *command)


def why_not(folder: Path) -> str:
    """Why this machine cannot run a process in its own root below `folder`; empty: it can. Found
    out by doing it."""

    def enter(made: Path) -> Sequence[str]:
        """Nothing is there but a missing program: that it is missed proves the entry."""
        (made / "root").mkdir()
        (made / "scratch").mkdir()
        root = Root(str(made / "root"), str(made / "scratch"), 1000, 1000)
        return enter_command(root, "/", ("/nothing",))

    return try_out(folder, enter, 127)


def try_out(folder: Path, command: Callable[[Path], Sequence[str]], expected: int) -> str:
    """Run a command that is made for a new folder below `folder`. Why it did not end with the
    expected exit code; empty: it did."""
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
    """Remove a folder that has roots in it, at any depth. The kernel's own folder in an overlay
    cannot be read even by its owner."""

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
