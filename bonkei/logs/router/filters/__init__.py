"""Filters and processors: events of one tag in, events out. Events that a filter emits again
(rewrite_tag, multiline) enter the pipeline at its beginning."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bonkei.logs.router.records import Event

Emit = Callable[[str, Sequence[Event]], None]


class Filter(Protocol):
    """`run` returns the remaining events. `emit` takes events that start again under another tag.
    `deadline` (on the clock of `now`): the time at which `flush` is due even without an event."""

    def run(
        self, tag: str, events: Sequence[Event], emit: Emit, now: float, /
    ) -> Sequence[Event]: ...  # fmt: skip
    def flush(self, emit: Emit, now: float, *, everything: bool) -> None: ...
    def deadline(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Plain:
    """A filter without a memory."""

    function: Callable[[str, Sequence[Event]], Sequence[Event]]

    def run(self, tag: str, events: Sequence[Event], _emit: Emit, _now: float) -> Sequence[Event]:
        return self.function(tag, events)

    def flush(self, emit: Emit, now: float, *, everything: bool) -> None:
        """It holds no events."""

    def deadline(self) -> float | None:
        return None
