"""The body of a response on its way into the cache, held until it is complete.

The origin is not slowed down for it, however slowly the viewer reads. So all that is held is
bounded: each body, and all of them together.
"""

from __future__ import annotations


class Room:
    """Bytes that the bodies on their way may take, each and together."""

    __slots__ = ("each", "free")

    def __init__(self, each: int, together: int) -> None:
        self.each = each
        self.free = together


class Capture:
    """One body. After `take` or `drop` it holds nothing any more."""

    __slots__ = ("_parts", "_room", "_size")

    def __init__(self, room: Room) -> None:
        self._room = room
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, data: bytes) -> bool:
        """The next bytes; false, and they are not held, where there is no room for them."""
        size = len(data)
        room = self._room
        if size > room.free or self._size + size > room.each:
            return False
        room.free -= size
        self._size += size
        self._parts.append(data)
        return True

    def take(self) -> bytes:
        """All that came."""
        body = b"".join(self._parts)
        self.drop()
        return body

    def drop(self) -> None:
        """Give up."""
        self._room.free += self._size
        self._size = 0
        self._parts = []
