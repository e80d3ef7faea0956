"""Where a suite is on this machine, and of which commit."""

from __future__ import annotations

import subprocess
from pathlib import Path


class SuiteError(Exception):
    """A suite cannot be run, or did not end as it should: the message says what it needs."""


def commit(checkout: Path) -> str:
    """Its abbreviated hash; "unknown" for a folder that is not a clone itself."""
    if not (checkout / ".git").exists():
        return "unknown"
    shown = subprocess.run(
        ["git", "-C", str(checkout), "rev-parse", "--short=7", "HEAD"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return shown.stdout.strip() or "unknown"


def needed(path: Path, what: str) -> Path:
    """The path, if it is there."""
    if not path.exists():
        raise SuiteError(f"it needs {what}: {path}")
    return path


def own_python(checkout: Path, how: str) -> Path:
    """The interpreter of the checkout's own environment."""
    return needed(checkout / ".venv" / "bin" / "python", f"an environment of its own ({how})")
