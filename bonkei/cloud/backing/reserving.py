"""A port of loopback that nobody else can take between its choice and MiniStack's start.

It is bound here, and MiniStack gets the socket: it has a port of its own at each start. The ports
are below the range for outgoing connections. So a call that comes after MiniStack's end, and before
that is noticed, reaches no other program's connection.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from bonkei.cloud.errors import CloudError
from bonkei.cloud.settings import HOST

_RANGE = range(18_000, 20_000)


@contextmanager
def reserved_port() -> Iterator[socket.socket]:
    """A bound socket that does not listen yet. Raises CloudError if no port is free."""
    for number in random.sample(_RANGE, len(_RANGE)):  # two miniatures rarely ask for the same one
        held = socket.socket()
        try:
            held.bind((HOST, number))
        except OSError:
            held.close()
            continue
        with held:
            yield held
        return
    raise CloudError(
        f"no port between {_RANGE.start} and {_RANGE.stop} on {HOST} is free",
        remedy="end programs that hold many ports",
    )
