"""The common part of all causes."""

from __future__ import annotations


class Quiet:
    """A cause that need not act at each moment. Its methods do nothing."""

    async def begin(self) -> None:
        """Nothing to prepare."""

    async def push(self) -> None:
        """Nothing to repeat."""

    async def calm(self) -> None:
        """The system comes to rest by itself."""

    async def end(self) -> None:
        """Nothing stays."""
