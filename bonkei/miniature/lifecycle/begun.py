"""The time at which a start began: that of the command, or that of a `make up` which installed
first."""

from __future__ import annotations

import time
from collections.abc import Mapping

import psutil

VARIABLE = "BONKEI_BEGUN"
_LONGEST = 3600.0  # seconds; an older value is a leftover in the environment


def seconds_before(environment: Mapping[str, str], now: float | None = None) -> float:
    """How many seconds of the start have already passed."""
    now = time.time() if now is None else now
    try:
        begun = now - float(environment.get(VARIABLE, ""))
    except ValueError:
        begun = -1.0
    own = max(0.0, now - psutil.Process().create_time())
    return begun if own <= begun <= own + _LONGEST else own
