"""Starts a miniature as a process of its own. Light: that process imports the miniature."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from types import FrameType
from typing import Any

from bonkei.config import Config
from bonkei.miniature import control
from bonkei.miniature.home import Home, MiniatureError
from bonkei.miniature.lifecycle.begun import VARIABLE as BEGUN
from bonkei.miniature.lifecycle.begun import seconds_before
from bonkei.miniature.lock import is_running, require_free
from bonkei.miniature.steps import Report


def start(config: Config, home: Home, report: Report) -> int:
    """Start in the background, and print the steps until it is ready or has failed.

    The exit code is also 1 if it runs but something is unhealthy.
    """
    require_free(home)
    with _Interruption() as interruption:
        child = subprocess.Popen(
            [
                *(sys.executable, "-P", "-m", "bonkei"),  # the project may have a queue.py
                *("--config", str(config.file), "up", "--background"),
            ],
            cwd=config.root,
            env={**os.environ, BEGUN: str(time.time() - seconds_before(os.environ))},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
        )
        interruption.pass_to(child)
        assert child.stdout is not None  # noqa: S101 - it was asked for
        # The child closes its output when it is ready, or when it ends.
        with child.stdout as said:
            for line in said:
                report(line.rstrip("\n"))
        if interruption.came:
            child.wait()
    if interruption.came == signal.SIGINT:
        raise KeyboardInterrupt
    if interruption.came:
        return 128 + interruption.came
    if not is_running(home):
        return _failed(child.wait())
    return 0 if control.call(home, "status", limit=control.AT_ONCE)["ready"] else 1


def _failed(code: int) -> int:
    """MiniatureError when it was a signal: nothing else has been reported then."""
    if code >= 0:
        return code
    raise MiniatureError(
        f"the miniature was ended by {signal.Signals(-code).name} while it started",
        remedy="start it again; if no one has sent that signal, this machine lacks memory",
    )


class _Interruption:
    """Whatever ends this command ends the start, too: the child would go on without anybody. A
    second signal lets it hurry. `came`: the first signal, or 0."""

    def __init__(self) -> None:
        self.came = 0
        self._child: subprocess.Popen[str] | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> _Interruption:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) != signal.SIG_IGN:  # as `nohup` has it
                self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def pass_to(self, child: subprocess.Popen[str]) -> None:
        self._child = child
        if self.came:
            child.send_signal(signal.SIGTERM)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self.came = self.came or number
        if self._child is not None:
            self._child.send_signal(signal.SIGTERM)
