"""Free ports on loopback for tasks to listen on.

They are below the range for outgoing connections. So no such connection can take a port between the
choice and the task's own bind.
"""

from __future__ import annotations

import random
import socket

from bonkei.events import Endpoint
from bonkei.tasks.errors import TaskError

HOST = "127.0.0.1"
_RANGE = range(20000, 32000)
_ATTEMPTS = 200


class Ports:
    """Reserves ports until they are given back."""

    def __init__(self, seed: int | None = None) -> None:
        self._random = random.Random(seed)  # noqa: S311 - to spread, not to hide
        self._taken: set[int] = set()

    def take(self) -> Endpoint:
        """A free port. Raises TaskError if there is none."""
        for _ in range(_ATTEMPTS):
            number = self._random.choice(_RANGE)
            if number not in self._taken and _is_free(number):
                self._taken.add(number)
                return Endpoint(HOST, number)
        raise TaskError(
            f"no port between {_RANGE.start} and {_RANGE.stop} on {HOST} is free",
            remedy="end programs that hold many ports",
        )

    def give_back(self, endpoint: Endpoint) -> None:
        self._taken.discard(endpoint.port)


def _is_free(number: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((HOST, number))
        except OSError:
            return False
    return True
