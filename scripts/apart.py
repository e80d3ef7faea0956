"""Environments apart from the project's own, for tools whose packages would conflict with ours.

Each is made as its lock has it, with hashes and from wheels alone, when it is first wanted.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

from scripts.bootstrap import trust


class InstallError(Exception):
    """A tool cannot be had; the message says what to do."""


def install(directory: Path, lock: Path) -> None:
    """Make the environment; nothing to do when it is there. One at a time: checks and tests may
    both want it first."""
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        stamp = directory / ".installed"
        wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
        if not stamp.exists() or stamp.read_text() != wanted:
            uv("venv", "--clear", "--python", sys.executable, str(directory))
            # Wheels only: a package that is built may download a program that nothing pins.
            words = ("pip", "sync", "--no-build", "--require-hashes")
            uv(*words, "--python", str(directory / "bin" / "python"), str(lock))
            stamp.write_text(wanted)


def uv(*words: str) -> None:
    """Run the environment's uv."""
    program = Path(sys.executable).parent / "uv"
    outcome = subprocess.run(
        [str(program), *words],
        env={**os.environ, **trust()},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if outcome.returncode != 0:
        raise InstallError(
            f"what is in an environment of its own could not be installed: {outcome.stderr.strip()}"
            "\n  It is downloaded once; then no network is needed."
        )
