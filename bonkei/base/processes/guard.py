"""The supervisor's end of the watchdog's pipe."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from bonkei.base.processes.beside import start_waiting

_WAITING = Path(__file__).with_name("watchdog.sh")
_ENDING = Path(__file__).with_name("watchdog.py")
_RETRY = 1.0  # seconds


class Watchdog:
    """The supervisor's end of the pipe. Call `start` before the first `watch`. `stop` disarms it.

    If the watchdog itself is killed, a new one with the same groups replaces it at once.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._watched: dict[int, str] = {}
        self._lock = threading.RLock()

    def start(self) -> None:
        """Start the watchdog's process. The terminal's Ctrl-C does not reach it."""
        with self._lock:
            if self._process is None:
                self._process = self._launch()
                threading.Thread(target=self._mind, name="watchdog", daemon=True).start()

    @staticmethod
    def _launch() -> subprocess.Popen[bytes]:
        return start_waiting("/bin/sh", str(_WAITING), sys.executable, str(_ENDING))

    def _mind(self) -> None:
        """Wait for the process, and start another one unless `stop` was called."""
        while (process := self._process) is not None:
            process.wait()
            with self._lock:
                if self._process is not process:  # it was stopped
                    return
                try:
                    replaced = self._launch()
                except OSError:  # the machine cannot start a process now: it may be able to soon
                    time.sleep(_RETRY)
                    continue
                _close(process)
                for order in self._watched.values():
                    _say(replaced, order)
                self._process = replaced  # not before it knows all groups: `pid` shows it

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process else None

    def watch(self, group: int, *, ending: int = signal.SIGKILL, grace: float = 0.0) -> None:
        """End `group` with the signal `ending` when this process dies."""
        with self._lock:
            self._watched[group] = f"watch {group} {int(ending)} {grace}\n"
            _say(self._process, self._watched[group])

    def forget(self, group: int) -> None:
        """The group has ended, so the system may reuse its number."""
        with self._lock:
            self._watched.pop(group, None)
            _say(self._process, f"forget {group}\n")

    def stop(self) -> None:
        """End the watchdog. It first ends all groups that it still watches."""
        with self._lock:
            process, self._process = self._process, None
            if process is None:
                return
            _close(process)
            process.wait()
            if process.returncode != 0:  # killed, so that it has ended nothing
                last = self._launch()
                last.communicate("".join(self._watched.values()).encode())


def _say(process: subprocess.Popen[bytes] | None, line: str) -> None:
    """Send a line. If the watchdog was killed, the line is lost, but the next watchdog gets all
    groups."""
    if process is not None and process.stdin is not None:
        with suppress(BrokenPipeError):
            process.stdin.write(line.encode())


def _close(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        with suppress(BrokenPipeError):
            process.stdin.close()
