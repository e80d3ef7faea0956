"""One watchdog for all components of a process."""

from __future__ import annotations

import signal
import threading

from bonkei.base.processes.guard import Watchdog


class SharedWatchdog:
    """It runs from the first `join` to the last `leave`."""

    def __init__(self) -> None:
        self._watchdog = Watchdog()
        self._users = 0
        self._lock = threading.Lock()

    def join(self) -> None:
        with self._lock:
            if not self._users:
                self._watchdog.start()
            self._users += 1

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            if not self._users:
                self._watchdog.stop()

    def watch(self, group: int, *, ending: int = signal.SIGKILL, grace: float = 0.0) -> None:
        """End `group` with the signal `ending` when this process dies."""
        self._watchdog.watch(group, ending=ending, grace=grace)

    def forget(self, group: int) -> None:
        """The group has ended."""
        self._watchdog.forget(group)

    @property
    def pid(self) -> int | None:
        return self._watchdog.pid
