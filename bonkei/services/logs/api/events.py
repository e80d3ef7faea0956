"""Accepts log events, reads them by stream, and searches them by group.

Source: "PutLogEvents", "GetLogEvents", "FilterLogEvents" (docs.aws.amazon.com/AmazonCloudWatchLogs/
latest/APIReference): an answer has at most 1 MB or 10,000 events, and one without a match may still
have a token.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from zlib import crc32

from bonkei.services.logs.api.desk import (
    Answer,
    Desk,
    Parameters,
    given,
    limit_of,
    read_pattern,
)
from bonkei.services.logs.errors import invalid
from bonkei.services.logs.store.documents import directory_name
from bonkei.services.logs.store.group import LogGroup
from bonkei.services.logs.store.limits import Rejected
from bonkei.services.logs.store.position import (
    Position,
    event_id,
    from_token,
    read_position,
    to_token,
)
from bonkei.services.logs.store.reading import Stored, Window

MOST_EVENTS = 10_000
_MOST_BYTES = 1_048_576
_OVERHEAD = 26
LOOKED_AT = 10_000  # events that one FilterLogEvents call reads at most
_MOST_STREAMS = 100


def put_log_events(desk: Desk, parameters: Parameters) -> Answer:
    events = [(int(each["timestamp"]), str(each["message"])) for each in parameters["logEvents"]]
    group, stream = str(parameters["logGroupName"]), str(parameters["logStreamName"])
    rejected = desk.store.put(group, stream, events)
    following = desk.store.group(group).stream(stream).next_sequence
    answer: Answer = {"nextSequenceToken": f"{following:056d}"}
    return answer | {"rejectedLogEventsInfo": _info(rejected)} if rejected else answer


def _info(rejected: Rejected) -> Answer:
    return given(
        tooNewLogEventStartIndex=rejected.too_new_from,
        tooOldLogEventEndIndex=rejected.too_old_until,
        expiredLogEventEndIndex=rejected.expired_until,
    )


def get_log_events(desk: Desk, parameters: Parameters) -> Answer:
    """Forwards with the forward token, backwards with the backward token; without a token,
    `startFromHead` decides. At either end, the given token is returned."""
    group = desk.group_name(parameters)
    stream = str(parameters["logStreamName"])
    desk.store.group(group).stream(stream)
    token = parameters.get("nextToken")
    after, backwards = None, not parameters.get("startFromHead")
    if token:
        direction, *rest = from_token(str(token))
        backwards = direction == "b"
        after = read_position(rest)
    window = Window(*_bounds(parameters), after=after)
    found = list(
        _as_much_as_fits(
            desk.store.read(group, window, [stream], backwards=backwards),
            limit_of(parameters, MOST_EVENTS),
        )
    )
    if backwards:
        found.reverse()
    ends = (
        (found[0].position, found[-1].position)
        if found
        else _no_ends(desk, after, backwards=backwards)
    )
    return {
        "events": [
            {
                "timestamp": each.timestamp,
                "message": each.message,
                "ingestionTime": each.ingestion,
            }
            for each in found
        ],
        "nextForwardToken": to_token("f", *ends[1]),
        "nextBackwardToken": to_token("b", *ends[0]),
    }


def _no_ends(desk: Desk, after: Position | None, *, backwards: bool) -> tuple[Position, Position]:
    """The place to continue from when nothing was found: the same place, or the beginning. A reader
    that changes direction gets the last event again."""
    if after is None:
        return Position(desk.store.now, "", 0), Position(0, "", 0)
    if backwards:
        return after, after._replace(sequence=after.sequence - 1)
    return after._replace(sequence=after.sequence + 1), after


def filter_log_events(desk: Desk, parameters: Parameters) -> Answer:
    """The earliest events first, or the latest with `startFromHead` false. Then the token keeps the
    direction."""
    group = desk.group_name(parameters)
    streams = _streams(desk.store.group(group), parameters)
    token = parameters.get("nextToken")
    after, backwards = None, parameters.get("startFromHead") is False
    if token:
        direction, *place = from_token(str(token))
        after, backwards = read_position(place), direction == "b"
    matches = read_pattern(str(parameters.get("filterPattern") or "")).matches
    start, end = _bounds(parameters)
    window = Window(start, end + 1, after)  # unlike GetLogEvents: "later than this time"
    found: list[Stored] = []
    last, limit, left = after, limit_of(parameters, MOST_EVENTS), _MOST_BYTES
    events = desk.store.read(group, window, streams, backwards=backwards)
    for event in islice(events, LOOKED_AT):
        if matches(event.message):
            size = _size(event)
            if found and size > left:
                break
            left -= size
            found.append(event)
        last = event.position
        if len(found) == limit:
            break
    rest = desk.store.read(group, replace(window, after=last), streams, backwards=backwards)
    if last is None or next(rest, None) is None:
        return _filtered(found)
    return _filtered(found) | {"nextToken": to_token("b" if backwards else "f", *last)}


def _streams(group: LogGroup, parameters: Parameters) -> list[str]:
    """The streams to search, each once."""
    names = parameters.get("logStreamNames")
    prefix = parameters.get("logStreamNamePrefix")
    if names and prefix:
        raise invalid("logStreamNames and logStreamNamePrefix are mutually exclusive.")
    if names and len(names) > _MOST_STREAMS:
        raise invalid(f"At most {_MOST_STREAMS} logStreamNames may be given.")
    if names:
        return list(dict.fromkeys(names))
    return [name for name in group.streams if name.startswith(prefix or "")]


def _filtered(events: list[Stored]) -> Answer:
    return {
        "events": [
            {
                "logStreamName": event.position.stream,
                "timestamp": event.timestamp,
                "message": event.message,
                "ingestionTime": event.ingestion,
                "eventId": event_id(
                    event.position, crc32(directory_name(event.position.stream).encode())
                ),
            }
            for event in events
        ],
        "searchedLogStreams": [],
    }


def _as_much_as_fits(events: Iterator[Stored], limit: int) -> Iterator[Stored]:
    left = _MOST_BYTES
    for number, event in enumerate(islice(events, limit)):
        left -= _size(event)
        if left < 0 and number:
            return
        yield event


def _size(event: Stored) -> int:
    return len(event.message.encode("utf-8", "replace")) + _OVERHEAD


def _bounds(parameters: Parameters) -> tuple[int, int]:
    start, end = parameters.get("startTime"), parameters.get("endTime")
    return int(start or 0), int(end) if end is not None else 2**62
