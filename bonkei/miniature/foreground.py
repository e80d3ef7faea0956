"""Runs a miniature as a process, in the foreground or in the background, and removes its data."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import uvloop

from bonkei.config import Config
from bonkei.database import delete_data
from bonkei.errors import BonkeiError
from bonkei.miniature import control
from bonkei.miniature.control.socket_file import close_socket
from bonkei.miniature.home import Home, HomeLock, MiniatureError, is_running
from bonkei.miniature.journal import Journal
from bonkei.miniature.lifecycle.begun import VARIABLE as BEGUN
from bonkei.miniature.lifecycle.begun import seconds_before
from bonkei.miniature.steps import Report
from bonkei.miniature.supervisor import Miniature

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(config: Config, home: Home, report: Report, *, background: bool = False) -> int:
    """Start, run until a signal comes, and stop. Returns the exit code.

    In the `background`, the process leaves the terminal after the start.
    """
    lock = HomeLock(home)
    lock.acquire()
    journal = Journal(home.supervisor_log, report)

    def started() -> None:
        if background:
            journal.be_quiet()
            _leave_terminal(home)

    try:
        code: int = uvloop.run(_live(Miniature(config, home, journal), journal, started))
    except BonkeiError as error:
        journal.keep(f"error: {error.message}\n{error.remedy}")
        raise
    else:
        return code
    finally:
        journal.close()
        lock.release()


async def _live(miniature: Miniature, report: Report, started: Callable[[], None]) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        if stop.is_set():
            miniature.hurry()
        stop.set()

    for number in _SIGNALS:
        loop.add_signal_handler(number, on_signal)
    miniature.when_asked_to_stop(stop.set)
    starting = asyncio.create_task(miniature.start())
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            started()
            await stopping
        return 0
    finally:
        failed = starting.done() and starting.exception() is not None
        starting.cancel()
        stopping.cancel()
        await asyncio.gather(starting, stopping, return_exceptions=True)
        if not failed:  # after a failure, the error is the last message
            report("Stopping (Ctrl-C again does not wait for requests in flight)")
        await miniature.stop()
        if not failed:
            report("Stopped; the data is kept.")


def detach(config: Config, home: Home, report: Report) -> int:
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


def _leave_terminal(home: Home) -> None:
    """From now on, write only to the log, so that the waiting command continues."""
    log = os.open(home.supervisor_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)


def require_stopped(home: Home) -> None:
    """Raises MiniatureError while a miniature runs from this home."""
    if is_running(home):
        raise MiniatureError("the miniature is running", remedy="stop it first: `bonkei down`")


def reset(home: Home) -> list[str]:
    """Remove everything of a stopped miniature, including its files outside the home.

    Files in the home that are not Bonkei's stay; returns their names.
    """
    home.require_ours()
    lock = HomeLock(home)  # no other miniature starts meanwhile
    lock.acquire()
    try:
        delete_data(home.path)
        close_socket(home)  # the socket of a killed one, if it had to be outside the home
        return home.remove()
    finally:
        lock.release()
