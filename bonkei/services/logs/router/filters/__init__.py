"""Filters and processors: events of one tag in, events out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from bonkei.services.logs.router.records import Event


class Filter(Protocol):
    """`run` returns the remaining events. `flush` returns those that it has held, with their tag.
    `deadline` (on the clock of `now`): the time at which `flush` is due even without an event."""

    def run(self, tag: str, events: Sequence[Event], now: float, /) -> Sequence[Event]: ...
    def flush(self, now: float, *, everything: bool) -> Iterator[tuple[str, list[Event]]]: ...
    def deadline(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Plain:
    """A filter without a memory."""

    function: Callable[[Sequence[Event]], Sequence[Event]]

    def run(self, _tag: str, events: Sequence[Event], _now: float) -> Sequence[Event]:
        return self.function(events)

    def flush(self, now: float, *, everything: bool) -> Iterator[tuple[str, list[Event]]]:  # noqa: ARG002
        """It holds no events."""
        return iter(())

    def deadline(self) -> float | None:
        return None
