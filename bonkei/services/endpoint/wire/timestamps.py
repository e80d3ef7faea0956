"""A moment in the form of each protocol: Unix seconds, ISO 8601, or a header's date."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any


def parse(value: Any) -> datetime:
    """From seconds, or from text in any of the formats. Raises ValueError."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _from_seconds(float(value))
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no timestamp")  # noqa: TRY004 - a fault of what was sent
    try:
        return _from_seconds(float(value))
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = _from_header(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def seconds(value: datetime | float) -> float:
    """Unix seconds. Whole ones have a point, too, as AWS writes them."""
    return float(value.timestamp() if isinstance(value, datetime) else value)


def iso(value: datetime | float) -> str:
    moment = value if isinstance(value, datetime) else _from_seconds(value)
    spec = "milliseconds" if moment.microsecond else "seconds"
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=spec) + "Z"


def http_date(value: datetime | float) -> str:
    moment = value if isinstance(value, datetime) else _from_seconds(value)
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def _from_header(text: str) -> datetime:
    try:
        return parsedate_to_datetime(text)
    except (TypeError, IndexError, OverflowError):  # it does not expect just any text
        raise ValueError(f"{text!r} is no timestamp") from None


def _from_seconds(value: float) -> datetime:
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError):
        raise ValueError(f"{value!r} is no timestamp") from None
