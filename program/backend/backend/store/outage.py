"""Logs an outage of the database: its beginning and its end."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

# A database that answers only some requests has one outage, not many.
CALM_SECONDS = 5.0
BUSY_RECORD_SECONDS = 10.0

logger = logging.getLogger(__name__)

Clock = Callable[[], float]


class Outage:
    """Writes one ERROR record for an outage, however many requests it hits, and one INFO record at
    its end. A busy pool is not an outage: visitors can cause it, and it must not page anyone.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._began: float | None = None
        self._last_failure = 0.0
        self._failures = 0
        self._last_busy = float("-inf")

    def failed(self, error: BaseException) -> None:
        """The database was unavailable."""
        self._last_failure = self._clock()
        self._failures += 1
        if self._began is None:
            self._began = self._last_failure
            logger.error(
                "the database is unavailable: %s: %s", type(error).__name__, str(error).strip()
            )

    def answered(self) -> None:
        """The database answered."""
        if self._began is None or self._clock() - self._last_failure < CALM_SECONDS:
            return
        fields = {
            "seconds": round(self._last_failure - self._began, 1),
            "failures": self._failures,
        }
        logger.info("the database is available again", extra={"fields": fields})
        self._began, self._failures = None, 0

    def busy(self) -> None:
        """All connections were in use for too long; during an outage this is a part of it."""
        now = self._clock()
        if self._began is None and now - self._last_busy >= BUSY_RECORD_SECONDS:
            self._last_busy = now
            logger.warning("the database gets more requests than its connections can carry")
