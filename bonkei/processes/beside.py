"""Small programs of our own that run beside this process, and notice its end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def start_beside(program: Path, *options: str) -> subprocess.Popen[bytes]:
    """Start a program of one file, isolated from the user's Python settings. `options`: more of
    Python's. It reads lines from its standard input, which ends when this process does. The
    terminal's Ctrl-C does not reach it. Raises OSError."""
    return subprocess.Popen(
        [sys.executable, "-I", *options, program],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        bufsize=0,
        cwd="/",
    )
