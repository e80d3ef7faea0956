"""How many files may be open at once: as many as the system gives, from the start on."""

from __future__ import annotations

import resource
from contextlib import suppress

WANTED = (65535, 10240)
"""What a task has on Fargate ("Task definition parameters": ulimits), else what macOS gives."""


def raise_limit_of_open_files() -> int:
    """Raise the soft limit of this process, and of all that it starts, as far as the hard limit
    goes. The soft limit then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in WANTED:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        if soft == resource.RLIM_INFINITY or soft >= most:
            break
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            soft = most
    return WANTED[0] if soft == resource.RLIM_INFINITY else soft
