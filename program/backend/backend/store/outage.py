"""What is told of a database that cannot be asked: when it began, and when it is over."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

# One that answers some and not others is one outage, not many.
CALM_SECONDS = 5.0
BUSY_RECORD_SECONDS = 10.0

logger = logging.getLogger(__name__)

Clock = Callable[[], float]


class Outage:
    """One ERROR record for an outage, however many requests it hits, and one of INFO at its end.

    A pool that is busy is no outage: visitors can make it so, and nobody has to be woken up.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._began: float | None = None
        self._last_failure = 0.0
        self._failures = 0
        self._last_busy = float("-inf")

    def failed(self, error: BaseException) -> None:
        """The database could not be asked."""
        self._last_failure = self._clock()
        self._failures += 1
        if self._began is None:
            self._began = self._last_failure
            # Not the statement and its parameters, which hold what people wrote.
            cause = getattr(error, "orig", None) or error
            logger.error(
                "the database cannot be asked: %s: %s", type(cause).__name__, str(cause).strip()
            )

    def answered(self) -> None:
        """The database could be asked."""
        if self._began is None or self._clock() - self._last_failure < CALM_SECONDS:
            return
        fields = {
            "seconds": round(self._last_failure - self._began, 1),
            "failures": self._failures,
        }
        logger.info("the database can be asked again", extra={"fields": fields})
        self._began, self._failures = None, 0

    def busy(self) -> None:
        """All connections were in use for too long; during an outage that is a part of it."""
        now = self._clock()
        if self._began is None and now - self._last_busy >= BUSY_RECORD_SECONDS:
            self._last_busy = now
            logger.warning("more is asked of the database than its connections can carry")
