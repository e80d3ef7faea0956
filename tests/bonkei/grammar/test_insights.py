"""Logs Insights' language, after AWS's pages on its commands and functions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bonkei.grammar.insights import LogRecord, QueryError, parse, run

START = 1_700_000_000_000  # 2023-11-14 22:13:20 UTC
EVENTS = [
    {"level": "INFO", "status": 200, "ms": 7, "ip": "10.0.1.5", "user": {"id": 1}, "cold": True},
    {"level": "ERROR", "status": 500, "ms": 30, "ip": "10.0.2.5", "user": {"id": 2}},
    {"level": "INFO", "status": "404", "ms": 11, "items": [{"n": "a1"}, {"n": "a10"}]},
    {"level": "ERROR", "status": 503, "ms": 400, "a-b": "x", "text": "user=joe id=7 end"},
]


def rows(query: str, *messages: str) -> list[dict[str, str]]:
    """The result over EVENTS, or over these messages, one each second."""
    lines = messages or tuple(json.dumps(each) for each in EVENTS)
    records = [
        LogRecord(START + 1000 * at, line, "1:group", "stream", START, f"p{at}")
        for at, line in enumerate(lines)
    ]
    return [dict(row) for row in run(parse(query), reversed(records)).rows]


def column(query: str, *messages: str) -> list[str | None]:
    """The first column of a result, without `@ptr`; None where it is not there."""
    found = run(parse(query), [])
    return [row.get(found.columns[0]) for row in rows(query, *messages)]


def value(expression: str, message: str = "{}") -> str | None:
    [found] = column(f"fields {expression} as v", message)
    return found


def test_without_fields_a_row_is_time_and_message_the_latest_first() -> None:
    found = rows("limit 2")
    assert [row["@timestamp"] for row in found] == [
        "2023-11-14 22:13:23.000",
        "2023-11-14 22:13:22.000",
    ]
    assert set(found[0]) == {"@timestamp", "@message", "@ptr"}


def test_a_field_that_is_not_there_is_left_out() -> None:
    assert rows("fields cold, user.id | sort user.id | limit 1") == [
        {"cold": "1", "user.id": "1", "@ptr": "p0"}
    ]
    assert rows("fields nothing | limit 1") == [{"@ptr": "p3"}]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("status = 500", [500]),
        ("status >= 404 and level = 'INFO'", ["404"]),
        ("status > 450 or ms = 7", [503, 500, 200]),
        ("not (status > 450 or ms = 7)", ["404"]),
        ("status in [200, '404']", ["404", 200]),
        ("status not in [200, '404']", [503, 500]),
        ("level like /(?i)err/", [503, 500]),
        ("level =~ 'ERR'", [503, 500]),
        ("@message not like 'ERROR'", ["404", 200]),
        ("ispresent(cold) and cold = 1", [200]),
        ("isIpv4InSubnet(ip, '10.0.1.0/24')", [200]),
        ("user.id != 1", [500]),
        ("`a-b` = 'x'", [503]),
        ("items.1.n = 'a10'", ["404"]),
        ("strcontains(level, 'FO') and ms - 4 > 3 # a comment\n", ["404"]),
        ("coalesce(user.id, 9) = 9", [503, "404"]),
    ],
)
def test_filters(condition: str, found: list[Any]) -> None:
    assert column(f"filter {condition} | fields status") == [str(each) for each in found]


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("2 + 3 * 4 ^ 2", "50"),
        ("(2 + 3) * 4 % 7", "6"),
        ("-2 ^ 2", "-4"),
        ("1 / 3", "0.3333"),
        ("1 / 0", None),
        ("greatest(1, 2.5, 2)", "2.5"),
        ("floor(2.7) + ceil(2.1)", "5"),
        ("concat('a', 1.5, missing)", "a1.5"),
        ("substr('abcdef', 2, 3)", "cde"),
        ("replace('a-b-c', '-', '')", "abc"),
        ("trim('  x ') ", "x"),
        ("ltrim('xxa', 'x')", "a"),
        ("toupper('ab')", "AB"),
        ("strlen('日本')", "2"),
        ("isblank(' ')", "1"),
        ("bin(1m)", "2023-11-14 22:13:00.000"),
        ("bin(1h)", "2023-11-14 22:00:00.000"),
        ("datefloor(@timestamp, 1q)", "2023-10-01 00:00:00.000"),
        ("dateceil(@timestamp, 2d)", "2023-11-15 00:00:00.000"),
        ("toMillis(@timestamp)", str(START)),
        ("fromMillis(0)", "1970-01-01 00:00:00.000"),
        ("isValidIpv6('::1')", "1"),
        ("'it''s'", None),
        (r"'it\'s'", "it's"),
    ],
)
def test_expressions(expression: str, shown: str | None) -> None:
    if shown is None and "''" in expression:
        with pytest.raises(QueryError):
            parse(f"fields {expression}")
    else:
        assert value(expression) == shown


def test_structures_of_a_text_are_reached_by_dots_and_brackets() -> None:
    text = json.dumps({"body": '{"a": {"b": [1, 2]}, "x y": 3}'})
    query = "fields jsonParse(body) as j | display {}"
    assert column(query.format("j.a.b[1]"), text) == ["2"]
    assert column(query.format("j['x y']"), text) == ["3"]
    assert column(query.format("jsonStringify(j.a)"), text) == ['{"b":[1,2]}']
    unnested = "fields jsonParse(body) as j | unnest j.a.b into n | display n"
    assert column(unnested, text) == ["1", "2"]


def test_stats_of_all_and_of_groups() -> None:
    assert rows("stats count(*), avg(ms), max(status), count(user.id) as users") == [
        {"count(*)": "4", "avg(ms)": "112", "max(status)": "503", "users": "2"}
    ]
    assert rows("stats sum(ms) / count(*) as mean by level | sort mean desc") == [
        {"level": "ERROR", "mean": "215"},
        {"level": "INFO", "mean": "9"},
    ]
    assert rows("stats count() as n by bin(2s) as t | sort t | limit 1") == [
        {"t": "2023-11-14 22:13:20.000", "n": "2"}
    ]
    assert rows("filter level = 'NONE' | stats count(*), avg(ms)") == [{"count(*)": "0"}]
    assert rows("filter level = 'NONE' | stats count(*) by level") == []


@pytest.mark.parametrize(
    ("aggregate", "shown"),
    [
        ("pct(ms, 50)", "11"),
        ("pct(ms, 95)", "400"),
        ("min(ms)", "7"),
        ("stddev(ms)", "192.262"),
        ("count_distinct(level)", "2"),
        ("earliest(ms)", "7"),
        ("latest(ms)", "400"),
        ("sortsFirst(level)", "ERROR"),
        ("sortsLast(level)", "INFO"),
        ("max(@timestamp)", str(START + 3000)),
    ],
)
def test_aggregates(aggregate: str, shown: str) -> None:
    assert column(f"stats {aggregate}") == [shown]


def test_stats_of_stats() -> None:
    assert rows("stats count(*) as n by level | stats max(n) as most") == [{"most": "2"}]


def test_parses_by_a_glob_and_by_an_expression() -> None:
    assert rows('parse @message "user=* id=* end" as who, n | filter n = 7 | display who, n') == [
        {"who": "joe", "n": "7", "@ptr": "p3"}
    ]
    assert column(r"parse text /id=(?<n>\d+)/ | filter ispresent(n) | display n") == ["7"]


def test_sorts_naturally_and_what_is_not_there_last() -> None:
    lines = [json.dumps({"v": each} if each is not None else {}) for each in (10, "b", 9, None)]
    assert column("sort v | fields v", *lines) == ["b", "9", "10", None]
    assert column("sort v desc | fields v", *lines) == ["10", "9", "b", None]
    names = [json.dumps({"v": each}) for each in ("a10", "a9", "a1")]
    assert column("sort v asc | fields v", *names) == ["a1", "a9", "a10"]
    assert column("sort level, ms desc | fields ms") == ["400", "30", "11", "7"]


def test_keeps_the_first_of_doubles_and_all_without_the_field() -> None:
    assert column("fields ms | sort ms | dedup level") == ["7", "30"]
    assert column("fields ms | sort ms | dedup user.id") == ["7", "11", "30", "400"]


def test_counts_what_it_has_read_and_what_filters_kept() -> None:
    records = [LogRecord(START, json.dumps(each)) for each in EVENTS]
    found = run(parse("filter ms > 10 | filter ms > 20 | stats count(*)"), records).statistics
    assert (found.matched, found.scanned) == (2, 4)
    assert found.scanned_bytes == sum(len(each.message) for each in records)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("", "line 1, column 1: a command is missing"),
        ("felds x", "line 1, column 1: `felds` is not a command"),
        ("fields a\n| filter", "line 2, column 9: a field, a value or a function is missing"),
        ("filter a = ", "a field, a value or a function is missing"),
        ("filter a b", "unexpected `b`"),
        ("filter (a = 1", "`)` is missing"),
        ("filter @message like x", 'a /regular expression/ or a "text" is missing'),
        ("filter @message like /(/", "the regular expression is not valid"),
        ("fields f(x)", "`f` is not a function"),
        ("fields count(*)", "`count` can only be used in stats"),
        ("fields abs()", "wrong number of arguments"),
        ("fields bin(5x)", "`5x` is not a period"),
        ("fields " + "(" * 60 + "1" + ")" * 60, "nested too deeply"),
        ("stats ms by level", "`ms` is not an aggregate"),
        ("stats avg()", "`avg` needs a field"),
        ("stats avg(count(*))", "`count` can only be used in stats"),
        ("stats pct(ms, 101)", "a percentage from 0 to 100"),
        ("limit 0", "a number from 1 to 10000"),
        ("parse @message 'a * *' as b", "there are 2 `*` and 1 names"),
        ("parse @message /a(.*)/", "no named group"),
        ("dedup a | sort b", "only limit can come after dedup"),
        ("limit 1 | stats count(*) as n by a | stats max(n)", "must come after the second stats"),
        ("stats count(*) | stats count(*) | stats count(*)", "at most 2 stats"),
        ("pattern @message", "`pattern` is not simulated"),
    ],
)
def test_refuses_with_the_place(query: str, told: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(query)
    assert told in caught.value.message
    assert 0 <= caught.value.start < max(1, caught.value.end)
