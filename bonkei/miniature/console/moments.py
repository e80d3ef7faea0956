"""A time as a person writes it in a page's address: `10m` ago, or a date with its time."""

from __future__ import annotations

from datetime import datetime

from bonkei.miniature.log_files.record import parse_since
from bonkei.services.console import ConsoleError


def moment(text: str, now: datetime) -> str:
    """As `Record.time`; empty without one. ConsoleError names the possible forms."""
    if not text.strip():
        return ""
    try:
        return parse_since(text.strip(), now)
    except (ValueError, OverflowError):
        raise ConsoleError(
            f"{text!r} is not a time", remedy="like 10m, 2h, 1d, or like 2026-01-31T12:00:00Z"
        ) from None
