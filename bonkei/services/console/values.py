"""The console's topics and actions, as values."""

from __future__ import annotations

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


class ConsoleError(BonkeiError):
    """The console cannot show or do what a page requests."""


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """`port`: 0 for a free one. `directory`: for the file with the token, readable by its owner
    only."""

    port: int
    directory: Path
