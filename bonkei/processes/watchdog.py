"""A process that outlives the supervisor just long enough to end what it left behind.

Its standard input is a pipe that only the supervisor holds. Lines:

    watch PROCESS_GROUP SIGNAL GRACE_SECONDS
    forget PROCESS_GROUP

At end of file (the supervisor is gone, however it died) every watched group gets its signal, and
SIGKILL when it is still there after its grace.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable

_POLL = 0.02  # seconds


class Watchdog:
    """The supervisor's end of the pipe. `start` before the first `watch`; `stop` disarms it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._watched: dict[int, str] = {}

    def start(self) -> None:
        """Start the watchdog's process, out of reach of the terminal's Ctrl-C."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", __file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                bufsize=0,
                cwd="/",
            )

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def watch(self, group: int, *, ending: int = signal.SIGKILL, grace: float = 0.0) -> None:
        """End `group` with the signal `ending` when this process dies."""
        self._watched[group] = f"watch {group} {int(ending)} {grace}\n"
        self._say(self._watched[group])

    def forget(self, group: int) -> None:
        """The group has ended: its number may be given to strangers."""
        self._watched.pop(group, None)
        self._say(f"forget {group}\n")

    def stop(self) -> None:
        """End the watchdog; whatever is still watched is ended by it first."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        process.wait()

    def _say(self, line: str) -> None:
        if self._process is None or self._process.stdin is None:
            return
        try:
            self._process.stdin.write(line.encode())
        except BrokenPipeError:  # somebody killed it: begin again
            self.stop()
            self.start()
            for order in tuple(self._watched.values()):
                self._say(order)


def _signal_group(group: int, number: int) -> bool:
    """Whether the group was there."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS: only zombies are left in it
        return False
    return True


def read_orders(lines: Iterable[str]) -> dict[int, tuple[int, float]]:
    """What is watched when the lines have ended: group -> (signal, grace in seconds)."""
    watched: dict[int, tuple[int, float]] = {}
    for line in lines:
        match line.split():
            case ["watch", group, number, grace]:
                watched[int(group)] = (int(number), float(grace))
            case ["forget", group]:
                watched.pop(int(group), None)
    return watched


def end_groups(watched: dict[int, tuple[int, float]]) -> None:
    """Signal every group; SIGKILL those that outstay their grace."""
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
