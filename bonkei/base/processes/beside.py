"""Small programs of our own that run beside this process, and notice its end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def start_beside(program: Path) -> subprocess.Popen[bytes]:
    """Start a program of one file, without the user's Python settings. See `start_waiting`."""
    return start_waiting(sys.executable, "-I", str(program))


def start_waiting(*command: str) -> subprocess.Popen[bytes]:
    """Start a program that reads lines from its standard input, which ends when this process does.
    The terminal's Ctrl-C does not reach it. Raises OSError."""
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        bufsize=0,
        cwd="/",
    )
