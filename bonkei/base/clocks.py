"""Time that passes while a clock is set, by NTP or by people, and while the machine sleeps."""

from __future__ import annotations

import time

_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # macOS's monotonic one goes on


def since_boot() -> float:
    """Seconds that pass while a laptop sleeps, too. The event loop's clock stands still then."""
    return time.clock_gettime(_BOOT)


def has_passed(seconds: float, since: float, now: float) -> bool:
    """Whether `seconds` are over. They are also over if the clock was set back behind `since`:
    otherwise nothing would happen before it comes there again, hours or days later."""
    return not 0 <= now - since < seconds
