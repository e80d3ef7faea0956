"""The buckets of every metric: recent ones in memory, all of them on disk.

"Metrics retention",
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from bonkei.base.errors import BonkeiError
from bonkei.services.cloudwatch.metric.bucket import Bucket
from bonkei.services.cloudwatch.metric.model import UNITS, Datum, MetricId

HOUR = 3600
DAY = 24 * HOUR
RECENT = 3 * HOUR
"""How long buckets stay in memory, and how long buckets of less than a minute are kept at all."""
MOST_METRICS = 10_000
MOST_NAMED = 16 * 1024 * 1024
"""Characters of the names and dimensions of all metrics."""
MOST_BYTES = 128 * 1024 * 1024
"""Of the buckets of all metrics in memory, about."""
MOST_RECENT = 400
"""Buckets of a metric in memory."""
_BUCKET, _VALUE = 700, 110  # bytes of a bucket, and of a value that it counts
RESOLUTIONS = ((60, 15 * DAY), (300, 63 * DAY), (3600, 455 * DAY))
"""The length of a bucket, and the age at which it becomes part of the next longer one."""


_RANKS = {unit: rank for rank, unit in enumerate(UNITS)}


class MetricError(BonkeiError):
    """A datum cannot be kept."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A bucket as it lies on disk."""

    metric: MetricId
    length: int
    start: int
    bucket: Bucket


Key = tuple[int, int, str]
"""The length, the start and the unit of a bucket."""


class Disk(Protocol):
    """Where buckets outlive the process."""

    def metrics(self) -> Iterator[MetricId]: ...
    def read(self, metric: MetricId, begin: float, end: float, /) -> Iterator[Kept]: ...
    def write(self, buckets: list[Kept]) -> None: ...
    def drop(self, metric: MetricId, begin: float, /) -> None: ...
    def age(self, now: float) -> None: ...
    def close(self) -> None: ...


class NoDisk:
    """A store in memory only: for tests, and until the home is known."""

    def metrics(self) -> Iterator[MetricId]:
        return iter(())

    def read(self, _metric: MetricId, _begin: float, _end: float) -> Iterator[Kept]:
        return iter(())

    def write(self, buckets: list[Kept]) -> None: ...
    def drop(self, _metric: MetricId, _begin: float) -> None: ...
    def age(self, now: float) -> None: ...
    def close(self) -> None: ...


