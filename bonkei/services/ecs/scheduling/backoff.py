"""The scheduler's delay before it tries a failing service again.

ECS throttles tasks that fail to start, up to minutes ("Amazon ECS service throttle logic",
docs.aws.amazon.com), and each start itself takes tens of seconds. A process starts in milliseconds,
so here a task that stops soon after its start is throttled, too. The waits are short enough for a
watching developer: 1 s, doubling, up to a minute.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

FIRST = 1.0  # seconds
LONGEST = 60.0


@dataclass(frozen=True, slots=True)
class Backoff:
    """`failures` in a row. Nothing is started before `not_before` (monotonic seconds)."""

    failures: int = 0
    not_before: float = 0.0

    def failed(self, now: float) -> Backoff:
        """After one more failure."""
        wait = min(LONGEST, FIRST * 2.0 ** min(self.failures, 10))
        return replace(self, failures=self.failures + 1, not_before=now + wait)
