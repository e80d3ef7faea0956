"""The arithmetic of uptime, tested by properties."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from backend.domain.status import ComponentStatus, worst
from backend.domain.uptime import (
    DAY,
    Interval,
    Slice,
    first_day,
    midnight,
    percent,
    slices,
    summarize,
    timeline,
)
from hypothesis import given
from hypothesis import strategies as st

NOW = dt.datetime(2026, 3, 15, 12, 34, 56, 789, dt.UTC)
DAYS = 7
FIRST = first_day(NOW, DAYS)
MICROSECOND = dt.timedelta(microseconds=1)

moments = st.integers(1, 10 * 86_400_000_000).map(lambda n: NOW - n * MICROSECOND)
statuses = st.sampled_from(ComponentStatus)


@st.composite
def windows(draw: st.DrawFn) -> list[Interval]:
    """A component's incidents: any windows, overlapping or not, ended or not."""
    found = []
    for _ in range(draw(st.integers(0, 6))):
        start, end = sorted((draw(moments), draw(moments)))
        if start < end:
            found.append(Interval(draw(statuses), start, draw(st.sampled_from([end, None]))))
    return found


@given(windows(), moments)
def test_a_timeline_has_no_gaps_or_overlaps(given_windows: list[Interval], since: dt.datetime):
    line = timeline(given_windows, since, NOW)
    assert line[0].started_at == since
    assert line[-1].ended_at is None
    for before, after in pairwise(line):
        assert before.ended_at == after.started_at > before.started_at
        assert before.status is not after.status


@given(windows(), moments, moments)
def test_a_timeline_shows_the_worst_at_any_time(
    given_windows: list[Interval], since: dt.datetime, time: dt.datetime
):
    since, time = sorted((since, time))
    line = timeline(given_windows, since, NOW)

    def at(intervals: list[Interval]) -> list[ComponentStatus]:
        return [
            i.status for i in intervals if i.started_at <= time < (i.ended_at or NOW + MICROSECOND)
        ]

    assert at(line) == [worst(at(given_windows))]


@given(windows(), moments)
def test_slices_add_up_to_the_elapsed_time(given_windows: list[Interval], since: dt.datetime):
    parts = slices(timeline(given_windows, since, NOW), FIRST, NOW)
    passed = max(dt.timedelta(0), NOW - max(since, midnight(FIRST)))
    assert sum(part.microseconds for part in parts) == passed // MICROSECOND
    assert all(0 < part.microseconds <= DAY // MICROSECOND for part in parts)
    assert all(FIRST <= part.date <= NOW.date() for part in parts)


@given(windows(), moments)
def test_a_summary_agrees_with_its_days(given_windows: list[Interval], since: dt.datetime):
    parts = slices(timeline(given_windows, since, NOW), FIRST, NOW)
    summary = summarize(parts, first=FIRST, days=DAYS, since=since, now=NOW)
    assert [day.date for day in summary.days] == [FIRST + DAY * n for n in range(DAYS)]
    for day in summary.days:
        known = midnight(day.date) + DAY > since
        assert (day.status is not None) is known
        assert (day.uptime_percent is None) is not known
        here = [part for part in parts if part.date == day.date]
        down = sum(part.microseconds for part in here if part.status.is_down)
        assert day.downtime_seconds == down // 1_000_000
        assert (day.uptime_percent == 100) is (known and down == 0)
        if known:
            assert day.status is worst(part.status for part in here)
    percents = [day.uptime_percent for day in summary.days if day.uptime_percent is not None]
    assert summary.uptime_percent is not None
    # Rounding down may lose a thousandth.
    assert min(percents) - 0.001 <= summary.uptime_percent <= max(percents) + 0.001


@given(st.integers(0, 10**15), st.integers(1, 10**15))
def test_only_complete_uptime_is_a_hundred_percent(part: int, whole: int):
    part = min(part, whole)
    found = percent(part, whole)
    assert found is not None
    assert (found == 100) is (part == whole)
    assert found <= 100 * part / whole + 1e-9


def test_a_day_ends_at_midnight_in_utc_in_every_zone():
    tokyo = dt.timezone(dt.timedelta(hours=9))
    start = dt.datetime(2026, 3, 14, 8, 0, tzinfo=tokyo)  # 23:00 the day before, in UTC
    end = start + dt.timedelta(hours=2)
    parts = slices([Interval(ComponentStatus.MAJOR_OUTAGE, start, end)], FIRST, NOW)
    hour = 3_600_000_000
    assert parts == [
        Slice(dt.date(2026, 3, 13), ComponentStatus.MAJOR_OUTAGE, hour),
        Slice(dt.date(2026, 3, 14), ComponentStatus.MAJOR_OUTAGE, hour),
    ]


@pytest.mark.parametrize(
    ("status", "down"),
    [
        (ComponentStatus.OPERATIONAL, False),
        (ComponentStatus.UNDER_MAINTENANCE, False),
        (ComponentStatus.DEGRADED_PERFORMANCE, False),
        (ComponentStatus.PARTIAL_OUTAGE, True),
        (ComponentStatus.MAJOR_OUTAGE, True),
    ],
)
def test_statuses_that_count_as_downtime(status: ComponentStatus, down: bool):
    part = Slice(NOW.date(), status, 60_000_000)
    summary = summarize([part], first=NOW.date(), days=1, since=midnight(NOW.date()), now=NOW)
    assert summary.days[0].downtime_seconds == (60 if down else 0)
    assert summary.days[0].status is status


def test_nothing_is_known_before_a_component_was_created():
    since = NOW - dt.timedelta(days=2)
    summary = summarize([], first=FIRST, days=DAYS, since=since, now=NOW)
    assert [day.status for day in summary.days] == [None] * 4 + [ComponentStatus.OPERATIONAL] * 3
    assert summary.uptime_percent == 100
