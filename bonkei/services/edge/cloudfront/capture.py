"""The body of a response that will be cached. It is held until it is complete.

A slow viewer does not slow the origin down. So the bytes held are bounded, for each body and for
all of them together.
"""

from __future__ import annotations


class Budget:
    """The bytes that captured bodies may use, each and together."""

    __slots__ = ("each", "free")

    def __init__(self, each: int, together: int) -> None:
        self.each = each
        self.free = together


class Capture:
    """One body. After `take` or `drop` it is empty."""

    __slots__ = ("_budget", "_held")

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._held = bytearray()  # a list would hold far more than its bytes, if they come singly

    def add(self, data: bytes) -> bool:
        """Hold the next bytes. Returns False if there is no room for them."""
        size = len(data)
        budget = self._budget
        if size > budget.free or len(self._held) + size > budget.each:
            return False
        budget.free -= size
        self._held += data
        return True

    def take(self) -> bytes:
        """The whole body."""
        body = bytes(self._held)
        self.drop()
        return body

    def drop(self) -> None:
        """Give up."""
        self._budget.free += len(self._held)
        self._held = bytearray()
