"""The command lines that enter a root file system."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from bonkei.folders import matching
from bonkei.processes.roots.engine import EngineRun

_ENTER = Path(__file__).with_name("enter.py")
_PATIENCE = 20.0  # seconds


@dataclass(frozen=True, slots=True)
class Mount:
    """`source`: on this machine. `target`: a path of the root."""

    source: str
    target: str
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Root:
    """`folder`: the image's files; they are not changed. `scratch`: a folder for what the process
    writes. `uid`, `gid`: as the image names them; they are this user's outside. `engine`: the
    container engine that runs it, where this machine has no namespaces for us."""

    folder: str
    scratch: str
    uid: int = 0
    gid: int = 0
    read_only: bool = False
    mounts: tuple[Mount, ...] = ()
    engine: EngineRun | None = None


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
    if sys.platform != "linux":
        return "namespaces are Linux's, and this is not Linux"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = Path(tempfile.mkdtemp(prefix="probe-", dir=folder))
    try:
        return _try(made)
    finally:
        remove_scratch(made / "scratch")
        shutil.rmtree(made, ignore_errors=True)


def _try(folder: Path) -> str:
    """The root has nothing but a link to a missing program: that it is missed proves the entry."""
    (folder / "root").mkdir()
    (folder / "scratch").mkdir()
    root = Root(str(folder / "root"), str(folder / "scratch"), 1000, 1000)
    try:
        outcome = subprocess.run(
            enter_command(root, "/", ("/nothing",)),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"namespaces cannot be made: {error}"
    if outcome.returncode == 127:
        return ""
    lines = outcome.stderr.strip().splitlines()
    return lines[-1] if lines else f"exit code {outcome.returncode}"


def remove_scratch(folder: Path) -> None:
    """Remove the scratch folders of roots below `folder`, as deep as tasks have them. The kernel's
    own folder in an overlay cannot be read even by its owner."""
    for pattern in ("workdir/*", "roots/*/workdir/*", "*/roots/*/workdir/*"):
        for place in matching(folder, pattern):
            with suppress(FileNotFoundError):
                if not place.is_symlink():
                    place.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def _program() -> tuple[str, ...]:
    return (sys.executable, "-I", "-S", str(_ENTER))
