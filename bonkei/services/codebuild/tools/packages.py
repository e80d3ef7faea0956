"""The packages that the Python of CodeBuild's images has, for the Python of this machine.

A `.pth` file in the build's own home names their folder: Python looks there last, so a package that
the machine or the build itself installs comes first.
Source: `al/x86_64/standard/5.0/Dockerfile` of aws/aws-codebuild-docker-images installs boto3.
"""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

_NAME = "codebuild.pth"
_HOME = Path("/home")
_ASK = "import site; print(site.getusersitepackages() if site.ENABLE_USER_SITE else '')"
_PATIENCE = 20.0  # seconds


def offer(environment: Path, home: Path, path: str) -> bool:
    """Let the `python3` of this PATH find the packages of a Python environment. `home`: the
    build's. False if that Python is one of a virtual environment: it reads its own alone."""
    place = _own_packages(path)
    if place is None:
        return False
    folder = home / place
    folder.mkdir(parents=True, exist_ok=True)
    packages = environment.glob("lib/python3*/site-packages")
    (folder / _NAME).write_text("".join(f"{each}\n" for each in packages), encoding="utf-8")
    return True


@cache
def _own_packages(path: str) -> Path | None:
    """Where this `python3` looks for packages below a person's home."""
    try:
        said = subprocess.run(
            ["/usr/bin/env", "python3", "-c", _ASK],
            env={"PATH": path, "HOME": str(_HOME)},
            capture_output=True, text=True, timeout=_PATIENCE, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    found = Path(said.stdout.strip())
    return found.relative_to(_HOME) if found.is_relative_to(_HOME) else None
