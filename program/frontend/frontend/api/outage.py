"""Logs an outage of the backend: its beginning and its end."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from frontend.api.error import BackendBusyError, BackendRefusedError, BackendUnavailableError

# A backend that answers only some requests has one outage, not many.
CALM_SECONDS = 5.0
BUSY_RECORD_SECONDS = 10.0

Clock = Callable[[], float]

_log = logging.getLogger(__name__)


class Outage:
    """Writes one ERROR record for an outage, however many pages it hits, and one INFO record at its
    end. A busy backend is not an outage: visitors can cause it, and it must not page anyone.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._began: float | None = None
        self._last_failure = 0.0
        self._last_busy = float("-inf")

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Watch one request to the backend."""
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
            _log.warning("The backend gets more requests than it can answer in time")