class MetricStore:
    """Use it on the event loop's thread only. `now` is in Unix seconds in every call."""

    def __init__(self, disk: Disk | None = None) -> None:
        self._disk = disk or NoDisk()
        self._recent: dict[MetricId, dict[Key, Bucket]] = {}
        self._last: dict[MetricId, float] = {}
        self._named = 0
        self._size = 0
        self._dirty: set[tuple[MetricId, Key]] = set()
        self._oldest_in_memory: dict[MetricId, float] = {}
        for metric in self._disk.metrics():
            self._recent[metric] = {}
            self._named += len(str(metric))

    def put(self, datum: Datum, now: float) -> None:
        """Raises MetricError if there are too many metrics. The others lose nothing."""
        series = self._recent.get(datum.metric)
        if series is None:
            named = self._named + len(str(datum.metric))
            if len(self._recent) >= MOST_METRICS or named > MOST_NAMED:
                raise MetricError(f"there are {len(self._recent)} metrics already")
            self._named = named
            series = self._recent[datum.metric] = {}
        self._oldest_in_memory.setdefault(datum.metric, now)
        length = 1 if datum.resolution < 60 else 60
        key = (length, int(datum.time // length) * length, datum.unit)
        bucket = series.get(key)
        if bucket is None:
            bucket = series[key] = self._known(datum.metric, key)
            self._size += _size(bucket)
        before = _size(bucket)
        bucket.add(datum)
        self._size += _size(bucket) - before
        self._last[datum.metric] = max(datum.time, self._last.get(datum.metric, 0.0))
        self._dirty.add((datum.metric, key))
        if len(series) > MOST_RECENT + 50:  # at last: what is new may be the oldest
            self._forget(datum.metric, series, MOST_RECENT)
        if self._size > MOST_BYTES:
            for metric, each in self._recent.items():
                self._forget(metric, each, len(each) // 2)

    def _known(self, metric: MetricId, key: Key) -> Bucket:
        """An earlier process may have begun the bucket."""
        for kept in self._disk.read(metric, key[1], key[1] + key[0]):
            if (kept.length, kept.start, kept.bucket.unit) == key:
                return kept.bucket
        return Bucket(key[2])

    def _forget(self, metric: MetricId, series: dict[Key, Bucket], most: int) -> None:
        """Move the oldest buckets to disk, so that a metric takes no more than its share of
        memory."""
        self.flush()
        oldest = sorted(series, key=lambda key: key[1])[: len(series) - most]
        for key in oldest:
            self._size -= _size(series.pop(key))
        if oldest:
            end = oldest[-1][1] + oldest[-1][0]
            self._oldest_in_memory[metric] = max(end, self._oldest_in_memory.get(metric, 0.0))

    def buckets(
        self, metric: MetricId, begin: float, end: float, period: float, unit: str = ""
    ) -> Mapping[int, Bucket]:
        """The buckets of [begin, end) with this unit, by the number of their period, counted from
        `begin`. Without a unit, each period has the data of one: units are never added up."""
        found = self.by_unit(metric, begin, end, period)
        if not unit:
            order = sorted(found, key=lambda key: _RANKS.get(key[1], len(UNITS)), reverse=True)
            return {number: found[number, one] for number, one in order}
        return {number: bucket for (number, one), bucket in found.items() if one == unit}

    def by_unit(
        self, metric: MetricId, begin: float, end: float, period: float
    ) -> Mapping[tuple[int, str], Bucket]:
        """The buckets of [begin, end), by the number of their period and their unit."""
        found: dict[tuple[int, str], Bucket] = {}
        for start, bucket in self._between(metric, begin, end):
            key = (int((start - begin) // period), bucket.unit)
            found.setdefault(key, Bucket(bucket.unit)).merge(bucket)
        return found

    def _between(self, metric: MetricId, begin: float, end: float) -> Iterator[tuple[int, Bucket]]:
        series = self._recent.get(metric, {})
        for (_, start, _), bucket in series.items():
            if begin <= start < end:
                yield start, bucket
        if begin < self._oldest_in_memory.get(metric, end):
            for kept in self._disk.read(metric, begin, end):
                if (kept.length, kept.start, kept.bucket.unit) not in series:
                    yield kept.start, kept.bucket

    def metrics(self) -> tuple[MetricId, ...]:
        """Every metric that has had data."""
        return tuple(self._recent)

    def drop(self, metric: MetricId, begin: float) -> None:
        """Remove a metric's data from `begin` on, because a rehearsal made it up. A bucket of a
        minute that began earlier is real: rehearsed data is kept by the second."""
        series = self._recent.get(metric, {})
        for key in [key for key in series if key[1] >= int(begin)]:
            self._size -= _size(series.pop(key))
            self._dirty.discard((metric, key))
        self._disk.drop(metric, begin)

    def last(self, metric: MetricId) -> float:
        """The time of the newest datum; 0 if none came since the start."""
        return self._last.get(metric, 0.0)

    def flush(self) -> None:
        """Write the changes to disk."""
        if not self._dirty:
            return
        changed = [
            Kept(metric, key[0], key[1], bucket)
            for metric, key in self._dirty
            if (bucket := self._recent.get(metric, {}).get(key)) is not None
        ]
        self._disk.write(changed)
        self._dirty.clear()

    def age(self, now: float) -> None:
        """Merge old buckets into longer ones, and finally remove them. Memory keeps the recent
        ones."""
        self.flush()
        for metric, series in self._recent.items():
            old = [key for key in series if key[1] < now - RECENT]
            for key in old:
                self._size -= _size(series.pop(key))
            if old:
                self._oldest_in_memory[metric] = now - RECENT
        self._disk.age(now)

    def close(self) -> None:
        """Write everything to disk, and close it."""
        self.flush()
        self._disk.close()


def _size(bucket: Bucket) -> int:
    """What a bucket takes in memory, about."""
    return _BUCKET + _VALUE * len(bucket.values or ())
