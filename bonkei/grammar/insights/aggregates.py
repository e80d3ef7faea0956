"""The functions over many events.

"stats", https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Stats.html
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Protocol

from bonkei.grammar.insights.values import Value, compared, number, text


class Total(Protocol):
    """What one aggregate of one group has seen. `moment`: the event's time, in milliseconds."""

    def add(self, value: Value, moment: int) -> None: ...

    def result(self, percent: float) -> Value: ...


class _Count:
    def __init__(self) -> None:
        self._seen = 0

    def add(self, value: Value, _: int) -> None:
        self._seen += value is not None

    def result(self, _: float) -> Value:
        return self._seen


class _Distinct:
    def __init__(self) -> None:
        self._seen: set[str] = set()

    def add(self, value: Value, _: int) -> None:
        if value is not None:
            self._seen.add(text(value))

    def result(self, _: float) -> Value:
        return len(self._seen)


class _Sums:
    """Sum, mean and deviation (Welford's way, of a sample)."""

    def __init__(self) -> None:
        self.count, self.sum, self.mean, self.squares = 0, 0.0, 0.0, 0.0

    def add(self, value: Value, _: int) -> None:
        found = number(value)
        if found is None:
            return
        self.count += 1
        self.sum += found
        away = found - self.mean
        self.mean += away / self.count
        self.squares += away * (found - self.mean)


class _Sum(_Sums):
    def result(self, _: float) -> Value:
        return self.sum


class _Average(_Sums):
    def result(self, _: float) -> Value:
        return self.sum / self.count if self.count else None


class _Deviation(_Sums):
    def result(self, _: float) -> Value:
        if not self.count:
            return None
        return math.sqrt(self.squares / (self.count - 1)) if self.count > 1 else 0.0


class _Percentile:
    """The smallest value that the share of values reaches; AWS's is an estimate."""

    def __init__(self) -> None:
        self._seen: list[int | float] = []

    def add(self, value: Value, _: int) -> None:
        found = number(value)
        if found is not None:
            self._seen.append(found)

    def result(self, percent: float) -> Value:
        if not self._seen:
            return None
        self._seen.sort()
        return self._seen[max(0, math.ceil(percent / 100 * len(self._seen)) - 1)]


_Seen = tuple[Value, int]


class _Best:
    """The one value that wins against all others; `wins` compares values with their moments."""

    def __init__(self, wins: Callable[[_Seen, _Seen], bool], *, plain: bool = False) -> None:
        self._wins = wins
        self._plain = plain
        self._best: _Seen | None = None

    def add(self, value: Value, moment: int) -> None:
        if value is None:
            return
        if self._best is None or self._wins((value, moment), self._best):
            self._best = value, moment

    def result(self, _: float) -> Value:
        value = self._best[0] if self._best else None
        return int(value) if self._plain and isinstance(value, int) else value


AGGREGATES: Mapping[str, Callable[[], Total]] = {
    "count": _Count,
    "count_distinct": _Distinct,
    "sum": _Sum,
    "avg": _Average,
    "stddev": _Deviation,
    "pct": _Percentile,
    "percentile": _Percentile,
    "min": lambda: _Best(lambda one, best: compared(one[0], best[0]) == -1, plain=True),
    "max": lambda: _Best(lambda one, best: compared(one[0], best[0]) == 1, plain=True),
    "earliest": lambda: _Best(lambda one, best: one[1] < best[1]),
    "latest": lambda: _Best(lambda one, best: one[1] > best[1]),
    "sortsfirst": lambda: _Best(lambda one, best: text(one[0]) < text(best[0])),
    "sortslast": lambda: _Best(lambda one, best: text(one[0]) > text(best[0])),
}
