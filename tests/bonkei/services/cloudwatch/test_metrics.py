"""Metrics: their aggregation and their storage."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonkei.base.kept import DamagedError
from bonkei.services.cloudwatch.metric.bucket import MOST_VALUES, Bucket
from bonkei.services.cloudwatch.metric.disk import SqliteDisk
from bonkei.services.cloudwatch.metric.model import Datum, datum, metric_id
from bonkei.services.cloudwatch.metric.statistic import StatisticError, statistic
from bonkei.services.cloudwatch.metric.store import DAY, HOUR, MetricStore

M = metric_id("Own", "Latency", {"b": "2", "a": "1"})
T = 1_800_000_000.0


def bucket(*values: float) -> Bucket:
    found = Bucket()
    for value in values:
        found.add(datum(M, T, value))
    return found


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("SampleCount", 10),
        ("Average", 5.5),
        ("Sum", 55),
        ("Minimum", 1),
        ("Maximum", 10),
        ("p0", 1),
        ("p50", 5.5),
        ("p90", 9.1),
        ("p100", 10),
        ("tm90", 5),
        ("TM(10%:90%)", 5.5),
        ("IQM", 5.5),
        ("TM(2:4)", 3.5),  # the lower bound is exclusive, the upper one inclusive
        ("tc90", 9),
        ("ts90", 45),
        ("PR(:3)", 30),
        ("PR(8:)", 20),
        ("wm90", 5.4),
        ("WM(10%:90%)", 5.5),
    ],
)
def test_statistics(name: str, expected: float) -> None:
    assert statistic(name)(bucket(*range(1, 11))) == pytest.approx(expected)


@pytest.mark.parametrize("name", ["", "average", "p101", "TM()", "TM(:)", "TM(10%:5)", "q9"])
def test_invalid_statistics(name: str) -> None:
    with pytest.raises(StatisticError, match="is not a statistic"):
        statistic(name)


def test_a_statistic_set_has_no_percentiles() -> None:
    found = Bucket()
    found.add(Datum(M, T, count=4, total=10, low=1, high=4))

    assert statistic("Average")(found) == 2.5
    assert statistic("p99")(found) is None


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=1000))
def test_percentiles_stay_accurate_with_many_values(values: list[float]) -> None:
    found = bucket(*values)
    exact = sorted(values)

    assert found.values is not None
    for share in (0, 50, 90, 99, 100):
        place = share / 100 * (len(exact) - 1)
        low, high = exact[int(place)], exact[min(int(place) + 1, len(exact) - 1)]
        value = statistic(f"p{share}")(found)
        assert value is not None
        slack = 0.0101 * max(abs(low), abs(high)) + 1e-9
        assert low - slack <= value <= high + slack


def test_a_bucket_is_bounded() -> None:
    assert len(bucket(*(float(n) for n in range(1, 20_000))).values or ()) < 10 * MOST_VALUES


def test_the_order_of_dimensions_does_not_matter() -> None:
    assert metric_id("Own", "Latency", {"a": "1", "b": "2"}) == M


def test_a_store_survives_its_process(tmp_path: Path) -> None:
    first = MetricStore(SqliteDisk(tmp_path / "m.sqlite"))
    for second in range(120):
        first.put(datum(M, T + second, 1.0), T + second)
    first.flush()  # and the process is killed then
    second_store = MetricStore(SqliteDisk(tmp_path / "m.sqlite"))
    second_store.put(datum(M, T + 100, 5.0), T + 200)

    found = second_store.buckets(M, T, T + 120, 60)
    assert [(found[n].count, found[n].high) for n in sorted(found)] == [(60, 1.0), (61, 5.0)]
    assert second_store.metrics() == (M,)


def test_old_data_loses_detail(tmp_path: Path) -> None:
    store = MetricStore(SqliteDisk(tmp_path / "m.sqlite"))
    for minute in range(10):
        store.put(datum(M, T + 60 * minute, float(minute)), T)
    store.age(T + HOUR)
    assert len(store.buckets(M, T, T + 600, 60)) == 10
    store.age(T + 16 * DAY)
    assert len(store.buckets(M, T, T + 600, 60)) == 2
    store.age(T + 64 * DAY)
    found = store.buckets(M, T, T + 600, 60)
    assert [(one.count, one.total, one.high) for one in found.values()] == [(10, 45, 9)]
    store.age(T + 456 * DAY)
    assert not store.buckets(M, T, T + 600, 60)


def test_high_resolution_is_kept_by_the_second() -> None:
    store = MetricStore()
    for tenth in range(20):
        value = Datum(M, T + tenth / 2, ((float(tenth), 1.0),), resolution=1)
        store.put(value, T)

    assert [one.count for one in store.buckets(M, T, T + 10, 5).values()] == [10, 10]


def test_units_are_kept_apart_in_memory_and_on_disk(tmp_path: Path) -> None:
    first = MetricStore(SqliteDisk(tmp_path / "m.sqlite"))
    for unit, value in (("Percent", 50.0), ("Count", 900.0), ("Percent", 70.0)):
        first.put(datum(M, T, value, unit), T)
    first.flush()
    again = MetricStore(SqliteDisk(tmp_path / "m.sqlite"))
    for age in (0, 16 * DAY, 64 * DAY):
        again.age(T + age)
        for store in (first, again):
            found = store.by_unit(M, T, T + 60, 60)
            totals = {unit: one.total for (_, unit), one in found.items()}
            assert totals == {"Percent": 120.0, "Count": 900.0}
        assert [one.total for one in again.buckets(M, T, T + 60, 60, "Percent").values()] == [120]


def test_the_file_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "m.sqlite") as earlier:
        earlier.executescript(
            "create table metric (id integer primary key, namespace, name, dimensions);"
            "create table bucket (metric, length, start, count, total, low, high, unit, spread,"
            " primary key (metric, start, length)) without rowid;"
            'insert into metric values (1, \'Own\', \'Latency\', \'[["a", "1"], ["b", "2"]]\');'
            "insert into bucket values (1, 60, 1800000000, 2, 6, 2, 4, 'Count', null)"
        )
    for _ in range(2):
        store = MetricStore(SqliteDisk(tmp_path / "m.sqlite"))
        assert [(one.total, one.unit) for one in store.buckets(M, T, T + 60, 60).values()] == [
            (6, "Count")
        ]
        store.close()


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100])
def test_a_damaged_file_is_named_and_stays(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "m.sqlite"
    file.write_bytes(content)
    with pytest.raises(DamagedError, match=r"m\.sqlite is damaged"):
        SqliteDisk(file)
    assert file.read_bytes() == content


def test_memory_is_bounded_and_nothing_is_lost(tmp_path: Path) -> None:
    store = MetricStore(SqliteDisk(tmp_path / "m.sqlite"))
    for second in range(2000):
        store.put(Datum(M, T + second, ((1.0, 1.0),), resolution=1), T + second)

    assert sum(one.count for one in store.buckets(M, T, T + 2000, 60).values()) == 2000
