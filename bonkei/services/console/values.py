"""The console's topics and actions, as values."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from bonkei.base.errors import BonkeiError

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"

Topic = Callable[[Mapping[str, str]], Awaitable[Json]]
"""A function from a query to the data of a page: at most `LONGEST_STATE` bytes, and cheap enough
for each tick. A BonkeiError is shown in its place."""

Action = Callable[[Mapping[str, Any]], Awaitable[Json]]
"""A function from the body of a POST to its result. A BonkeiError is shown with its remedy."""

LONGEST_STATE = 512 * 1024
"""Bytes of JSON of one topic. A longer topic shows a part, and `more`."""

_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")


def as_json(value: object) -> bytes:
    """JSON for a page, whose texts may come from anywhere: none turns the direction of a line."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return _TURNING.sub(lambda found: f"\\\\u{ord(found[0]):04x}", text).encode()


class ConsoleError(BonkeiError):
    """The console cannot show or do what a page requests."""


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """`port`: 0 for a free one. `directory`: for the file with the token, readable by its owner
    only."""

    port: int
    directory: Path
