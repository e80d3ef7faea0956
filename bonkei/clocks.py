"""Time that passes by a clock that can be set: NTP corrects it, and people do. Pure."""

from __future__ import annotations


def has_passed(seconds: float, since: float, now: float) -> bool:
    """Whether `seconds` are over. They are also over if the clock was set back behind `since`:
    otherwise nothing would happen before it comes there again, hours or days later."""
    return not 0 <= now - since < seconds
