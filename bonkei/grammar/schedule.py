"""Schedules such as `rate(5 minutes)`, `cron(0 8 ? * MON-FRI *)` and `at(2026-11-26T12:00:00)`.

"Schedule types on EventBridge Scheduler",
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo

from bonkei.base.errors import BonkeiError

_RATE = re.compile(r"rate\(([0-9]{1,9}) (minute|minutes|hour|hours|day|days)\)")
_CRON = re.compile(r"cron\(([^)]*)\)")
_AT = re.compile(r"at\(([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})\)")
_UNITS = {"minute": 60, "hour": 3600, "day": 86400}
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS = 6
_LARGEST_CIRCLE = 60

Due = Callable[[float, float], bool]
"""Whether the schedule fires in a minute. The arguments: when the minute begins, and when the
schedule began."""


class ScheduleError(BonkeiError):
    """An expression that EventBridge refuses."""


def require_unit(text: str) -> None:
    """Raise ScheduleError for `rate(1 hours)` and `rate(5 hour)`, which only rules refuse.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rate-expressions.html
    """
    found = _RATE.fullmatch(text)
    if found and (int(found[1]) == 1) is found[2].endswith("s"):
        unit = found[2].rstrip("s")
        raise ScheduleError(f"{text}: write `1 {unit}`, or `2 {unit}s`")


def parse_schedule(text: str, zone: tzinfo = UTC) -> Due:
    """Parse a schedule. cron and at use the time zone `zone`. Raises ScheduleError."""
    if found := _RATE.fullmatch(text):
        number, unit = int(found[1]), found[2]
        if number < 1:
            raise ScheduleError(f"{text}: a rate begins with 1")
        seconds = number * _UNITS[unit.rstrip("s")]
        return lambda minute, begun: (
            minute > begun and (minute - begun) // seconds > (minute - 60 - begun) // seconds
        )
    if found := _AT.fullmatch(text):
        moment = _moment(found[1], zone, text) // 60 * 60
        return lambda minute, _: minute == moment
    if found := _CRON.fullmatch(text):
        fields = found[1].split()
        if len(fields) != _FIELDS:
            raise ScheduleError(f"{text} has {len(fields)} fields, and not six")
        return _once(_cron(fields, text), zone)
    raise ScheduleError(f"{text} is not rate(…), cron(…) or at(…)")


def _moment(given: str, zone: tzinfo, text: str) -> float:
    try:
        return datetime.fromisoformat(given).replace(tzinfo=zone).timestamp()
    except (ValueError, OverflowError) as error:
        raise ScheduleError(f"{text}: {error}") from None


def _once(test: Callable[[datetime], bool], zone: tzinfo) -> Due:
    """When clocks go back, "your schedule runs only once and does not repeat its invocation"."""

    def due(minute: float, _: float) -> bool:
        moment = datetime.fromtimestamp(minute, zone)
        return moment.fold == 0 and test(moment)

    return due


def parse_window(text: str, zone: tzinfo = UTC) -> Callable[[float], bool]:
    """Whether a moment (Unix seconds) is within a window of CodePipeline's: seconds, which are
    always `*`, minutes, hours, day of month, month, day of week, and perhaps the year. Raises
    ScheduleError.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/rule-reference-DeploymentWindow.html
    """
    seconds, *fields = text.split() or [""]
    if seconds != "*" or len(fields) not in {5, 6}:
        raise ScheduleError(
            f"{text!r} is not a window: write `* MIN HOUR DAY MONTH WEEKDAY [YEAR]`"
        )
    test = _cron([*fields, "*"][:_FIELDS], text)
    return lambda moment: test(datetime.fromtimestamp(moment, zone))


def _cron(fields: list[str], text: str) -> Callable[[datetime], bool]:
    minute, hour, day, month, weekday, year = fields
    if (day == "?") is (weekday == "?"):
        raise ScheduleError(f"{text}: one of day-of-month and day-of-week is `?`")
    tests = [
        _numbers(minute, 0, 59, text, lambda now: now.minute),
        _numbers(hour, 0, 23, text, lambda now: now.hour),
        _numbers(_named(month, _MONTHS, 1), 1, 12, text, lambda now: now.month),
        _numbers(year, 1970, 2199, text, lambda now: now.year),
    ]
    if day != "?":
        tests.append(_any(day, _day_of_month, text))
    if weekday != "?":
        tests.append(_any(_named(weekday, _DAYS, 1), _day_of_week, text))
    return lambda now: all(test(now) for test in tests)


def _any(
    field: str, one: Callable[[str, str], Callable[[datetime], bool]], text: str
) -> Callable[[datetime], bool]:
    tests = [one(part, text) for part in field.split(",")]
    return lambda now: any(test(now) for test in tests)


def _named(field: str, names: tuple[str, ...], first: int) -> str:
    for place, name in enumerate(names):
        field = re.sub(name, str(place + first), field, flags=re.IGNORECASE)
    return field


def _numbers(
    field: str, least: int, most: int, text: str, of: Callable[[datetime], int]
) -> Callable[[datetime], bool]:
    """Parse `*`, `5`, `1-5`, `1,2` or `0/15`. A range may go over the end, as `SAT-SUN` does; that
    of years may not.
    """
    allowed: set[int] = set()
    for part in field.split(","):
        found = re.fullmatch(r"(\*|[0-9]{1,4}|(?=/))(?:-([0-9]{1,4}))?(?:/([0-9]{1,4}))?", part)
        if found is None:
            raise ScheduleError(f"{text}: `{part}` is not understood")
        first = least if found[1] in ("*", "") else int(found[1])
        last = most if found[1] == "*" or (found[3] and not found[2]) else int(found[2] or first)
        if not (least <= first <= most and least <= last <= most):
            raise ScheduleError(f"{text}: `{part}` is not within {least} and {most}")
        size = most - least + 1
        if last < first and size > _LARGEST_CIRCLE:
            raise ScheduleError(f"{text}: `{part}` ends before it begins")
        end = last + size * (last < first) + 1
        allowed.update(
            least + (each - least) % size for each in range(first, end, int(found[3] or 1) or 1)
        )
    return lambda now: of(now) in allowed


def _day_of_month(field: str, text: str) -> Callable[[datetime], bool]:
    """`L` is the last day, `L-2` two days before it, `LW` the last weekday, `15W` the nearest."""
    if field == "LW":
        return lambda now: now.day == _nearest_weekday(now.year, now.month, 31)
    if found := re.fullmatch(r"L(?:-([0-9]{1,2}))?", field):
        before = int(found[1] or 0)
        return lambda now: now.day == calendar.monthrange(now.year, now.month)[1] - before
    if found := re.fullmatch(r"([1-9]|[12][0-9]|3[01])W", field):
        wanted = int(found[1])
        return lambda now: now.day == _nearest_weekday(now.year, now.month, wanted)
    return _numbers(field, 1, 31, text, lambda now: now.day)


def _nearest_weekday(year: int, month: int, day: int) -> int:
    last = calendar.monthrange(year, month)[1]
    day = min(day, last)
    weekday = calendar.weekday(year, month, day)  # Monday is 0
    if weekday == calendar.SATURDAY:
        return day - 1 if day > 1 else day + 2
    if weekday == calendar.SUNDAY:
        return day + 1 if day < last else day - 2
    return day


def _day_of_week(field: str, text: str) -> Callable[[datetime], bool]:
    """1 is Sunday. `6L` is the last Friday, `3#2` the second Tuesday of a month."""
    if found := re.fullmatch(r"([1-7])?L", field):
        last, wanted = found[1] is not None, int(found[1] or 7)
        return lambda now: (
            _weekday(now) == wanted
            and (not last or now.day + 7 > calendar.monthrange(now.year, now.month)[1])
        )
    if found := re.fullmatch(r"([1-7])#([1-5])", field):
        wanted, which = int(found[1]), int(found[2])
        return lambda now: _weekday(now) == wanted and (now.day - 1) // 7 + 1 == which
    return _numbers(field, 1, 7, text, _weekday)


def _weekday(now: datetime) -> int:
    return (now.weekday() + 1) % 7 + 1
