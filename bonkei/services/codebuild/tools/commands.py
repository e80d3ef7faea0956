"""The folder of commands that comes first on a build's PATH.

The machine's own commands are used unchanged. Missing commands of CodeBuild's image are replaced if
the miniature provides them (`aws`, `unzip`, …). The others are missing, as in an image without
them.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import join, quote

STAND_INS = Path(__file__).with_name("stand_ins.py")
_OURS = ("unzip", "curl", "sha256sum")
_PYTHONS = ("python", "python3")
_SHIM = re.compile(r'(?ms)^export PYENV_ROOT="([^"$]+)"$.*^exec "([^"$]+)" exec ')
_LONGEST_SHIM = 4096  # bytes
FETCHED = frozenset({"terraform", "trivy"})
"""No image of CodeBuild has these: a build must download them."""


def write_commands(
    folder: Path, tools: Path, path: str, provided: Mapping[str, Sequence[str]]
) -> tuple[str, ...]:
    """Fill `folder`, which comes first on the PATH, and `tools`, where the served archives look for
    their programs. `provided`: the command line for a name; it is used even if the machine has the
    command. Returns the replaced names."""
    folder.mkdir(parents=True, exist_ok=True)
    tools.mkdir(parents=True, exist_ok=True)
    ours: dict[str, Sequence[str]] = {
        name: (sys.executable, "-I", "-S", str(STAND_INS), name)
        for name in _OURS
        if shutil.which(name, path=path) is None
    }
    made = []
    for name, command in {**ours, **provided}.items():
        _write(tools / name, f'#!/bin/sh\nexec {join(command)} "$@"\n')
        if name not in FETCHED:
            (folder / name).symlink_to(tools / name)
            made.append(name)
    for name in _PYTHONS:
        if name not in {**ours, **provided} and (command := _by_pyenv(name, path)):
            _write(folder / name, f'#!/bin/sh\nexec "$({command})" "$@"\n')
    return tuple(sorted(made))


def _by_pyenv(name: str, path: str) -> str:
    """The shell command that names pyenv's Python here; empty if it is not one of pyenv.

    pyenv's own command puts the folder of that Python first on the PATH. A script would then call
    the `aws` that lies there, and not the one of the build.
    """
    found = shutil.which(name, path=path)
    if found is None:
        return ""
    try:
        with open(found, "rb") as file:  # noqa: PTH123 - only its begin
            text = file.read(_LONGEST_SHIM).decode("utf-8", "replace")
    except OSError:  # it may be run, but not read
        return ""
    shim = _SHIM.search(text) if text.startswith("#!") else None
    if shim is None:
        return ""
    root, program = shim.groups()
    return f"PATH={quote(path)} PYENV_ROOT={quote(root)} {quote(program)} which {name}"


def without_privileges(name: str) -> Sequence[str]:
    """A container engine's command in a project without `privileged_mode`: its daemon is missing.

    "Running the Docker daemon inside a container failed", Troubleshooting AWS CodeBuild.
    """
    said = (
        f"Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the {name} daemon "
        "running? (A build needs privileged_mode for it.)"
    )
    return ("/bin/sh", "-c", f"echo {quote(said)} >&2; exit 1", name)


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    file.chmod(0o755)
