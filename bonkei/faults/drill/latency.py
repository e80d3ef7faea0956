"""Many latencies as a few counts: buckets that grow by 4 %, so a percentile is right to 2 %."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

_GROWTH = math.log(1.04)

Counts = Mapping[int, int]
"""Bucket → how many."""


def bucket(milliseconds: float) -> int:
    """The bucket of a latency; everything below 0.1 ms is in the first."""
    return max(0, round(math.log(max(milliseconds, 0.1) / 0.1) / _GROWTH))


def middle(number: int) -> float:
    """Milliseconds, in the middle of a bucket."""
    return 0.1 * math.exp(number * _GROWTH)


def add(several: Iterable[Counts]) -> dict[int, int]:
    found: dict[int, int] = {}
    for counts in several:
        for number, count in counts.items():
            found[number] = found.get(number, 0) + count
    return found


def percentile(counts: Counts, percent: float) -> float | None:
    """Milliseconds within which so many of 100 answers came; None without any."""
    total = sum(counts.values())
    if not total:
        return None
    wanted = math.ceil(total * percent / 100)
    for number in sorted(counts):
        wanted -= counts[number]
        if wanted <= 0:
            return middle(number)
    return None
