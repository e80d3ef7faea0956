"""Many latencies, stored as a few counts. Buckets grow by 4 %, so a percentile is exact to 2 %."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeVar

T = TypeVar("T")
_GROWTH = math.log(1.04)

Counts = Mapping[int, int]
"""Bucket → how many."""


def bucket(milliseconds: float) -> int:
    """The bucket of a latency. The first bucket takes everything below 0.1 ms."""
    return max(0, round(math.log(max(milliseconds, 0.1) / 0.1) / _GROWTH))


def middle(number: int) -> float:
    """Milliseconds, in the middle of a bucket."""
    return 0.1 * math.exp(number * _GROWTH)


def add(several: Iterable[Mapping[T, int]]) -> dict[T, int]:
    found: Counter[T] = Counter()
    for counts in several:
        found.update(counts)
    return dict(found)


def percentile(counts: Counts, percent: float) -> float | None:
    """The milliseconds within which `percent` of the answers came; None without answers."""
    total = sum(counts.values())
    if not total:
        return None
    wanted = math.ceil(total * percent / 100)
    for number in sorted(counts):
        wanted -= counts[number]
        if wanted <= 0:
            return middle(number)
    return None
