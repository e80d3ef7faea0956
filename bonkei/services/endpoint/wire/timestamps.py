"""A moment in the form of each protocol: Unix seconds, or ISO 8601."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def parse(value: Any) -> datetime:
    """From seconds, or from text in any of the formats. Raises ValueError."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _from_seconds(float(value))
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a timestamp")  # noqa: TRY004 - a fault of what was sent
    try:
        return _from_seconds(float(value))
    except ValueError:
        pass
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def seconds(value: datetime | float) -> float:
    """Unix seconds. Whole ones have a point, too, as AWS writes them."""
    return float(value.timestamp() if isinstance(value, datetime) else value)


def iso(value: datetime | float) -> str:
    moment = value if isinstance(value, datetime) else _from_seconds(value)
    spec = "milliseconds" if moment.microsecond else "seconds"
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=spec) + "Z"


def _from_seconds(value: float) -> datetime:
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError):
        raise ValueError(f"{value!r} is not a timestamp") from None
