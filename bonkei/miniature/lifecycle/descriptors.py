"""Raises the limit of open files at the start, as far as the system allows."""

from __future__ import annotations

import resource
from contextlib import suppress

WANTED = (65535, 10240)
"""The limit of a task on Fargate ("Task definition parameters": ulimits), or else macOS's limit."""


def raise_limit_of_open_files() -> int:
    """Raise the soft limit of this process and of its children, as far as the hard limit allows.
    Returns the soft limit after that."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in WANTED:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        if soft == resource.RLIM_INFINITY or soft >= most:
            break
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            soft = most
    return WANTED[0] if soft == resource.RLIM_INFINITY else soft
