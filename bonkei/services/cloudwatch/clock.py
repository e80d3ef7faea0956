"""The length of a minute. Pure.

With compressed time, a minute of AWS is shorter: the periods of alarms and the intervals of
measurements are divided by a factor. Timestamps do not change, so records and clocks agree.
"""

from __future__ import annotations

MINUTE = 60
QUICK = 10
COMPRESSIONS = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60)
"""The factors that divide a minute into whole seconds."""


def step_of(compression: int, *, quick: bool = False) -> float:
    """Seconds between two evaluations: a minute, or ten seconds if an alarm's period is shorter
    than a minute. Never less than a second."""
    return max(1.0, (QUICK if quick else MINUTE) / compression)
