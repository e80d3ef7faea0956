"""Parsers, times and tags in the form that Fluent Bit documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bonkei.services.logs.router.configuration.model import Place, Property, Section
from bonkei.services.logs.router.errors import RouterError
from bonkei.services.logs.router.parsing import make_parser, read_time
from bonkei.services.logs.router.pipeline import matcher

_PLACE = Place(Path("f.conf"), 1)
_SECOND = 1_000_000_000


def section(**settings: str) -> Section:
    return Section("parser", tuple(Property(k, v, _PLACE) for k, v in settings.items()), _PLACE)


def parse(text: str, **settings: str) -> Any:
    return make_parser(section(name="x", **settings))(text)


def test_json_with_its_time() -> None:
    """pipeline/parsers/json."""
    text = '{"key1": 12345, "key2": "abc", "time": "2006-07-28T13:22:04.0Z"}'
    told = {"format": "json", "time_key": "time", "time_format": "%Y-%m-%dT%H:%M:%S.%LZ"}
    assert parse(text, **told) == ({"key1": 12345, "key2": "abc"}, 1154092924 * _SECOND)
    kept, _ = parse(text, **told, time_keep="on")
    assert kept["time"] == "2006-07-28T13:22:04.0Z"
    for other in ("no json", "[1]", '{"a":', '{"a":1} 2', '"text"'):
        assert parse(other, **told) is None


def test_a_time_that_does_not_match_stays_in_the_record() -> None:
    told = {"format": "json", "time_key": "time", "time_format": "%Y-%m-%dT%H:%M:%S.%LZ"}
    assert parse('{"time": "yesterday"}', **told) == ({"time": "yesterday"}, None)
    assert parse('{"a": 1}', **told) == ({"a": 1}, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-26T12:00:00.123Z", 1795694400_123000000),
        ("2026-11-26T12:00:00.123456789Z", 1795694400_123456789),
        ("2026-11-26T12:00:00.1234567891Z", 1795694400_123456789),
        ("2026-11-26T12:00:00Z", None),
        ("2026-11-26T12:00:00.5+09:00", None),
        ("2026-11-31T12:00:00.5Z", None),
    ],
)
def test_times_are_read(text: str, expected: int | None) -> None:
    assert read_time(text) == expected


@pytest.mark.parametrize(
    ("name", "pattern", "taken", "refused"),
    [
        ("match", "*", "any.thing", None),
        ("match", "app-firelens*", "app-firelens-0123", "other-firelens-0123"),
        ("match", "my_*.x", "my_cpu.x", "my_cpu.y"),
        ("match", "exact", "exact", "exact.no"),
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
        ({"format": "json", "time_format": "%s"}, "time_format %s"),
    ],
)
def test_mistakes_in_parsers_are_reported(settings: dict[str, str], named: str) -> None:
    with pytest.raises(RouterError, match=r"f\.conf:1") as refused:
        make_parser(section(name="x", **settings))
    assert named in refused.value.message
