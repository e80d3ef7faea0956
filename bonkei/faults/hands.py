"""What carries effects out: outside of this room, and in its tests in memory."""

from __future__ import annotations

from typing import Protocol

from bonkei.faults.values import Effects, Estate


class Hands(Protocol):
    """Called from one event loop, one call at a time."""

    def estate(self) -> Estate:
        """What can be hit now."""
        ...

    async def become(self, effects: Effects) -> None:
        """Exactly so from now on, whatever was before; kills are not done here. A BonkeiError says
        what cannot be done; what can be undone is undone nevertheless."""
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
