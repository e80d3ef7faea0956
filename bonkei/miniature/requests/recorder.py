"""The recent requests. While no page shows them, only those are kept that failed or were slow."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from operator import attrgetter
from sys import getsizeof
from typing import NamedTuple

from bonkei.base.clocks import has_passed
from bonkei.miniature.requests.traces import ids_of, trace_of
from bonkei.services.edge import AccessRecord
from bonkei.services.edge.client.access import SECONDS, Row
from bonkei.services.edge.http.message import weight

MOST = 5_000  # requests
MOST_BYTES = 16_000_000  # of their heads
MOST_TROUBLED = 500  # requests that failed or were slow; others do not take their place
FAILED = 500  # the status, and above
SLOW = 1.0  # seconds
_UPGRADED = 101  # a connection lasts as long as both want
QUOTA = 500  # requests kept between two looks; a page shows only some of them
_LOOKS_APART = 0.2  # seconds; looks at shorter intervals count as one
IDLE = 10.0  # seconds without a look until it closes
_OVERHEAD = 1_500  # bytes of a record without its headers and what the client has written


class Entry(NamedTuple):
    """`at`: when it was finished, in Unix seconds. `number`: counts up."""

    number: int
    at: float
    size: int
    record: AccessRecord


@dataclass(frozen=True, slots=True)
class Wanted:
    """The wanted entries. An empty member matches everything. `path`: a part of method and target,
    or an X-Ray trace id from a log. `status`: `404`, `4xx`, or `0` for a client that has left.
    `until`: no entry after this number. `least`: how many milliseconds it took at least."""

    path: str = ""
    status: str = ""
    client: str = ""
    service: str = ""
    until: int = 0
    least: int = 0


@dataclass(slots=True)
class Recorder:
    """`look` opens it, and it closes by itself. While closed, it keeps only requests that failed or
    were slow: the page that looks for a cause is opened later.

    Between two looks it keeps `QUOTA` others, and counts the rest. So its cost does not grow with
    the load.
    """

    clock: Callable[[], float] = time.time
    is_open: bool = False
    _entries: deque[Entry] = field(default_factory=deque)
    _troubled: deque[Entry] = field(default_factory=lambda: deque(maxlen=MOST_TROUBLED))
    _bytes: int = 0
    _number: int = 0
    _looked_at: float = 0.0
    _refilled_at: float = 0.0
    _quota: int = QUOTA
    left_out: int = 0
    _counts: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=64))
    _timer: asyncio.TimerHandle | None = None

    def look(self) -> None:
        """A page looks now."""
        now = self.clock()
        self._looked_at = now
        if not self.is_open or has_passed(_LOOKS_APART, self._refilled_at, now):
            self._refilled_at = now
            self.refill()
            self._counts.append((now, self._number + self.left_out))
        if not self.is_open:
            self.is_open = True
            self._wait()

    def refill(self) -> None:
        """Keep the next `QUOTA` requests."""
        self._quota = QUOTA

    def seen(self, rows: Sequence[Row]) -> None:
        """Finished requests."""
        for row in rows:
            status = row[0].sample.status
            is_troubled = status >= FAILED or (row[SECONDS] >= SLOW and status != _UPGRADED)
            if is_troubled or self.is_open:
                self._keep(row, is_troubled=is_troubled)

    def _keep(self, row: Row, *, is_troubled: bool) -> None:
        if not is_troubled:
            if not self._quota:
                self.left_out += 1
                return
            self._quota -= 1
        record = row[0].record(row)
        written = (record.target, record.host, record.user_agent, record.redirect_url)
        size = _OVERHEAD + weight([*record.headers]) + sum(map(getsizeof, written))
        self._number += 1
        entries, entry = self._entries, Entry(self._number, self.clock(), size, record)
        entries.append(entry)
        if is_troubled:
            self._troubled.append(entry)
        self._bytes += size
        while len(entries) > MOST or self._bytes > MOST_BYTES:
            self._bytes -= entries.popleft().size

    def close(self) -> None:
        """Keep no more requests without trouble. The kept entries stay."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.is_open = False

    def _wait(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(IDLE, self._expire)

    def _expire(self) -> None:
        self._timer = None
        if has_passed(IDLE, self._looked_at, self.clock()):
            self.close()
        elif self.is_open:
            self._wait()

    # What is kept.

    @property
    def newest(self) -> int:
        """The number of the newest entry."""
        return self._number

    @property
    def size(self) -> tuple[int, int]:
        """Entries, and bytes of their heads."""
        return len(self._entries), self._bytes

    def entry(self, number: int) -> Entry | None:
        """One; None where it is not kept."""
        entries = self._entries
        place = number - entries[0].number if entries else -1
        if 0 <= place < len(entries):
            return entries[place]
        return next((each for each in self._troubled if each.number == number), None)

    def find(self, wanted: Callable[[Entry], bool], until: int = 0) -> Iterator[Entry]:
        """The newest first."""
        skipped = max(0, self._number - until) if until else 0
        oldest = self._entries[0].number if self._entries else 0
        before = (each for each in reversed(self._troubled) if each.number < oldest)
        for entry in chain(islice(reversed(self._entries), skipped, None), before):
            if wanted(entry) and (not until or entry.number <= until):
                yield entry

    def between(self, begin: float, end: float, most: int) -> list[Entry]:
        """The first `most` entries that finished in that time."""
        entries = list(self._entries)
        first = bisect_left(entries, begin, key=attrgetter("at"))
        last = bisect_left(entries, end, key=attrgetter("at"))
        return entries[first : min(last, first + most)]

    def rate(self, seconds: float = 5.0) -> float:
        """Requests a second over the last seconds, including those that were not kept."""
        now, seen = self.clock(), self._number + self.left_out
        for at, before in self._counts:
            if now - at <= seconds:
                return (seen - before) / (now - at) if now > at else 0.0
        return 0.0


def matcher(wanted: Wanted, names: Callable[[AccessRecord], str]) -> Callable[[Entry], bool]:
    """A test for entries. `names`: all names of a record's service."""
    path, client, service = wanted.path.lower(), wanted.client, wanted.service.lower()
    trace = trace_of(path)
    status = wanted.status.lower()
    whole = status if not status.endswith("xx") else ""
    hundreds = status[0] if status.endswith("xx") else ""

    def fits(entry: Entry) -> bool:
        record = entry.record
        if record.seconds * 1000 < wanted.least:
            return False
        if trace and trace not in ids_of(record.headers, record.trace_id):
            return False
        if path and not trace and path not in f"{record.method} {record.target}".lower():
            return False
        if client and client not in record.client:
            return False
        shown = str(record.status)
        if (whole and not shown.startswith(whole)) or (hundreds and shown[0] != hundreds):
            return False
        return not service or service in names(record)

    return fits
