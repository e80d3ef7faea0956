"""What commands ask of a running miniature. Light: a command may only wait for an answer."""

from __future__ import annotations

import time

from bonkei.miniature import control
from bonkei.miniature.home import Home, MiniatureError
from bonkei.miniature.lock import is_running
from bonkei.miniature.steps import Report

_LONGEST_STOP = 180.0  # seconds; a task may take its whole stopTimeout


def stop(home: Home) -> None:
    """Ask the running miniature to stop, and wait until it has."""
    control.call(home, "stop", limit=control.AT_ONCE)
    deadline = time.monotonic() + _LONGEST_STOP
    while is_running(home):
        if time.monotonic() > deadline:
            raise MiniatureError(
                f"the miniature is still stopping after {_LONGEST_STOP:.0f} s",
                remedy="see what it waits for with `bonkei status`",
            )
        time.sleep(0.05)


def reload(home: Home, report: Report) -> None:
    """Let the running miniature follow the applied definitions. Raises MiniatureError if something
    is unhealthy after that."""
    _ask(home, "reload", report)


def restart(home: Home, service: str, report: Report) -> None:
    """Let the running miniature replace a service's tasks. Raises MiniatureError like `reload`."""
    _ask(home, "restart", report, service)


def refresh(home: Home, service: str) -> list[str]:
    """Let a service's running tasks reread their files. Returns their log lines after that, each
    with its time and task."""
    return [str(line) for line in control.call(home, "refresh", service=service)]


def _ask(home: Home, name: str, report: Report, service: str = "") -> None:
    try:
        control.call(home, name, report, service=service)
    except KeyboardInterrupt:
        report("The miniature continues with it: see `bonkei status`")
        raise
