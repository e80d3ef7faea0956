"""A place among events in order of time, and its form as a token or an event id."""

from __future__ import annotations

import base64
import binascii
import json
from typing import NamedTuple

from bonkei.services.logs.errors import invalid


class Position(NamedTuple):
    """`stream` and `sequence` distinguish events with the same timestamp (milliseconds)."""

    timestamp: int
    stream: str
    sequence: int


def event_id(position: Position, number: int) -> str:
    """56 digits, as in CloudWatch Logs. `number` (32 bits) is the stream's."""
    return f"{max(0, position.timestamp) << 140 | number << 64 | position.sequence:056d}"


def to_token(*parts: int | str) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def from_token(token: str) -> list[int | str]:
    """The parts of a token. Raises LogsError (InvalidParameterException) for an invalid one."""
    try:
        padded = token + "=" * (-len(token) % 4)
        found = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        found = None
    is_list = isinstance(found, list) and bool(found)
    if not is_list or not all(isinstance(each, int | str) for each in found):
        raise invalid("The specified nextToken is invalid.")
    return list(found)


def read_position(parts: list[int | str]) -> Position:
    """The position in a token's parts. Raises LogsError like `from_token`."""
    match parts:
        case [int(timestamp), str(stream), int(sequence)]:
            return Position(timestamp, stream, sequence)
    raise invalid("The specified nextToken is invalid.")
