"""The common part of all polled event sources: a task, and a report of each problem."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable

from bonkei.base.background import Background
from bonkei.base.errors import BonkeiError
from bonkei.blueprint.lambda_.event_source import EventSource

_AWAY = 5.0  # seconds after which a source that is away is asked again


class Poller(ABC):
    """Polls one source, as a role, between `start` and `stop`."""

    def __init__(self, source: EventSource, role_arn: str, report: Callable[[str], None]) -> None:
        self.source = source
        self.role_arn = role_arn
        self._report = report
        self._job = Background()
        self._trouble = ""

    @property
    def key(self) -> tuple[EventSource, str]:
        """The source, and the role for polling it."""
        return self.source, self.role_arn

    def start(self) -> None:
        self._job.start(self._keep_polling())

    async def stop(self) -> None:
        """The source keeps the batch in progress, and returns it again at the next start."""
        await self._job.stop()

    async def _keep_polling(self) -> None:
        """Poll again after an error of this machine, such as a lack of descriptors or disk
        space."""
        while True:
            try:
                await self._poll()
            except OSError as error:
                self._complain(BonkeiError(str(error)))
                await asyncio.sleep(_AWAY)

    @abstractmethod
    async def _poll(self) -> None:
        """Poll until cancelled."""

    def _went_well(self) -> None:
        self._trouble = ""

    def _complain(self, error: BonkeiError) -> None:
        """Report a problem once, even if it lasts."""
        if error.message != self._trouble:
            self._trouble = error.message
            self._report(f"{self.source.address}: {error.message}")
