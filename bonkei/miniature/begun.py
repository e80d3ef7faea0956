"""Since when a start is waited for: the command, or the `make up` that installed first."""

from __future__ import annotations

import time
from collections.abc import Mapping

import psutil

VARIABLE = "BONKEI_BEGUN"
_LONGEST = 3600.0  # seconds; what is older was left in an environment


def seconds_before(environment: Mapping[str, str], now: float | None = None) -> float:
    """How many seconds of the start have passed already."""
    now = time.time() if now is None else now
    try:
        told = now - float(environment.get(VARIABLE, ""))
    except ValueError:
        told = -1.0
    own = max(0.0, now - psutil.Process().create_time())
    return told if own <= told <= own + _LONGEST else own
