"""Recognizes bytes that come for the second time, by their hash."""

from __future__ import annotations

from collections.abc import Hashable

_PLACES = 1024


class Seen:
    """What came lately. Each value has one place, and gives it to the next value that has the same:
    so the memory stays small enough for the processor's cache, whatever comes."""

    __slots__ = ("_places",)

    def __init__(self) -> None:
        self._places = [0] * _PLACES

    def again(self, data: Hashable) -> bool:
        """Whether `data` came lately. A hash is enough here: callers compare all bytes later."""
        digest = hash(data)
        place = digest % _PLACES
        if self._places[place] == digest:
            return True
        self._places[place] = digest
        return False
