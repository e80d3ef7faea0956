"""The time at which a start began: that of the command, or that of a `make up` which installed
first."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

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
    own = _age()
    return begun if own <= begun <= own + _LONGEST else own


def _age() -> float:
    """Seconds since this process began. On Linux psutil would add up to one: it counts from the
    boot, whose time it has in whole seconds."""
    if sys.platform != "linux":
        return max(0.0, time.time() - psutil.Process().create_time())
    fields = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    began = int(fields[19]) / os.sysconf("SC_CLK_TCK")  # field 22 of proc(5), starttime
    return time.clock_gettime(time.CLOCK_BOOTTIME) - began
