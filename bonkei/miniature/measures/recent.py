"""How many requests of the last minute failed, for the state of the miniature as a whole."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Answers:
    """Visitors' requests of the last minute. `failed`: those that were answered with 5xx."""

    requests: int = 0
    failed: int = 0


class Recent:
    """Counts by whole seconds of a clock that never jumps."""

    def __init__(self) -> None:
        self._counts: deque[tuple[int, Answers]] = deque()

    def add(self, now: float, requests: int, failed: int) -> None:
        if self._counts and self._counts[-1][0] == int(now):
            _, last = self._counts.pop()
            requests, failed = requests + last.requests, failed + last.failed
        self._counts.append((int(now), Answers(requests, failed)))
        self._forget(now)

    def answers(self, now: float) -> Answers:
        self._forget(now)
        counted = [each for _, each in self._counts]
        return Answers(sum(one.requests for one in counted), sum(one.failed for one in counted))

    def _forget(self, now: float) -> None:
        while self._counts and now - self._counts[0][0] > _SECONDS:
            self._counts.popleft()
