"""A distribution's cache: whole responses in memory; evicts the least recently used first."""

from __future__ import annotations

from collections import OrderedDict

from bonkei.services.edge.cloudfront.capture import Budget
from bonkei.services.edge.cloudfront.stored import Key, Stored
from bonkei.services.edge.cloudfront.waiting import WaitingList


class Cache:
    """Stored responses by key, bounded by bytes, and the viewers that wait for fetches under
    way."""

    def __init__(self, limit: int, object_limit: int) -> None:
        self._limit = limit
        self.object_limit = min(object_limit, limit)
        self.budget = Budget(self.object_limit, limit)  # for responses still arriving
        self._stored: OrderedDict[Key, tuple[Stored, int]] = OrderedDict()
        self.fetches: dict[Key, WaitingList] = {}
        self.bytes = 0
        self.hits = 0
        self.misses = 0
        self.refreshes = 0
        self.evictions = 0

    @property
    def objects(self) -> int:
        return len(self._stored)

    def get(self, key: Key) -> Stored | None:
        """The stored response, fresh or not."""
        entry = self._stored.get(key)
        if entry is None:
            return None
        self._stored.move_to_end(key)
        return entry[0]

    def look(self, key: Key) -> Stored | None:
        """The same, but it does not count as a use."""
        entry = self._stored.get(key)
        return entry[0] if entry is not None else None

    def put(self, key: Key, stored: Stored) -> None:
        """Store a response, replace the old one; evict the least recently used."""
        self.discard(key)
        size = stored.size(key)
        if size > self._limit:
            return
        self._stored[key] = stored, size
        self.bytes += size
        while self.bytes > self._limit:
            _, (_, evicted) = self._stored.popitem(last=False)
            self.bytes -= evicted
            self.evictions += 1

    def renewed(self, key: Key, stored: Stored, *, keep: bool) -> None:
        """The stored response has changed. Forget it unless `keep`."""
        if self.get(key) is stored:
            if keep:
                self.put(key, stored)
            else:
                self.discard(key)

    def clear(self) -> None:
        """Forget all."""
        for key in tuple(self._stored):
            self.discard(key)

    def discard(self, key: Key) -> None:
        """Forget one."""
        old = self._stored.pop(key, None)
        if old is not None:
            self.bytes -= old[1]
