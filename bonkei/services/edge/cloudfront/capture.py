"""The body of a response that will be cached. It is held until it is complete.

A slow viewer does not slow the origin down. So the bytes held are bounded, for each body and for
all of them together.
"""

from __future__ import annotations


class Room:
    """The bytes that captured bodies may use, each and together."""

    __slots__ = ("each", "free")

    def __init__(self, each: int, together: int) -> None:
        self.each = each
        self.free = together


class Capture:
    """One body. After `take` or `drop` it is empty."""

    __slots__ = ("_parts", "_room", "_size")

    def __init__(self, room: Room) -> None:
        self._room = room
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, data: bytes) -> bool:
        """Hold the next bytes. Returns False if there is no room for them."""
        size = len(data)
        room = self._room
        if size > room.free or self._size + size > room.each:
            return False
        room.free -= size
        self._size += size
        self._parts.append(data)
        return True

    def take(self) -> bytes:
        """The whole body."""
        body = b"".join(self._parts)
        self.drop()
        return body

    def drop(self) -> None:
        """Give up."""
        self._room.free += self._size
        self._size = 0
        self._parts = []
