"""A distribution's cache: whole responses in memory, the least recently used goes first."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

from bonkei.edge.exchange import Exchange, Flow
from bonkei.edge.freshness import Lifetime
from bonkei.edge.message import Headers, Request, value_of

Key = tuple[bytes, ...]
_OVERHEAD = 512


@dataclass(slots=True)
class Stored:
    """A complete response. Times are of the event loop's clock, in seconds.

    `retry_at`: an origin that failed is not asked again before. A stored response is replaced,
    not changed, but for its times.
    """

    status: int
    reason: bytes
    headers: Headers
    body: bytes
    stored_at: float
    lifetime: Lifetime
    age: int = 0  # that it had when it came
    retry_at: float = 0.0
    stands_for_error: bool = False  # a custom error page, whatever its status

    @property
    def etag(self) -> bytes | None:
        return value_of(self.headers, b"etag")

    @property
    def last_modified(self) -> bytes | None:
        return value_of(self.headers, b"last-modified")

    @property
    def error(self) -> bool:
        """Whether it is a cached error."""
        return self.status >= 400 or self.stands_for_error

    @property
    def size(self) -> int:
        """Bytes that it counts for in the cache."""
        head = sum(len(line) for _, _, line in self.headers)
        return len(self.body) + head + _OVERHEAD

    def fresh(self, now: float) -> bool:
        """Whether it may be served without asking the origin."""
        return now < self.stored_at + self.lifetime.ttl or now < self.retry_at

    def usable_while_revalidating(self, now: float) -> bool:
        """Whether it may be served at once although it is stale."""
        over = now - self.stored_at - self.lifetime.ttl
        return not self.error and over < self.lifetime.while_revalidate

    def usable_in_place_of_an_error(self, now: float) -> bool:
        """Whether it may be served since the origin answers with a 5xx.

        Without `stale-if-error`, CloudFront serves an expired object while the origin fails ("How
        CloudFront processes HTTP 4xx and 5xx status codes"); with it, for so long.
        """
        if self.error:
            return False
        if self.lifetime.if_error is None:
            return True
        return now - self.stored_at - self.lifetime.ttl < self.lifetime.if_error


class UnderWay(Protocol):
    """A fetch that others may wait for."""

    def join(self, request: Request, exchange: Exchange) -> Flow:
        """Another viewer waits for the same."""


class Cache:
    """Stored responses by key, bounded by bytes, and the fetches that are under way."""

    def __init__(self, limit: int, object_limit: int) -> None:
        self._limit = limit
        self.object_limit = min(object_limit, limit)
        self._stored: OrderedDict[Key, Stored] = OrderedDict()
        self.fetches: dict[Key, UnderWay] = {}
        self.bytes = 0
        self.hits = 0
        self.misses = 0
        self.refreshes = 0
        self.evictions = 0

    @property
    def objects(self) -> int:
        return len(self._stored)

    def get(self, key: Key) -> Stored | None:
        """What is stored, fresh or not."""
        stored = self._stored.get(key)
        if stored is not None:
            self._stored.move_to_end(key)
        return stored

    def put(self, key: Key, stored: Stored) -> None:
        """Store, in place of what was there; evict what was used least recently."""
        self.discard(key)
        size = stored.size
        if size > self._limit:
            return
        self._stored[key] = stored
        self.bytes += size
        while self.bytes > self._limit:
            _, evicted = self._stored.popitem(last=False)
            self.bytes -= evicted.size
            self.evictions += 1

    def discard(self, key: Key) -> None:
        """Forget one."""
        old = self._stored.pop(key, None)
        if old is not None:
            self.bytes -= old.size
