"""Connections: their number within the process's limit of open files, and the choice of
those to close.

A process without a free file descriptor can neither accept nor answer, nor start a task. So the
number of clients is kept below that limit. Each may need a second descriptor for the connection to
a target, and some are reserved for the control socket, the tasks' output, the database and the
like.
"""

from __future__ import annotations

import errno
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

SPARE = 256
"""Descriptors reserved for everything else; at most half of a low limit."""

_LOOKED_AT = 16
"""How many connections are examined to find an idle one; the next search examines others."""

_SILENCE = 60.0
"""Seconds for which the same trouble is not reported again."""


@dataclass(frozen=True, slots=True)
class Shares:
    """Limits of connections: clients to the public listeners, tasks to Service Connect's (apart, so
    that the public ones can never starve them), and idle ones kept to one target."""

    public: int
    internal: int
    kept: int


def share_out(open_files: int) -> Shares:
    """The shares of a limit of open files. Each client counts twice: it may need a target."""
    pairs = max(8, (open_files - min(SPARE, open_files // 2)) // 2)
    public = pairs * 3 // 4
    return Shares(public, pairs - public, max(1, open_files // 64))


def is_exhausted(error: OSError) -> bool:
    """Whether there is no descriptor left, in the process or on the machine."""
    return error.errno in (errno.EMFILE, errno.ENFILE)


class Seldom:
    """Passes on one report a minute, however many come."""

    def __init__(
        self, report: Callable[[str], None], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._report = report
        self._now = now
        self._silent_until = float("-inf")

    def __call__(self, text: str) -> None:
        now = self._now()
        if now >= self._silent_until:
            self._silent_until = now + _SILENCE
            self._report(text)


class Guest(Protocol):
    """A connection that takes a place."""

    @property
    def idle(self) -> bool:
        """Whether no request or response is in progress, not even a part of one."""

    def leave(self) -> None:
        """Close an idle connection, and give its place back."""


class Capacity:
    """The connections of some listeners, oldest first, and at most `limit` of them.

    When it is full, a new connection takes the place of an idle one. Without an idle one, the new
    one is refused. `report` is called at most once a minute.
    """

    def __init__(self, limit: int, why: str, report: Callable[[str], None]) -> None:
        self.limit = limit
        self.why = why  # the source of the limit
        self.refused = 0
        self.displaced = 0
        self._guests: OrderedDict[Guest, None] = OrderedDict()
        self._report = Seldom(report)

    def __len__(self) -> int:
        return len(self._guests)

    def admit(self, guest: Guest) -> bool:
        """Take a connection in; false when there is no room for it."""
        if len(self._guests) >= self.limit:
            self._report(
                f"{self.limit} connections are open, and there is room for no more ({self.why}): "
                "new ones take the place of idle ones, or are refused"
            )
            if not self._make_room():
                self.refused += 1
                return False
        self._guests[guest] = None
        return True

    def give_back(self, guest: Guest) -> None:
        """The connection is gone. Does nothing for one that was not admitted."""
        self._guests.pop(guest, None)

    def _make_room(self) -> bool:
        for _ in range(min(_LOOKED_AT, len(self._guests))):
            guest, _none = self._guests.popitem(last=False)
            if guest.idle:
                self.displaced += 1
                guest.leave()
                return True
            self._guests[guest] = None
        return False
