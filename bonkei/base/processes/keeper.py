"""The process's watchdog and a ledger together. Every component registers its children here."""

from __future__ import annotations

import signal
import threading
from contextlib import suppress
from pathlib import Path

from bonkei.base.processes.guard import Watchdog
from bonkei.base.processes.ledger import Ledger
from bonkei.base.processes.watchdog import end_groups


class SharedWatchdog(Watchdog):
    """One watchdog for all components of a process: from the first `join` to the last `leave`."""

    def __init__(self) -> None:
        super().__init__()
        self._users = 0
        self._joining = threading.Lock()

    def join(self) -> None:
        with self._joining:
            if not self._users:
                self.start()
            self._users += 1

    def leave(self) -> None:
        with self._joining:
            self._users -= 1
            if not self._users:
                self.stop()


_WATCHDOG = SharedWatchdog()


class Keeper:
    """Between `start` and `stop`, no registered process group outlives this process.

    `home` is the directory of one component. Two keepers must not share one, because each ends at
    its start the processes that the ledger still holds. All keepers of a process share one
    watchdog.
    """

    def __init__(self, home: Path) -> None:
        self._ledger = Ledger(home)
        self._groups: dict[int, tuple[int, float]] = {}
        self._unwritten: set[int] = set()
        self._is_started = False

    def start(self) -> tuple[int, ...]:
        """End the leftovers of an earlier run, and begin to watch. Returns the leftovers'
        groups."""
        leftovers = self._ledger.clean_up()
        if not self._is_started:
            self._is_started = True
            _WATCHDOG.join()
        return leftovers

    def keep(self, group: int, *, ending: int = signal.SIGKILL, grace: float = 0.0) -> None:
        """If this process dies, end `group` with `ending`, and with SIGKILL after `grace`
        seconds."""
        self._groups[group] = (int(ending), grace)
        _WATCHDOG.watch(group, ending=ending, grace=grace)
        self._unwritten.add(group)
        self._write()

    def release(self, group: int) -> None:
        """The group has ended."""
        self._groups.pop(group, None)
        _WATCHDOG.forget(group)
        self._unwritten.discard(group)
        with suppress(OSError):  # clean_up finds that it has ended
            self._ledger.remove(group)
        self._write()

    def _write(self) -> None:
        """Write the ledger. If the disk is full, it is written later; the watchdog has the
        groups."""
        with suppress(OSError):
            for group in tuple(self._unwritten):
                self._ledger.add(group)
                self._unwritten.discard(group)

    def stop(self) -> None:
        """End the remaining processes. The last keeper ends the watchdog.

        The watchdog knows the processes until they have ended: it ends them if this process dies
        meanwhile.
        """
        groups, self._groups = self._groups, {}
        end_groups(groups)
        for group in groups:
            _WATCHDOG.forget(group)
        if self._is_started:
            self._is_started = False
            _WATCHDOG.leave()
