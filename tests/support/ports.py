"""Free ports of this machine.

A test chooses one, and a program of the test takes it later. Until then no one else may: so each
worker has a share of its own, and all are below the range for outgoing connections and those of
miniatures. Each comes only once, until all have.
"""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import cycle

RANGE = range(10_000, 17_700)


def free_port(host: str = "127.0.0.1", numbers: Iterable[int] | None = None) -> int:
    """One that no one has on this address; the first of `numbers`, if they are given."""
    return next(number for number in numbers or _numbers() if _is_free(host, number))


def share(worker: str, workers: int) -> range:
    """What xdist's worker (`gw2`) may use; "" where there are none."""
    size = len(RANGE) // workers
    return RANGE[int(worker.removeprefix("gw") or 0) % workers * size :][:size]


@cache
def _numbers() -> Iterator[int]:
    """From anywhere: other runs of the tests on this machine have the same shares."""
    mine = share(
        os.environ.get("PYTEST_XDIST_WORKER", ""),
        int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")),
    )
    first = random.randrange(len(mine))  # noqa: S311 - to spread, not to hide
    return cycle([*mine[first:], *mine[:first]])


def _is_free(host: str, number: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((host, number))
        except OSError:
            return False
    return True
