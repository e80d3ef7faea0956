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
_LONGEST_END = 10.0  # of the supervisor's process, which then does nothing more
_POLL = 0.05


def stop(home: Home) -> None:
    """Ask the running miniature to stop, and wait until nothing writes in the home any more. What a
    killed one has left ends by itself, and is awaited, too."""
    has_ended = _end_of(holder(home))
    try:
        control.call(home, "stop", limit=control.AT_ONCE)
    except MiniatureError:
        if not is_running(home):
            _wait(lambda: _has_parts(home))
        raise
    _wait(lambda: is_running(home) or _has_parts(home))
    deadline = time.monotonic() + _LONGEST_END
    while not has_ended() and time.monotonic() < deadline:
        time.sleep(_POLL)


def _wait(goes_on: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _LONGEST_STOP
    while goes_on():
        if time.monotonic() > deadline:
            raise MiniatureError(
                f"the miniature is still stopping after {_LONGEST_STOP:.0f} s",
                remedy="see what it waits for with `bonkei status`",
            )
        time.sleep(_POLL)


def _end_of(supervisor: int | None) -> Callable[[], bool]:
    """Whether that process has ended, when it is asked. Its number may become another's."""
    import psutil  # noqa: PLC0415 - only a stop needs it

    try:
        process = psutil.Process(supervisor) if supervisor else None
    except psutil.Error:
        process = None

    def has_ended() -> bool:
        with suppress(psutil.Error):
            return (
                process is None
                or not process.is_running()
                or process.status() == psutil.STATUS_ZOMBIE
            )
        return True

    return has_ended


def _has_parts(home: Home) -> bool:
    """Whether a process of a part, which the home's ledgers know, has not ended."""
    from bonkei.base.processes.ledger import living  # noqa: PLC0415 - as above

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
