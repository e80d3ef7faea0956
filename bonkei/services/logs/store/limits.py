"""Which events of a PutLogEvents call are accepted. Pure: the time is an argument.

Source: "PutLogEvents" (docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference). The messages
of refusals are CloudWatch Logs' own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bonkei.services.logs.errors import invalid, out_of_bounds

BATCH_BYTES = 1_048_576
EVENT_OVERHEAD = 26  # bytes that each event counts in addition to its message
EVENT_BYTES = 1_048_576
BATCH_EVENTS = 10_000
FUTURE = 2 * 3_600_000  # milliseconds
_SPAN = 24 * 3_600_000
_PAST = 14 * 24 * 3_600_000
_DAY = 24 * 3_600_000

InputEvent = tuple[int, str]
"""A timestamp in milliseconds and a message."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """Indices as in RejectedLogEventsInfo; None where no event was rejected for that reason."""

    too_new_from: int | None = None  # inclusive
    too_old_until: int | None = None  # exclusive
    expired_until: int | None = None  # exclusive

    def __bool__(self) -> bool:
        found = (self.too_new_from, self.too_old_until, self.expired_until)
        return any(index is not None for index in found)


def judge(
    events: Sequence[InputEvent], now: int, retention_days: int
) -> tuple[Sequence[InputEvent], Rejected]:
    """The accepted events, and the indices of the rejected ones. `now` is in milliseconds.
    Retention 0 means unlimited.

    Raises LogsError (InvalidParameterException) if the whole batch is refused.
    """
    _require_batch(events)
    oldest = now - _PAST
    kept = now - retention_days * _DAY if retention_days else oldest
    newest = now + FUTURE
    if events[0][0] >= max(oldest, kept) and events[-1][0] <= newest:
        return events, Rejected()
    old = _count_before(events, oldest)
    expired = _count_before(events, kept)
    new = sum(1 for timestamp, _ in events if timestamp > newest)
    end = len(events) - new
    return events[max(old, expired) : end], Rejected(
        too_new_from=end if new else None,
        too_old_until=old or None,
        expired_until=expired if expired > old else None,
    )


def _require_batch(events: Sequence[InputEvent]) -> None:
    if not events or len(events) > BATCH_EVENTS:
        raise invalid(
            "1 validation error detected: Value at 'logEvents' failed to satisfy constraint: "
            f"Member must have length between 1 and {BATCH_EVENTS}"
        )
    total, before = 0, events[0][0]
    for index, (timestamp, message) in enumerate(events, 1):
        size = EVENT_OVERHEAD + _length(message)
        if size == EVENT_OVERHEAD:
            place = f"logEvents.{index}.member.message"
            raise out_of_bounds("", place, "have length greater than or equal to 1")
        if size > EVENT_BYTES:
            raise invalid(f"Log event too large: {size} bytes exceeds limit of {EVENT_BYTES}")
        if timestamp < before:
            raise invalid(
                "Log events in a single PutLogEvents request must be in chronological order."
            )
        total, before = total + size, timestamp
    if total > BATCH_BYTES:
        raise invalid(f"Upload too large: {total} bytes exceeds limit of {BATCH_BYTES}")
    if events[-1][0] - events[0][0] > _SPAN:
        raise invalid(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 "
            "hours."
        )


def _length(message: str) -> int:
    """The size in UTF-8. A lone surrogate, which JSON can contain, counts as its replacement
    character."""
    return len(message) if message.isascii() else len(message.encode("utf-8", "replace"))


def _count_before(events: Sequence[InputEvent], bound: int) -> int:
    return sum(1 for timestamp, _ in events if timestamp < bound)
