"""Starts a miniature as a process of its own. Light: that process imports the miniature."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from bonkei.config import Config
from bonkei.miniature import control
from bonkei.miniature.home import Home, HomeLock, is_running
from bonkei.miniature.lifecycle.begun import VARIABLE as BEGUN
from bonkei.miniature.lifecycle.begun import seconds_before
from bonkei.miniature.steps import Report


def start(config: Config, home: Home, report: Report) -> int:
    """Start in the background, and print the steps until it is ready or has failed.

    The exit code is also 1 if it runs but something is unhealthy.
    """
    if is_running(home):
        HomeLock(home).acquire()  # says who holds it
    child = subprocess.Popen(
        [sys.executable, "-m", "bonkei", "--config", str(config.file), "up", "--background"],
        cwd=config.root,
        env={**os.environ, BEGUN: str(time.time() - seconds_before(os.environ))},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        text=True,
    )
    assert child.stdout is not None  # noqa: S101 - it was asked for
    try:
        # The child closes its output when it is ready, or when it ends.
        for line in child.stdout:
            report(line.rstrip("\n"))
    except KeyboardInterrupt:
        child.send_signal(signal.SIGTERM)
        child.wait()
        raise
    if not is_running(home):
        return child.wait()
    return 0 if control.call(home, "status", limit=control.AT_ONCE)["ready"] else 1
