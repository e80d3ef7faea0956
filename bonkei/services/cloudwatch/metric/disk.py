"""Buckets in SQLite, written later than they come, and with less detail as they age."""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from bonkei.services.cloudwatch.metric.bucket import MOST_VALUES, Bucket
from bonkei.services.cloudwatch.metric.model import MetricId
from bonkei.services.cloudwatch.metric.store import RECENT, RESOLUTIONS, Kept
from bonkei.services.cloudwatch.sqlite_file import open_file

_MOST_BUCKETS = 1_000_000  # about 100 MB

_SCHEMA = """
create table if not exists metric (
  id integer primary key, namespace text, name text, dimensions text,
  unique (namespace, name, dimensions)
);
create table if not exists data (
  metric integer, length integer, start integer,
  count real, total real, low real, high real, unit text, spread text,
  primary key (metric, start, length, unit)
) without rowid;
-- An earlier version kept one unit only.
create table if not exists bucket (a, b, c, d, e, f, g, h, i);
insert or ignore into data select * from bucket;
drop table bucket;
"""


class SqliteDisk:
    """One file. A damaged file is set aside: metrics begin from nothing, and nothing else depends
    on them."""

    def __init__(self, file: Path) -> None:
        self._connection = open_file(file, _SCHEMA)
        self._ids = self._read_ids()

    def metrics(self) -> Iterator[MetricId]:
        """Every metric that has been written."""
        return iter(tuple(self._ids))

    def read(self, metric: MetricId, begin: float, end: float) -> Iterator[Kept]:
        """The buckets that start in [begin, end)."""
        number = self._ids.get(metric)
        if number is None:
            return
        rows = self._connection.execute(
            "select length, start, count, total, low, high, unit, spread from data"
            " where metric = ? and start >= ? and start < ?",
            (number, begin, end),
        )
        for length, start, *rest in rows.fetchall():
            yield Kept(metric, length, start, _bucket(*rest))

    def write(self, buckets: list[Kept]) -> None:
        """Write in one transaction. If the disk is full, these values are lost; the caller gets no
        error."""
        try:
            with self._connection:
                self._connection.executemany(
                    "insert or replace into data values (?,?,?,?,?,?,?,?,?)",
                    [self._row(kept) for kept in buckets],
                )
        except sqlite3.OperationalError:
            self._ids = self._read_ids()  # the number of a new metric would be another one's later

    def _read_ids(self) -> dict[MetricId, int]:
        rows = self._connection.execute("select id, namespace, name, dimensions from metric")
        return {
            MetricId(namespace, name, tuple((k, v) for k, v in json.loads(dimensions))): number
            for number, namespace, name, dimensions in rows
        }

    def drop(self, metric: MetricId, begin: float) -> None:
        """Delete the injected data."""
        with self._connection:
            self._connection.execute(
                "delete from data where metric = ? and start >= ?",
                (self._ids.get(metric, -1), int(begin)),
            )

    def _row(self, kept: Kept) -> tuple[object, ...]:
        bucket = kept.bucket
        spread = None if bucket.values is None else json.dumps(list(bucket.values.items()))
        return (
            self._number(kept.metric),
            kept.length,
            kept.start,
            bucket.count,
            bucket.total,
            bucket.low,
            bucket.high,
            bucket.unit,
            spread,
        )

    def _number(self, metric: MetricId) -> int:
        if metric not in self._ids:
            cursor = self._connection.execute(
                "insert into metric (namespace, name, dimensions) values (?, ?, ?)",
                (metric.namespace, metric.name, json.dumps(metric.dimensions)),
            )
            self._ids[metric] = int(cursor.lastrowid or 0)
        return self._ids[metric]

    def age(self, now: float) -> None:
        """Keep data as CloudWatch does: buckets of less than a minute for three hours, of a minute
        for 15 days, of 5 minutes for 63 days, of an hour for 455 days. Over the limit of size, the
        oldest are removed."""
        self._lengthen(1, 60, now - RECENT)
        for (length, most), (longer, _) in itertools.pairwise(RESOLUTIONS):
            self._lengthen(length, longer, now - most)
        with self._connection:
            self._connection.execute(
                "delete from data where start < ?", (now - RESOLUTIONS[-1][1],)
            )
            (count,) = self._connection.execute("select count(*) from data").fetchone()
            if count > _MOST_BUCKETS:
                self._connection.execute(
                    "delete from data where start <= (select start from data"
                    " order by start limit 1 offset ?)",
                    (count - _MOST_BUCKETS,),
                )

    def _lengthen(self, length: int, longer: int, before: float) -> None:
        limit = int(before // longer) * longer
        names = {number: metric for metric, number in self._ids.items()}
        rows = self._connection.execute(
            "select metric, start, count, total, low, high, unit, spread from data"
            " where length = ? and start < ?",
            (length, limit),
        ).fetchall()
        longer_ones: dict[tuple[int, int, str], Bucket] = {}
        for metric, start, *rest in rows:
            found = _bucket(*rest)
            key = (metric, start // longer * longer, found.unit)
            longer_ones.setdefault(key, Bucket(found.unit)).merge(found)
        for (metric, start, unit), bucket in longer_ones.items():
            for kept in self.read(names[metric], start, start + 1):
                if (kept.length, kept.bucket.unit) == (longer, unit):
                    bucket.merge(kept.bucket)
        with self._connection:
            self._connection.execute(
                "delete from data where length = ? and start < ?", (length, limit)
            )
        self.write([Kept(names[m], longer, s, bucket) for (m, s, _), bucket in longer_ones.items()])

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def _bucket(
    count: float, total: float, low: float, high: float, unit: str, spread: str | None
) -> Bucket:
    bucket = Bucket(unit)
    bucket.count, bucket.total, bucket.low, bucket.high = count, total, low, high
    bucket.is_coarse = spread is not None and spread.count("[") > MOST_VALUES
    bucket.values = None if spread is None else {v: n for v, n in json.loads(spread)}  # noqa: C416
    return bucket
