"""Room for connections: how many the process's limit of open files allows, and who has to go.

A process without a file descriptor left can neither accept nor answer, nor start a task. So the
clients are held below that limit: each may need a second descriptor for the connection to a target,
and some are spared for all else, such as the control socket, the tasks' output and the database.
"""

from __future__ import annotations

import errno
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

SPARE = 256
"""Descriptors for all but the edge's connections; of a low limit, at most half."""

_LOOKED_AT = 16
"""How many connections are looked at for an idle one; the next time they are others."""

_SILENCE = 60.0
"""Seconds for which the same trouble is not reported again."""


@dataclass(frozen=True, slots=True)
class Shares:
    """How many connections there may be: of clients to the public listeners, of tasks to Service
    Connect's (so that the public ones can never starve those), and kept idle to one target."""

    public: int
    internal: int
    kept: int


def share_out(open_files: int) -> Shares:
    """What a limit of open files allows. Each client counts twice, for its target."""
    pairs = max(8, (open_files - min(SPARE, open_files // 2)) // 2)
    public = pairs * 3 // 4
    return Shares(public, pairs - public, max(1, open_files // 64))


def is_exhausted(error: OSError) -> bool:
    """Whether there is no descriptor left, in the process or on the machine."""
    return error.errno in (errno.EMFILE, errno.ENFILE)


class Seldom:
    """Tells of the same trouble once a minute, however often it comes."""

    def __init__(
        self, tell: Callable[[str], None], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._tell = tell
        self._now = now
        self._silent_until = float("-inf")

    def __call__(self, text: str) -> None:
        now = self._now()
        if now >= self._silent_until:
            self._silent_until = now + _SILENCE
            self._tell(text)


class Guest(Protocol):
    """A connection that takes room."""

    @property
    def idle(self) -> bool:
        """Whether nothing of a request is there, nor of an answer."""

    def leave(self) -> None:
        """Close an idle connection, and give its room back."""


class Room:
    """The connections of some listeners, oldest first, and at most `limit` of them.

    When it is full, an idle connection makes room for a new one; with none idle, the new one is
    refused. `tell` hears of it, from time to time.
    """

    def __init__(self, limit: int, why: str, tell: Callable[[str], None]) -> None:
        self.limit = limit
        self.why = why  # what the limit comes from
        self.refused = 0
        self.displaced = 0
        self._guests: OrderedDict[Guest, None] = OrderedDict()
        self._tell = Seldom(tell)

    def __len__(self) -> int:
        return len(self._guests)

    def admit(self, guest: Guest) -> bool:
        """Whether there is room for another one, which has it then."""
        if len(self._guests) >= self.limit:
            self._tell(
                f"{self.limit} connections are open, and there is room for no more ({self.why}): "
                "new ones take the place of idle ones, or are refused"
            )
            if not self._make_room():
                self.refused += 1
                return False
        self._guests[guest] = None
        return True

    def give_back(self, guest: Guest) -> None:
        """The connection is gone; does nothing for one that had no room."""
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
