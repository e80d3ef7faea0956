"""Parsers, times and tags in the form that Fluent Bit documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bonkei.logs.router.configuration.model import Place, Property, Section
from bonkei.logs.router.errors import RouterError
from bonkei.logs.router.parsing.parsers import make_parser
from bonkei.logs.router.records.tags import matcher
from bonkei.logs.router.records.times import date_writer, time_reader

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


def test_regex_of_apache() -> None:
    """pipeline/parsers/regular-expression."""
    pattern = (
        r'^(?<host>[^ ]*) [^ ]* (?<user>[^ ]*) \[(?<time>[^\]]*)\] "(?<method>\S+)'
        r'(?: +(?<path>[^\"]*?)(?: +\S*)?)?" (?<code>[^ ]*) (?<size>[^ ]*)'
        r'(?: "(?<referer>[^\"]*)" "(?<agent>[^\"]*)")?$'
    )
    record, time = parse(
        '192.168.2.20 - - [29/Jul/2015:10:27:10 -0300] "GET /cgi-bin/try/ HTTP/1.0" 200 3395',
        format="regex",
        regex=pattern,
        time_key="time",
        time_format="%d/%b/%Y:%H:%M:%S %z",
        types="code:integer size:integer",
    )
    assert time == 1438176430 * _SECOND
    assert record == {
        "host": "192.168.2.20",
        "user": "-",
        "method": "GET",
        "path": "/cgi-bin/try/",
        "code": 200,
        "size": 3395,
    }


def test_logfmt() -> None:
    """pipeline/parsers/logfmt."""
    told = {"format": "logfmt"}
    assert parse("key1=val1 key2=val2 key3", **told) == (
        {"key1": "val1", "key2": "val2", "key3": True},
        None,
    )
    assert parse('a="two words" b="q\\"q"', **told) == ({"a": "two words", "b": 'q"q'}, None)
    assert parse("a b", format="logfmt", logfmt_no_bare_keys="true") is None


def test_ltsv() -> None:
    """pipeline/parsers/ltsv."""
    text = "host:127.0.0.1\tident:-\tuser:-\treq:GET / HTTP/1.1\tstatus:200"
    record, _ = parse(text, format="ltsv", types="status:integer")
    assert record["req"] == "GET / HTTP/1.1"
    assert record["status"] == 200


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
        ({"format": "regex"}, "has no regex"),
        ({"format": "regex", "regex": "("}, "regular expression"),
        ({"format": "json", "types": "a:money"}, "types"),
        ({"format": "json", "decode_field": "mysql a"}, "decode_field"),
    ],
)
def test_mistakes_in_parsers_are_reported(settings: dict[str, str], named: str) -> None:
    with pytest.raises(RouterError, match=r"f\.conf:1") as refused:
        make_parser(section(name="x", **settings))
    assert named in refused.value.message


def test_a_decoder_opens_json_inside_json() -> None:
    """pipeline/parsers/decoders."""
    text = '{"log": "{\\"a\\": 1}", "stream": "stdout"}'
    assert parse(text, format="json", decode_field_as="json log")[0] == {
        "log": {"a": 1},
        "stream": "stdout",
    }
    assert parse(text, format="json", decode_field="json log")[0]["a"] == 1
