"""One line of a log, read as a record, from common loggers and from hostile writers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bonkei.cli.observing.logs import render
from bonkei.cli.terminal import as_json
from bonkei.miniature.log_files.record import Record, parse_since, read

TASK = "0123456789abcdef0123456789abcdef"
PREFIX = f"2026-01-01T10:00:03.500Z {TASK} "


def one(text: str) -> Record:
    (record,) = read("app-web/web", "container", [PREFIX + text])
    return record


def written(**fields: Any) -> Record:
    return one(json.dumps(fields))


@pytest.mark.parametrize(
    ("fields", "level", "message", "request_id"),
    [
        ({"level": "ERROR", "message": "no", "request_id": "r1"}, "ERROR", "no", "r1"),
        ({"level": 40, "msg": "pino", "reqId": "x", "requestId": "r2"}, "WARNING", "pino", "r2"),
        ({"severity": "notice", "event": "structlog"}, "INFO", "structlog", ""),
        ({"levelname": "CRITICAL", "message": {"a": 1}}, "FATAL", '{"a": 1}', ""),
        ({"lvl": "5", "message": "odd"}, "", "odd", ""),
        ({"level": True, "message": "odd"}, "", "odd", ""),
    ],
)
def test_the_common_loggers_are_understood(
    fields: dict[str, Any], level: str, message: str, request_id: str
) -> None:
    record = written(**fields)
    assert (record.level, record.message, record.request_id) == (level, message, request_id)
    assert (record.time, record.task) == ("2026-01-01T10:00:03.500Z", TASK)


@pytest.mark.parametrize("text", ["plain", "{not json", "[1]", '"text"', "", "{" * 100_000])
def test_a_line_that_is_not_a_record_stays_as_it_is(text: str) -> None:
    record = one(text)
    assert (record.message, record.text, record.fields) == (text, text, None)


def test_a_record_is_one_line_and_its_traceback_is_below() -> None:
    record = written(
        level="ERROR",
        message="it failed",
        request_id="Root=1",
        exception="Traceback (most recent call last):\n  File x\nValueError: 1",
        logger="left out",
    )
    error, request = "\x1b[31mERROR  \x1b[0m", "\x1b[2m[Root=1]\x1b[0m"
    assert render(record, 12).splitlines() == [
        f"app-web/web  | 2026-01-01T10:00:03.500Z 01234567 {error} it failed {request}",
        "app-web/web  |     Traceback (most recent call last):",
        "app-web/web  |       File x",
        "app-web/web  |     ValueError: 1",
    ]


def test_the_json_of_a_record_is_valid_for_every_content() -> None:
    deep = one('{"a": ' + "[" * 500 + "NaN, 1e999" + "]" * 500 + "}")
    assert deep.fields is not None
    json.loads(as_json(deep.as_dict()), parse_constant=pytest.fail)


def test_the_stack_of_a_node_program() -> None:
    record = written(level=50, msg="failed", err={"message": "x", "stack": "Error: x\n    at y"})
    assert record.exception == "Error: x\n    at y"


@pytest.mark.parametrize(
    "hostile",
    ["\x1b]0;title\x07", "\x9b31m", "\x90q\x9c", "a\rb", "\u202eevil", "\ud800", "\x00", "\x7f"],
)
def test_a_logged_line_cannot_control_the_terminal(hostile: str) -> None:
    plain = next(iter(read("web", "container", [PREFIX + hostile.replace("\r", "")])))
    records = [
        plain,
        written(message=hostile, request_id=hostile, exception=f"x\n{hostile}"),
        Record(hostile, "", hostile, hostile),
    ]
    for record in records:
        shown = render(record, 1)
        ours = shown.replace("\x1b[2m", "").replace("\x1b[0m", "")
        assert not any(c in ours for c in hostile if not c.isprintable())
        shown.encode()


def test_lines_of_an_unstructured_traceback_are_one_error() -> None:
    lines = [
        "before",
        "Traceback (most recent call last):",
        '  File "x"',
        "ValueError: 1",
        "after",
        "WARNING: beware",
    ]
    records = list(read("web", "container", [PREFIX + line for line in lines]))
    levels = [record.level for record in records]
    assert levels == ["", "ERROR", "ERROR", "ERROR", "", "WARNING"]
    assert [record.is_at_least("ERROR") for record in records].count(True) == 3
    assert records[0].is_at_least("INFO")
    assert not records[0].is_at_least("WARNING")


def test_a_databases_lines_have_their_own_levels() -> None:
    lines = [
        "2026-01-01 10:00:02 UTC:127.0.0.1(5):app@db:[12]:ERROR:  no such table",
        "2026-01-01 10:00:02 UTC:127.0.0.1(5):app@db:[12]:STATEMENT:  SELECT ERROR: x",
        "\tFROM y",
        "2026-01-01 10:00:05 UTC::@:[1]:LOG:  ready",
    ]
    records = list(read("db", "database", lines))
    assert [record.level for record in records] == ["ERROR", "ERROR", "ERROR", "INFO"]
    assert records[0].time == records[2].time == "2026-01-01T10:00:02.000Z"


@pytest.mark.parametrize(
    ("given", "moment"),
    [
        ("90s", "2026-01-31T11:58:30.000Z"),
        ("10m", "2026-01-31T11:50:00.000Z"),
        ("2h", "2026-01-31T10:00:00.000Z"),
        ("1d", "2026-01-30T12:00:00.000Z"),
        ("2026-01-31T09:00:00+09:00", "2026-01-31T00:00:00.000Z"),
        ("2026-01-31 09:00", "2026-01-31T09:00:00.000Z"),
        ("2026-01-31T09:00:00.123Z", "2026-01-31T09:00:00.123Z"),
        ("999999d", "1970-01-01T00:00:00.000Z"),
    ],
)
def test_values_of_since(given: str, moment: str) -> None:
    assert parse_since(given, datetime(2026, 1, 31, 12, tzinfo=UTC)) == moment


@pytest.mark.parametrize("given", ["", "10", "m", "-5m", "yesterday", "1w"])
def test_invalid_values_of_since(given: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the command words it
        parse_since(given, datetime(2026, 1, 31, tzinfo=UTC))
