"""Parsers, times and tags in the form that Fluent Bit documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bonkei.services.logs.router.configuration.model import Place, Property, Section
from bonkei.services.logs.router.errors import RouterError
from bonkei.services.logs.router.parsing.parsers import make_parser
from bonkei.services.logs.router.pipeline import matcher
from bonkei.services.logs.router.records.times import date_writer, time_reader

_PLACE = Place(Path("f.conf"), 1)
_SECOND = 1_000_000_000


def section(**settings: str) -> Section:
    return Section("parser", tuple(Property(k, v, _PLACE) for k, v in settings.items()), _PLACE)


def parse(text: str, **settings: str) -> Any:
    return make_parser(section(name="x", **settings))(text, 1_700_000_000.0)


def test_json_with_its_time() -> None:
    """pipeline/parsers/json."""
    text = '{"key1": 12345, "key2": "abc", "time": "2006-07-28T13:22:04Z"}'
    told = {"format": "json", "time_key": "time", "time_format": "%Y-%m-%dT%H:%M:%SZ"}
    assert parse(text, **told) == ({"key1": 12345, "key2": "abc"}, 1154092924 * _SECOND)
    kept, _ = parse(text, **told, time_keep="on")
    assert kept["time"] == "2006-07-28T13:22:04Z"
    for other in ("no json", "[1]", '{"a":', '{"a":1} 2', '"text"'):
        assert parse(other, **told) is None


def test_a_time_that_does_not_match_stays_in_the_record() -> None:
    told = {"format": "json", "time_key": "time", "time_format": "%Y-%m-%dT%H:%M:%S.%LZ"}
    assert parse('{"time": "yesterday"}', **told) == ({"time": "yesterday"}, None)
    assert parse('{"a": 1}', **told) == ({"a": 1}, None)


@pytest.mark.parametrize(
    ("format_", "text", "expected"),
    [
        ("%Y-%m-%dT%H:%M:%S.%LZ", "2026-11-26T12:00:00.123Z", 1795694400_123000000),
        ("%Y-%m-%dT%H:%M:%S.%LZ", "2026-11-26T12:00:00.123456789Z", 1795694400_123456789),
        ("%Y-%m-%dT%H:%M:%S.%LZ", "2026-11-26T12:00:00Z", None),
        ("%Y-%m-%dT%H:%M:%S.%L%z", "2026-11-26T21:00:00.5+0900", 1795694400_500000000),
        ("%s", "1795694400", 1795694400 * _SECOND),
        ("%s.%L", "1795694400.25", 1795694400_250000000),
        ("%b %d %H:%M:%S", "Nov 26 12:00:00", 1795694400 * _SECOND),
        ("%Y-%m-%d", "soon", None),
    ],
)
def test_times_are_read(format_: str, text: str, expected: int | None) -> None:
    assert time_reader(format_)(text, 1795694400.0) == expected


def test_an_offset_applies_to_times_without_a_zone() -> None:
    assert time_reader("%Y-%m-%d %H:%M:%S", "+0900")("2026-11-26 21:00:00", 0.0) == (
        1795694400 * _SECOND
    )
    with pytest.raises(RouterError, match="time_offset"):
        time_reader("%s", "nine", _PLACE)


@pytest.mark.parametrize(
    ("format_", "expected"),
    [
        ("double", 1795694400.123457),
        ("epoch", 1795694400),
        ("epoch_ms", 1795694400123),
        ("iso8601", "2026-11-26T12:00:00.123456Z"),
        ("java_sql_timestamp", "2026-11-26 12:00:00.123456"),
    ],
)
def test_times_are_written(format_: str, expected: object) -> None:
    assert date_writer(format_)(1795694400_123456789) == expected


@pytest.mark.parametrize(
    ("name", "pattern", "taken", "refused"),
    [
        ("match", "*", "any.thing", None),
        ("match", "app-firelens*", "app-firelens-0123", "other-firelens-0123"),
        ("match", "my_*.x", "my_cpu.x", "my_cpu.y"),
        ("match", "exact", "exact", "exact.no"),
        ("match_regex", "^.*_sensor_[AB]", "t_sensor_A", "t_sensor_C"),
    ],
)
def test_tags(name: str, pattern: str, taken: str, refused: str | None) -> None:
    """pipeline/router."""
    matches = matcher(section(**{name: pattern}))
    assert matches(taken)
    assert refused is None or not matches(refused)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"format": "xml"}, "format xml"),
        ({"format": "regex", "regex": "(?<a>.)"}, "format regex"),
        ({"format": "json", "time_format": "%s", "time_offset": "nine"}, "time_offset"),
    ],
)
def test_mistakes_in_parsers_are_reported(settings: dict[str, str], named: str) -> None:
    with pytest.raises(RouterError, match=r"f\.conf:1") as refused:
        make_parser(section(name="x", **settings))
    assert named in refused.value.message
