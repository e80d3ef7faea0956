"""The interface to the parts that carry effects out. They are outside of this room; its tests have
one in memory."""

from __future__ import annotations

from typing import Protocol

from bonkei.services.faults.values import Effects, Estate


class Hands(Protocol):
    """Called from one event loop, one call at a time."""

    def estate(self) -> Estate:
        """The possible targets now."""
        ...

    async def become(self, effects: Effects) -> None:
        """Make exactly these effects real, whatever was before. Kills are not part of this. A
        BonkeiError says which effect is impossible; everything that can be undone is undone all the
        same."""
        ...

    async def kill_task(self, task_id: str) -> None:
        """SIGKILL to its processes."""
        ...

    async def kill_database(self, name: str) -> None:
        """SIGKILL to its server."""
        ...

    async def close(self) -> None:
        """Nothing is disturbed any more, for good."""
        ...
