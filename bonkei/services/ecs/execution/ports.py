"""Free ports on loopback for tasks to listen on.

They are below the range for outgoing connections. So no such connection can take a port between the
choice and the task's own bind.
"""

from __future__ import annotations

import os
import random
import socket
import sys

from bonkei.base.events import Endpoint
from bonkei.services.ecs.errors import TaskError

HOST = "127.0.0.1"
RANGE = range(20000, 32000)
_ATTEMPTS = 200


class Ports:
    """Reserves ports until they are given back.

    Until a task listens, its port looks free to other miniatures of this machine: on Linux, a
    socket with the port's number as its name says whose it is. It ends with this process.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._random = random.Random(seed)  # noqa: S311 - to spread, not to hide
        self._marks: dict[int, int] = {}  # the descriptor of each port's mark

    def take(self) -> Endpoint:
        """A free port. Raises TaskError if there is none."""
        for _ in range(_ATTEMPTS):
            number = self._random.choice(RANGE)
            if number not in self._marks and (mark := _reserved(number)) is not None:
                self._marks[number] = mark
                return Endpoint(HOST, number)
        raise TaskError(
            f"no port between {RANGE.start} and {RANGE.stop} on {HOST} is free",
            remedy="end programs that hold many ports",
        )

    def give_back(self, endpoint: Endpoint) -> None:
        if (mark := self._marks.pop(endpoint.port, None)) is not None:
            os.close(mark)


def _reserved(number: int) -> int | None:
    """The mark of this port, now ours; None if another miniature has it, or a program listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as mark, socket.socket() as probe:
        try:
            if sys.platform == "linux":  # elsewhere such a name would be a file
                mark.bind(f"\0bonkei-port-{number}")
            probe.bind((HOST, number))
        except OSError:
            return None
        return mark.detach()
