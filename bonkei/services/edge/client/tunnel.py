"""The client's end of a WebSocket."""

from __future__ import annotations

from typing import Protocol

from bonkei.services.edge.http.message import Tunnel

_EARLY = 64 * 1024
"""Bytes kept until the target has agreed. With more, the client has to wait."""


class Pausable(Protocol):
    """The client's connection, as a tunnel uses it."""

    def write(self, data: bytes) -> None: ...
    def pause_client(self) -> None: ...
    def resume_client(self) -> None: ...
    def hang_up(self) -> None: ...


class ClientTunnel:
    """Receives everything that the client sends after its request to upgrade, unparsed. Until the
    target agrees, the bytes are kept. For the target's end this is a `Tunnel`."""

    __slots__ = ("_client", "_early", "_size", "other", "write")

    def __init__(self, client: Pausable) -> None:
        self.other: Tunnel | None = None  # the target's end
        self.write = client.write
        self._client = client
        self._early: list[bytes] = []
        self._size = 0

    def received(self, data: bytes) -> None:
        """The client sent bytes."""
        if self.other is not None:
            self.other.write(data)
        elif data:
            self._early.append(data)
            self._size += len(data)
            if self._size > _EARLY:
                self._client.pause_client()

    def open(self, other: Tunnel) -> None:
        """The target has agreed."""
        self.other = other
        self._client.resume_client()
        early, self._early = self._early, []
        if early:
            other.write(b"".join(early))

    def lost(self) -> None:
        """The client has left."""
        if self.other is not None:
            self.other.close()

    def pause_reading(self) -> None:
        self._client.pause_client()

    def resume_reading(self) -> None:
        self._client.resume_client()

    def close(self) -> None:
        self.other = None
        self._client.hang_up()
