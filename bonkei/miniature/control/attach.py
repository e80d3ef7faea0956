"""A user's command in a task's environment, on the user's terminal."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import psutil

from bonkei.base.processes import MARK, end_marked, launch_command
from bonkei.miniature.control.calling import borrow
from bonkei.miniature.home import Home, MiniatureError
from bonkei.miniature.steps import Report

_FROM_TERMINAL = (signal.SIGINT, signal.SIGQUIT)
_OF_THE_TERMINAL = ("TERM", "COLORTERM", "COLUMNS", "LINES", "NO_COLOR")
_LONGEST_END = 10.0  # seconds from SIGTERM to SIGKILL, when the miniature stops
_AGAIN = 1.0  # seconds between hang-ups


def attach(
    home: Home, call: str, subject: str, arguments: Mapping[str, Any], report: Report
) -> int:
    """Run a command like `bonkei run` (call `run`) or `bonkei exec` (call `exec`). Returns its exit
    code in a shell's form.

    `report` is called for slow work, and when the task or the miniature stops. The command is then
    ended, too. All that it has started ends with it.
    """
    with (
        borrow(home, call, report, service=subject, arguments=arguments) as (made, held),
        _terminal_as_it_was(),
    ):
        try:
            return _run(made, held, report)
        finally:
            end_marked(made["environment"][MARK])


def _run(made: Mapping[str, Any], held: socket.socket, report: Report) -> int:
    with _Signals() as signals:
        try:
            child = subprocess.Popen(
                launch_command(made["command"], ending=signal.SIGTERM),
                cwd=made["directory"],
                env=_with_terminal(made["environment"]),
            )
        except OSError as error:
            raise MiniatureError(
                f"cannot start {made['command'][0]} in {made['directory']}: {error.strerror}"
            ) from None
        signals.pass_to(child)
        with contextlib.suppress(OSError):  # the task has stopped by now
            held.sendall(b"%d\n" % child.pid)
        threading.Thread(target=_end_with, args=(held, child, report), daemon=True).start()
        code = child.wait()
    return code if code >= 0 else 128 - code


def _with_terminal(environment: Mapping[str, str]) -> dict[str, str]:
    """The task's variables, and those that describe this terminal."""
    own = {name: os.environ[name] for name in _OF_THE_TERMINAL if name in os.environ}
    return {**environment, **own} if sys.stdin.isatty() or sys.stdout.isatty() else {**environment}


def _end_with(held: socket.socket, child: subprocess.Popen[bytes], report: Report) -> None:
    """End the command when the miniature closes the connection, because its resources are gone."""
    with contextlib.suppress(OSError):
        while held.recv(4096):
            pass
    if child.poll() is not None:
        return
    report("its task has stopped")
    # It shares our process group, so that it has the terminal. So its own children are signalled
    # one by one.
    _send_all(signal.SIGSTOP, child, ())  # or it could start one more meanwhile
    others = _descendants(child.pid)
    # A shell on a terminal ignores SIGTERM, so it gets a hang-up.
    on_terminal = sys.stdin.isatty()
    _send_all(signal.SIGHUP if on_terminal else signal.SIGTERM, child, others)
    _send_all(signal.SIGCONT, child, ())
    _send_all(signal.SIGKILL, child, _left(child, others, hang_up_again=on_terminal))


def _left(
    child: subprocess.Popen[bytes], others: list[psutil.Process], *, hang_up_again: bool
) -> list[psutil.Process]:
    """Wait for the end of all; the others that have not ended in time."""
    until = time.monotonic() + _LONGEST_END
    while child.poll() is None and time.monotonic() < until:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_AGAIN)
        if hang_up_again:  # bash loses one that comes just before it reads from the terminal
            _send_all(signal.SIGHUP, child, ())
    left: list[psutil.Process] = psutil.wait_procs(others, max(0.0, until - time.monotonic()))[1]
    return left


def _send_all(
    number: int, child: subprocess.Popen[bytes], others: Iterable[psutil.Process]
) -> None:
    with contextlib.suppress(ProcessLookupError):
        child.send_signal(number)
    for process in others:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return list(psutil.Process(pid).children(recursive=True))
    except psutil.NoSuchProcess:
        return []


class _Signals:
    """Forwards signals to the command, including those that come before its start. Ctrl-C needs no
    forwarding, because the terminal sends it to the whole foreground group."""

    def __init__(self) -> None:
        self._shared = _is_in_foreground()
        self._child: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []
        self._before: dict[int, Any] = {}

    def __enter__(self) -> _Signals:
        for number in (*_FROM_TERMINAL, signal.SIGTERM, signal.SIGHUP):
            self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def pass_to(self, child: subprocess.Popen[bytes]) -> None:
        self._child = child
        for number in self._early:
            self._send(number)

    def _on_signal(self, number: int, _frame: object) -> None:
        if self._child is None:
            self._early.append(number)
        elif not (self._shared and number in _FROM_TERMINAL):
            self._send(number)

    def _send(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            if self._child is not None:
                self._child.send_signal(number)


def _is_in_foreground() -> bool:
    try:
        with open("/dev/tty", "rb") as terminal:  # noqa: PTH123 - a device, not a path of ours
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:
        return False


@contextlib.contextmanager
def _terminal_as_it_was() -> Iterator[None]:
    """Restore the terminal's modes, because a killed command does not."""
    try:
        modes = termios.tcgetattr(sys.stdin)
    except (OSError, ValueError, termios.error):  # a file, a pipe, or nothing
        yield
        return
    try:
        yield
    finally:
        # A background process that changes the terminal would be stopped.
        previous = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        with contextlib.suppress(OSError, termios.error):
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, modes)
        signal.signal(signal.SIGTTOU, previous)
