"""The response that a target sent before it closed the connection during an upload.

A target that refuses a body answers, closes, and resets the connection when more bytes arrive. The
write that fails then ends the transport at once; the answer is still unread in the kernel's buffer.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator

_PIECE = 64 * 1024


def last_words(transport: asyncio.BaseTransport) -> Iterator[bytes]:
    """The unread bytes of a connection that is being lost, in order."""
    given = transport.get_extra_info("socket")
    try:
        with socket.socket(fileno=os.dup(given.fileno())) as connection:
            connection.setblocking(False)
            while data := connection.recv(_PIECE):
                yield data
    except OSError:
        return  # no more bytes, or none that can be read
