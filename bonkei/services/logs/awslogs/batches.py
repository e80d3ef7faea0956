"""Events in calls that CloudWatch Logs takes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import itemgetter

from bonkei.services.logs.awslogs.multiline import cut
from bonkei.services.logs.store.limits import (
    BATCH_BYTES,
    BATCH_EVENTS,
    EVENT_BYTES,
    EVENT_OVERHEAD,
    InputEvent,
)

_SPAN = 24 * 3_600_000  # milliseconds


def batches(events: Iterable[InputEvent]) -> Iterator[list[InputEvent]]:
    """Batches in order of time, each within PutLogEvents' limits."""
    batch: list[InputEvent] = []
    size = 0
    for event in sorted(events, key=itemgetter(0)):
        cost = len(event[1].encode("utf-8", "replace")) + EVENT_OVERHEAD
        full = size + cost > BATCH_BYTES or len(batch) == BATCH_EVENTS
        if batch and (full or event[0] - batch[0][0] > _SPAN):
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += cost
    if batch:
        yield batch


def whole_batches(events: Iterable[InputEvent]) -> Iterator[list[InputEvent]]:
    """Batches of any events: an empty line becomes a line end, and one that is too long for an
    event is cut."""
    longest = EVENT_BYTES - EVENT_OVERHEAD
    return batches((at, piece) for at, text in events for piece in cut(text or "\n", longest))
