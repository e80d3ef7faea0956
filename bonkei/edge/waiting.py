"""Viewers that ask for what is being fetched already ("Simultaneous requests for the same object",
Request and response behavior for custom origins)."""

from __future__ import annotations

from bonkei.edge.exchange import Exchange
from bonkei.edge.message import Request


class Waiting:
    """A viewer who waits for a fetch that another began. A `Flow` without a body."""

    __slots__ = ("exchange", "request", "room")

    def __init__(self, room: WaitingRoom, request: Request, exchange: Exchange) -> None:
        self.room = room
        self.request = request
        self.exchange = exchange

    def upload(self, data: bytes) -> None: ...
    def uploaded(self) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...

    def cancel(self) -> None:
        self.room.leave(self)


class WaitingRoom:
    """Those who wait for one fetch, in the order in which they came."""

    def __init__(self) -> None:
        self._waiting: list[Waiting] = []

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def join(self, request: Request, exchange: Exchange) -> Waiting:
        """Another viewer waits for the same."""
        waiting = Waiting(self, request, exchange)
        self._waiting.append(waiting)
        return waiting

    def leave(self, waiting: Waiting) -> None:
        """One who waited has left."""
        if waiting in self._waiting:
            self._waiting.remove(waiting)

    def empty(self) -> list[Waiting]:
        """All of them, who wait here no more."""
        waiting, self._waiting = self._waiting, []
        return waiting
