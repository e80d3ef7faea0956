"""What commands ask of a running miniature. Light: a command may only wait for an answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from bonkei.base.folders import matching
from bonkei.miniature import control
from bonkei.miniature.home import Home, MiniatureError
from bonkei.miniature.lock import holder, is_running
from bonkei.miniature.steps import Report

_LONGEST_STOP = 180.0  # seconds; a task may take its whole stopTimeout


def stop(home: Home) -> None:
    """Ask the running miniature to stop, and wait until nothing writes in the home any more. What a
    killed one has left ends by itself, and is awaited, too."""
    supervisor = holder(home)
    try:
        control.call(home, "stop", limit=control.AT_ONCE)
    except MiniatureError:
        if not is_running(home):
            _wait(lambda: _still_runs(home, None))
        raise
    _wait(lambda: is_running(home) or _still_runs(home, supervisor))


def _wait(goes_on: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _LONGEST_STOP
    while goes_on():
        if time.monotonic() > deadline:
            raise MiniatureError(
                f"the miniature is still stopping after {_LONGEST_STOP:.0f} s",
                remedy="see what it waits for with `bonkei status`",
            )
        time.sleep(0.05)


def _still_runs(home: Home, supervisor: int | None) -> bool:
    """Whether the supervisor, or a process that it has started, has not ended."""
    import psutil  # noqa: PLC0415 - only a stop needs it

    from bonkei.base.processes.ledger import living  # noqa: PLC0415 - as above

    with suppress(psutil.Error):
        process = psutil.Process(supervisor) if supervisor else None
        if process is not None and process.status() != psutil.STATUS_ZOMBIE:
            return True
    ledgers = (*matching(home.path, "processes"), *matching(home.path, "*/process*"))
    return any(map(living, ledgers))


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
