"""Uptime by day, computed from the history of a component's status.

Time is counted in whole microseconds, so that sums are exact.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from backend.domain.status import ComponentStatus, worst

DAY = dt.timedelta(days=1)
_MICROSECOND = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Interval:
    """A component was in `status` from `started_at` until `ended_at` (None: still is)."""

    status: ComponentStatus
    started_at: dt.datetime
    ended_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Slice:
    """On `date` (UTC) a component was in `status` for `microseconds` altogether."""

    date: dt.date
    status: ComponentStatus
    microseconds: int


@dataclass(frozen=True, slots=True)
class Day:
    date: dt.date
    status: ComponentStatus | None
    downtime_seconds: int
    uptime_percent: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """`days` oldest first; `uptime_percent` over all of them."""

    days: tuple[Day, ...]
    uptime_percent: float | None


def first_day(now: dt.datetime, days: int) -> dt.date:
    """The first of the `days` days in UTC that end with today."""
    return now.astimezone(dt.UTC).date() - DAY * (days - 1)


def slices(intervals: Iterable[Interval], first: dt.date, now: dt.datetime) -> list[Slice]:
    """`intervals` cut at midnight UTC, from day `first` until `now`, added up by day and status.

    The database does the same in one query (`backend.store.uptime`); a test holds the two equal.
    """
    total: dict[tuple[dt.date, ComponentStatus], int] = defaultdict(int)
    for interval in intervals:
        start = max(interval.started_at, midnight(first))
        end = min(interval.ended_at or now, now)
        while start < end:
            cut = min(end, midnight(start.astimezone(dt.UTC).date() + DAY))
            total[start.astimezone(dt.UTC).date(), interval.status] += (cut - start) // _MICROSECOND
            start = cut
    return [Slice(date, status, length) for (date, status), length in sorted(total.items())]


def timeline(windows: Iterable[Interval], since: dt.datetime, until: dt.datetime) -> list[Interval]:
    """The intervals of a component's status from `since` on, without gaps or overlaps.

    Where `windows` overlap the worst counts, and where there is none the component was operational.
    The last interval is the status at `until`, and is open.
    """
    windows = list(windows)
    times = {since} | {window.started_at for window in windows}
    times |= {window.ended_at for window in windows if window.ended_at is not None}
    result: list[Interval] = []
    for time in sorted(time for time in times if since <= time <= until):
        status = worst(
            window.status
            for window in windows
            if window.started_at <= time and (window.ended_at is None or time < window.ended_at)
        )
        if result and result[-1].status is status:
            continue
        if result:
            result[-1] = replace(result[-1], ended_at=time)
        result.append(Interval(status, time, None))
    return result


def summarize(
    parts: Sequence[Slice], *, first: dt.date, days: int, since: dt.datetime, now: dt.datetime
) -> Summary:
    """A component's uptime in the `days` days from `first`.

    Time that `parts` leave out counts as operational. There is no status before `since`, when the
    component was created, nor after `now`.
    """
    by_date: dict[dt.date, list[Slice]] = defaultdict(list)
    for part in parts:
        by_date[part.date].append(part)
    known_in_all = down_in_all = 0
    result: list[Day] = []
    for date in (first + DAY * index for index in range(days)):
        known = _overlap(date, since, now)
        down = min(known, sum(p.microseconds for p in by_date[date] if p.status.is_down))
        known_in_all += known
        down_in_all += down
        result.append(
            Day(
                date=date,
                status=worst(p.status for p in by_date[date]) if known else None,
                downtime_seconds=down // 1_000_000,
                uptime_percent=percent(known - down, known),
            )
        )
    return Summary(tuple(result), percent(known_in_all - down_in_all, known_in_all))


def percent(part: int, whole: int) -> float | None:
    """`part` of `whole` rounded down to three decimals: 100 only if nothing is missing."""
    return part * 100_000 // whole / 1000 if whole else None


def midnight(date: dt.date) -> dt.datetime:
    return dt.datetime.combine(date, dt.time.min, dt.UTC)


def _overlap(date: dt.date, since: dt.datetime, now: dt.datetime) -> int:
    start, end = max(midnight(date), since), min(midnight(date + DAY), now)
    return max(0, (end - start) // _MICROSECOND)
