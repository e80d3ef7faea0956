"""Runs a miniature as this process, which a signal stops."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator

import uvloop

from bonkei.base.errors import BonkeiError
from bonkei.base.processes.loop import Loop
from bonkei.config import Config
from bonkei.miniature import manifest
from bonkei.miniature.home import Home
from bonkei.miniature.intact import kept_files, require_intact
from bonkei.miniature.journal import Journal
from bonkei.miniature.lock import HomeLock
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

    for line in taken_ports(config):
        journal(line)
    try:
        require_intact(home.path)
        manifest.begin(home.path, kept_files(home.path))
        code: int = uvloop.run(
            _live(Miniature(config, home, journal), journal, started), loop_factory=Loop
        )
    except BonkeiError as error:
        journal.keep(f"error: {error.message}\n{error.remedy}")
        raise
    else:
        manifest.note(home.path, kept_files(home.path))
        return code
    finally:
        journal.close()
        lock.release()


def taken_ports(config: Config) -> Iterator[str]:
    """A line about each port that another program has: the start ends at the first that it needs,
    and would show the next one only then."""
    for who, variable, port in config.ports:
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("127.0.0.1", port))
            except OSError as error:
                yield f"port {port}, for {who} ({variable}): {error.strerror}"


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


def _leave_terminal(home: Home) -> None:
    """From now on, write only to the log, so that the waiting command continues."""
    log = os.open(home.supervisor_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
