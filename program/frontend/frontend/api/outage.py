"""What is told of a backend that does not answer: when it began, and when it is over."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from frontend.api.error import BackendBusyError, BackendRefusedError, BackendUnavailableError

# One that answers some and not others is one outage, not many.
CALM_SECONDS = 5.0
BUSY_RECORD_SECONDS = 10.0

Clock = Callable[[], float]

_log = logging.getLogger(__name__)


class Outage:
    """One ERROR record for an outage, however many pages it hits, and one of INFO at its end.

    Being busy is no outage: visitors can cause it, and nobody has to be woken up.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._began: float | None = None
        self._last_failure = 0.0
        self._last_busy = float("-inf")

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Around one request to the backend."""
        try:
            yield
        except BackendBusyError:
            self._busy()
            raise
        except BackendUnavailableError as error:
            self._failed(error)
            raise
        except BackendRefusedError:
            self._answered()
            raise
        self._answered()

    def _failed(self, error: BackendUnavailableError) -> None:
        self._last_failure = self._clock()
        if self._began is None:
            self._began = self._last_failure
            _log.error("The backend gives no answer: %s", error)

    def _answered(self) -> None:
        if self._began is None or self._clock() - self._last_failure < CALM_SECONDS:
            return
        fields = {"seconds": round(self._last_failure - self._began, 1)}
        _log.info("The backend answers again", extra={"fields": fields})
        self._began = None

    def _busy(self) -> None:
        now = self._clock()
        if self._began is None and now - self._last_busy >= BUSY_RECORD_SECONDS:
            self._last_busy = now
            _log.warning("More is asked of the backend than it can answer in time")
