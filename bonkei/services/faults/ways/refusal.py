"""A port that refuses every connection. It is held, so that nobody else listens there."""

from __future__ import annotations

import socket


class Refusal:
    """`port` refuses until `close`."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self._socket = socket.socket()
        self._socket.bind((host, 0))  # bound, and not listening
        self.port = int(self._socket.getsockname()[1])

    def close(self) -> None:
        self._socket.close()
