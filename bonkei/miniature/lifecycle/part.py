"""The parts of a miniature. They stand in one list, from the data to the visitors. Each part uses
those before it, so they stop in reverse."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol


class Part(Protocol):
    """A service, as the miniature runs it."""

    @property
    def name(self) -> str:
        """In `bonkei status`; empty for a part that is not shown there."""

    @property
    def snapshot(self) -> Callable[[], object]:
        """For `bonkei status`."""

    @property
    def stop(self) -> Callable[[], Awaitable[None]]:
        """It may be called at any point of the start."""


@dataclass(frozen=True, slots=True)
class Ending:
    """An end at its place in the list: of another object, or of what a part does later than the
    rest."""

    stop: Callable[[], Awaitable[None]]
    name: str = ""
    snapshot: Callable[[], object] = lambda: None
