"""The rate of requests, for each aggregate of a rate-based rule."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b

_TRACKED = 10_000
"""Aggregates that a rate-based rule keeps apart ("Rate-based rule aggregation instances")."""


class RateCounter:
    """Requests in the window that ends now, by aggregate, in ten slots a window.

    AWS evaluates the rate about every ten seconds ("RateBasedStatement", AWS WAFV2 API Reference);
    this counter does so at each request.
    """

    SLOTS = 10

    def __init__(self, limit: int, window: float, clock: Callable[[], float]) -> None:
        self._limit = limit
        self._slot = window / self.SLOTS
        self._clock = clock
        self._counts: OrderedDict[bytes, dict[int, int]] = OrderedDict()

    def exceeds(self, key: bytes) -> bool:
        """Count one request; true if the count now exceeds the limit."""
        slot, key = self._now(), _short(key)
        counts = self._counts.setdefault(key, {})
        self._counts.move_to_end(key)
        if len(self._counts) > _TRACKED:
            self._counts.popitem(last=False)
        counts[slot] = counts.get(slot, 0) + 1
        for old in [each for each in counts if each <= slot - self.SLOTS]:
            del counts[old]
        return sum(counts.values()) > self._limit

    def would_exceed(self, key: bytes) -> bool:
        """The result of `exceeds`, without counting."""
        oldest = self._now() - self.SLOTS
        counts = self._counts.get(_short(key), {})
        return sum(number for slot, number in counts.items() if slot > oldest) + 1 > self._limit

    def _now(self) -> int:
        return int(self._clock() / self._slot)


def _short(key: bytes) -> bytes:
    """A client chooses how long a header is that a rule aggregates by."""
    return key if len(key) <= blake2b.MAX_DIGEST_SIZE else blake2b(key).digest()
