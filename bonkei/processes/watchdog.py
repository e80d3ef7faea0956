"""A process that outlives the supervisor just long enough to end its children.

Its standard input is a pipe that only the supervisor holds. Lines:

    watch PROCESS_GROUP SIGNAL GRACE_SECONDS
    forget PROCESS_GROUP

End of file means that the supervisor is gone. Every watched group then gets its signal, and SIGKILL
if it still exists after its grace.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress

_POLL = 0.02  # seconds
_RETRY = 1.0


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
        return subprocess.Popen(
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            bufsize=0,
            cwd="/",
        )

    def _mind(self) -> None:
        """Wait for the process, and start another one unless `stop` was called."""
        while (process := self._process) is not None:
            process.wait()
            with self._lock:
                if self._process is not process:  # it was stopped
                    return
                try:
                    self._process = self._launch()
                except OSError:  # the machine cannot start a process now: it may be able to soon
                    time.sleep(_RETRY)
                    continue
                _close(process)
                for order in self._watched.values():
                    self._say(order)

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process else None

    def watch(self, group: int, *, ending: int = signal.SIGKILL, grace: float = 0.0) -> None:
        """End `group` with the signal `ending` when this process dies."""
        with self._lock:
            self._watched[group] = f"watch {group} {int(ending)} {grace}\n"
            self._say(self._watched[group])

    def forget(self, group: int) -> None:
        """The group has ended, so the system may reuse its number."""
        with self._lock:
            self._watched.pop(group, None)
            self._say(f"forget {group}\n")

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

    def _say(self, line: str) -> None:
        """Send a line. If the watchdog was killed, the line is lost, but the next watchdog gets all
        groups."""
        if self._process is not None and self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.write(line.encode())


def _close(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        with suppress(BrokenPipeError):
            process.stdin.close()


def _signal_group(group: int, number: int) -> bool:
    """Whether the group was there."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS: the group has only zombies
        return False
    return True


def read_orders(lines: Iterable[str]) -> dict[int, tuple[int, float]]:
    """The groups still watched after the last line: group -> (signal, grace in seconds)."""
    watched: dict[int, tuple[int, float]] = {}
    for line in lines:
        match line.split():
            case ["watch", group, number, grace]:
                watched[int(group)] = (int(number), float(grace))
            case ["forget", group]:
                watched.pop(int(group), None)
    return watched


def end_groups(watched: dict[int, tuple[int, float]]) -> None:
    """Signal every group; SIGKILL those that remain after their grace."""
    began = time.monotonic()
    remaining = {g: grace for g, (number, grace) in watched.items() if _signal_group(g, number)}
    while remaining:
        for group, grace in tuple(remaining.items()):
            if not _signal_group(group, 0):
                del remaining[group]
            elif time.monotonic() - began >= grace:
                _signal_group(group, signal.SIGKILL)
                del remaining[group]
        time.sleep(_POLL)


def main() -> None:
    """See the module's description."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end_groups(read_orders(sys.stdin))


if __name__ == "__main__":
    main()
