"""The saved queries of Logs Insights, run over what the programs and the database write."""

from __future__ import annotations

import json

import pytest
from evaluations import Evaluation

from bonkei.grammar.insights import LogRecord, Result, parse, run

RECORDS = (
    {"level": "ERROR", "message": "the database is away", "request_id": "r-1"},
    {"level": "ERROR", "message": "the database is away", "request_id": "r-2"},
    {"level": "FATAL", "message": "no settings"},
)
STATEMENTS = (
    "2026-01-01 10:00:00 UTC:10.0.0.1(1):app@app:[7]:LOG:  duration: 1200.5 ms  statement: TABLE a",
    "2026-01-01 10:00:01 UTC:10.0.0.1(1):app@app:[7]:LOG:  duration: 2000 ms  execute s: TABLE a",
    "2026-01-01 10:00:02 UTC:10.0.0.1(1):app@app:[7]:ERROR:  deadlock detected",
)


def result(evaluation: Evaluation, name: str, lines: tuple[str, ...]) -> Result:
    """Of the saved query whose name ends so."""
    [query] = [
        each["values"]["query_string"]
        for each in evaluation.resources()
        if each["type"] == "aws_cloudwatch_query_definition"
        and each["values"]["name"].endswith(f"/{name}")
    ]
    records = [LogRecord(1_700_000_000_000 + at, line) for at, line in enumerate(lines)]
    return run(parse(query), reversed(records))


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("errors", {"record": "the database is away", "level": "ERROR", "records": "2"}),
        ("errors-over-time", {"time": "2023-11-14 22:10:00.000", "level": "FATAL", "records": "1"}),
    ],
)
def test_the_records_of_programs(production: Evaluation, name: str, first: dict[str, str]) -> None:
    rows = result(production, name, tuple(map(json.dumps, RECORDS))).rows
    assert first.items() <= dict(rows[0]).items()
    assert len(rows) == 2


def test_the_slow_statements_of_the_database(production: Evaluation) -> None:
    [row] = result(production, "slow-statements", STATEMENTS).rows
    assert row == {"sql": "TABLE a", "times": "2", "max(ms)": "2000", "avg(ms)": "1600.25"}
