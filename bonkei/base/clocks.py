"""Measures time that also passes while a clock is set and while the machine sleeps; writes a moment
as AWS does."""

from __future__ import annotations

import time
from datetime import UTC, datetime

_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # macOS's monotonic one goes on


def since_boot() -> float:
    """Seconds since the machine started, including the time that a laptop sleeps. The event loop's
    clock stands still then."""
    return time.clock_gettime(_BOOT)


def has_passed(seconds: float, since: float, now: float) -> bool:
    """Whether `seconds` are over. They also count as over if the clock was set back to before
    `since`: otherwise nothing would happen until it reaches that time again, hours or days
    later."""
    return not 0 <= now - since < seconds


def stamp(at: float) -> str:
    """Unix seconds as AWS writes them: 2012-04-25T21:49:25.719Z."""
    moment = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return moment.replace("+00:00", "Z")
