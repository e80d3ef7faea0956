"""Confines a build to its own folder, if the kernel allows it.

A build gets a user, a mount and a process namespace (`unshare`). Then it can read the machine's
files but change none. Files that it writes below /usr, /etc and /var are in its own folder, and are
removed with it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SYSTEM = ("/usr", "/etc", "/opt", "/var", "/root", "/srv", "/home", "/bin", "/lib", "/sbin")
_PERSONS = (
    *(".aws", ".ssh", ".gnupg", ".docker", ".kube", ".netrc", ".config", ".git-credentials"),
    *(".npmrc", ".pypirc", ".terraform.d", ".terraformrc", ".bash_history", ".zsh_history"),
)
_SOCKETS = ("/run/docker.sock", "/run/containerd", "/run/podman")
_RESOLVER = "/run/systemd/resolve"
_OWN = {"/tmp": "tmp", "/dev/shm": "shm", "/run": "run"}  # noqa: S108 - the build's own
_PATIENCE = 20.0  # seconds
INSIDE = Path(__file__).with_name("inside.py")


@dataclass(frozen=True, slots=True)
class Confinement:
    """`why_not`: why this machine cannot confine a build; empty if it can."""

    why_not: str = ""

    @property
    def is_possible(self) -> bool:
        return not self.why_not


def unshare_command() -> list[str]:
    """The first command of a confined build. When it ends, every process of the build ends."""
    return [
        *(shutil.which("unshare") or "unshare", "--user", "--map-root-user", "--mount", "--ipc"),
        *("--pid", "--fork", "--kill-child=SIGKILL"),
    ]


def place(
    folder: Path,
    answers: int,
    keep: Sequence[Path],
    hidden: Sequence[Path],
    *,
    is_confined: bool,
    has_engine: bool,
) -> Mapping[str, Any]:
    """The settings of `inside.py`. `keep`: files and folders that the build needs and that a
    private /tmp would hide. `hidden`: files that the build must not see, in addition to a person's
    keys. `has_engine`: a privileged project may use the machine's container engine.
    """
    home = Path.home()
    shown = [*keep, *map(Path, (_RESOLVER, *(_SOCKETS if has_engine else ())))]
    unseen = [*(str(home / name) for name in _PERSONS), *map(str, hidden)]
    return {
        "is_confined": is_confined,
        "folder": str(folder),
        "answers": answers,
        "keep": [str(path) for path in shown if path.exists()],
        "layers": [path for path in _SYSTEM if _can_have_layer(Path(path), folder)],
        # /run has the sockets of programs that obey root: systemd, container engines.
        "own": {path: str(folder / name) for path, name in _OWN.items() if Path(path).is_dir()},
        "hidden": unseen,
    }


def _can_have_layer(path: Path, folder: Path) -> bool:
    """A layer cannot lie below the folder that it covers, and a link leads to another folder."""
    return path.is_dir() and not path.is_symlink() and not folder.is_relative_to(path)


def probe(directory: Path) -> Confinement:
    """Try it in a separate folder below `directory`."""
    if sys.platform != "linux":
        return Confinement("namespaces are Linux's, and this is not Linux")
    if shutil.which("unshare") is None:
        return Confinement("there is no `unshare` (util-linux)")
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix="probe-", dir=directory) as made:
        return Confinement(_try(Path(made).resolve()))


def _try(folder: Path) -> str:
    import json  # noqa: PLC0415 - once

    read, write = os.pipe()
    try:
        described = place(folder, write, (), (), is_confined=True, has_engine=False)
        file = folder / "place.json"
        file.write_text(json.dumps(described), encoding="utf-8")
        outcome = subprocess.run(
            [*unshare_command(), sys.executable, "-I", "-S", str(INSIDE), str(file)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            pass_fds=(write,),
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"namespaces cannot be made: {error}"
    finally:
        os.close(read)
        os.close(write)
    lines = outcome.stderr.strip().splitlines()
    return "" if outcome.returncode == 0 else f"{lines[-1] if lines else 'unshare failed'}"
