"""A server of `socketserver` in a thread that sleeps until a client comes.

`serve_forever` looks up by a clock: seldom, and then its end waits for the next look; or often, and
then it costs a processor all the time.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from socketserver import TCPServer


class Serving:
    """Call `start` once, then `stop`, which closes the server."""

    def __init__(self, server: TCPServer, name: str) -> None:
        self._server = server
        self._is_over = False
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _serve(self) -> None:
        while not self._is_over:
            self._server.handle_request()

    def stop(self) -> None:
        """No client is answered after this returns."""
        self._is_over = True
        with suppress(OSError):
            socket.create_connection(self._server.socket.getsockname()).close()  # it wakes up
            self._thread.join()
        self._server.server_close()
