"""The tables of S3's logs have what the programs, the log router and the load balancer write, where
they write it; and the saved queries find it.

SQLite runs the queries: they keep to what it and Athena have in common.
"""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import log_routers as routers
import pytest
from backend import logs as backend_logs
from backend.api.requests import RequestMiddleware
from evaluations import Evaluation
from frontend import log as frontend_log
from frontend.web.envelope import Envelope
from requests_sample import BLOCKED, BY_DISTRIBUTION, NOW
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bonkei.services.logs.router.driver import FluentdDriver, Source
from tests.bonkei.services.logs.formats import UNIQUE, line, logs

Row = Mapping[str, Any]
TWICE = {"date"}  # Fluent Bit's; `time` is the program's own
RECEIVED = 1_795_694_400.0  # 2026-11-26T12:00:00Z


async def respond(request: Request) -> PlainTextResponse:
    if (statements := backend_logs.database_seconds.get()) is not None:
        statements.append(0.02)
    fields = {"address": "192.0.2.1", "failures": 2, "seconds": 0.5}
    logging.getLogger("program").info("half way", extra={"fields": fields})
    return PlainTextResponse("found", int(request.query_params["status"]))


SITE = Starlette(routes=[Route("/a", respond)])
PROGRAMS = {
    "backend": (RequestMiddleware(SITE), backend_logs.JsonFormatter()),
    "frontend": (
        Envelope(SITE, public_origin="http://site.example", is_draining=lambda: False),
        frontend_log.JsonFormatter(),
    ),
}


async def told(program: str) -> list[str]:
    """The lines of a program that answers two requests, the second one with an error."""
    app, formatter = PROGRAMS[program]
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(formatter.format(record))  # type: ignore[method-assign]
    loggers = [logging.getLogger(name) for name in ("program", f"{program}.access")]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://site.example") as client:
        for status in (200, 503):
            headers = {"X-Request-Id": f"request-{status}", "X-Amzn-Trace-Id": "Root=1-5833"}
            await client.get("/a", params={"status": status}, headers=headers)
    for logger in loggers:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
    return lines


async def routed(program: str, directory: Path) -> dict[str, list[Row]]:
    """What the log router puts in S3 of a program's lines: the records, by the object's key."""
    lines = await told(program)
    async with routers.fake_aws() as aws:
        running = await routers.start(routers.shipped(directory, aws, program))
        driver = FluentdDriver(Source(f"{program}-firelens-a", "a", program), directory / "s")
        driver.write("stdout", RECEIVED, [(each, False) for each in lines])
        await driver.close()
        assert await running.stop()
        return {key: aws.lines(key) for key in aws.objects}


def tables(evaluation: Evaluation) -> dict[str, dict[str, Any]]:
    return {found["name"]: found for found in evaluation.values("aws_glue_catalog_table")}


def columns(table: Mapping[str, Any]) -> dict[str, str]:
    """The type of each column."""
    return {each["name"]: each["type"] for each in table["storage_descriptor"][0]["columns"]}


def place(table: Mapping[str, Any], bucket: str, key: str) -> dict[str, str]:
    """The partition that has the object, by the template of places."""
    template: str = table["parameters"]["storage.location.template"]
    shape = {"program": "[a-z]+", "hour": r"\d{4}/\d\d/\d\d/\d\d", "day": r"\d{4}/\d\d/\d\d"}
    pattern = re.sub(r"\$\{(\w+)\}", lambda name: f"(?P<{name[1]}>{shape[name[1]]})", template)
    found = re.match(pattern, f"s3://{bucket}/{key}")
    assert found, (template, key)
    assert set(found.groupdict()) == {each["name"] for each in table["partition_keys"]}
    return found.groupdict()


def parsed(table: Mapping[str, Any], entry: str) -> Row:
    """A line as Hive's RegexSerDe reads it: the whole line matches, and a group is a column. What
    is not a number is null in a column of numbers.
    """
    [serde] = table["storage_descriptor"][0]["ser_de_info"]
    found = re.fullmatch(serde["parameters"]["input.regex"], entry)
    assert found, entry
    return {
        name: value if kind == "string" else number(value)
        for (name, kind), value in zip(columns(table).items(), found.groups(), strict=True)
    }


def number(text: str) -> float | None:
    return None if text == "-" else float(text)


def answers(evaluation: Evaluation, query: str, *given: str, **rows: Sequence[Row]) -> list[Row]:
    """What a saved query finds in these rows of tables."""
    [text] = [
        each["query"]
        for each in evaluation.values("aws_athena_named_query")
        if each["name"] == query
    ]
    database = sqlite3.connect(":memory:")
    database.row_factory = sqlite3.Row
    for name, table in tables(evaluation).items():
        kinds = columns(table) | {each["name"]: each["type"] for each in table["partition_keys"]}
        typed = (f"{each} {kind.replace('string', 'text')}" for each, kind in kinds.items())
        database.execute(f"CREATE TABLE {name} ({', '.join(typed)})")
        for row in rows.get(name, ()):
            marks = ", ".join("?" * len(kinds))
            values = [row.get(each) for each in kinds]
            database.execute(f"INSERT INTO {name} VALUES ({marks})", values)  # noqa: S608
    with database:
        return [dict(row) for row in database.execute(text, given)]


@pytest.fixture
async def records(production: Evaluation, tmp_path: Path) -> dict[str, list[Row]]:
    """By table, what both programs have written, with each object's partition."""
    bucket = production.outputs["program_log_bucket"]
    found: dict[str, list[Row]] = {"access": [], "application": []}
    for program in PROGRAMS:
        (tmp_path / program).mkdir()
        for key, lines in (await routed(program, tmp_path / program)).items():
            name = key.partition("/")[0]
            partition = place(tables(production)[name], bucket, key)
            assert partition["program"] == program
            found[name] += [{**record, **partition} for record in lines]
    return found


async def test_a_table_has_every_member_of_a_record(
    production: Evaluation, records: dict[str, list[Row]]
) -> None:
    for name, table in tables(production).items():
        if name in records:
            known = columns(table) | {each["name"]: "" for each in table["partition_keys"]}
            written = {member for record in records[name] for member in record}
            assert written - known.keys() == TWICE, name
            assert known.keys() - written == {"exception"}, name


async def test_the_queries_find_the_records(
    production: Evaluation, records: dict[str, list[Row]]
) -> None:
    hour = records["access"][0]["hour"]
    failed = answers(production, "errors-of-an-hour", hour, **records)
    assert {(each["program"], each["status"]) for each in failed} == {
        ("backend", 503),
        ("frontend", 503),
    }
    slowest = answers(production, "slowest-requests", hour, **records)
    assert len(slowest) == 4
    assert slowest[0]["duration_ms"] == max(each["duration_ms"] for each in records["access"])
    both = ("request-503", hour) * 2
    followed = answers(production, "one-request", *both, **records)
    assert sorted((each["program"], each["message"]) for each in followed) == [
        (program, said) for program in sorted(PROGRAMS) for said in ("GET /a 503", "half way")
    ]
    assert [each["time"] for each in followed] == sorted(each["time"] for each in followed)
    assert answers(production, "one-request", *("another", hour) * 2, **records) == []


def test_the_load_balancers_entries_are_rows(production: Evaluation) -> None:
    """Those that the edge writes, of this environment's load balancer, in its folders."""
    table = tables(production)["load_balancer"]
    [balancer] = production.blueprint.load_balancers
    [log] = logs(production.blueprint, balancer.arn)
    partition = place(table, log.bucket, log.key(NOW, UNIQUE))
    assert partition == {"day": "2023/11/14"}
    odd = BY_DISTRIBUTION._replace(target='/a b"c', user_agent="")
    entries = [line(log, each) for each in (BY_DISTRIBUTION, BLOCKED, odd)]
    served, blocked, odd_row = ({**parsed(table, each), **partition} for each in entries)
    assert (served["client_ip"], served["client_port"]) == ("192.0.2.1", 4711)
    assert (served["elb_status_code"], served["target_status_code"]) == (200, 200)
    assert served["request_url"] == "http://site.example:80/a?b=c"
    assert served["target_group_arn"] == "arn:group"
    assert served["conn_trace_id"].startswith("TID_")
    assert (blocked["elb_status_code"], blocked["target_status_code"]) == (403, None)
    assert (blocked["target"], blocked["actions_executed"]) == ("-", "waf")
    assert odd_row["request_url"] == "http://site.example:80/a b\\x22c"
    gone = {**parsed(table, line(log, BY_DISTRIBUTION._replace(status=502))), **partition}
    rows = [served, blocked, gone]
    [found] = answers(production, "failures-of-a-day", "2023/11/14", load_balancer=rows)
    assert found["elb_status_code"] == 502


# "Access log entries" of the load balancer's documentation: its examples, and a malformed request.
HEAD = "app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817"
GROUP = (
    "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067"
)
TRACE = '"Root=1-58337262-36d228ad5d99923122bbe354"'
EXAMPLES = f"""
https 2018-07-02T22:23:00.186641Z {HEAD} 10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 \
"GET https://www.example.com:443/ HTTP/1.1" "curl/7.46.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 \
{GROUP} {TRACE} "www.example.com" "arn:aws:acm:us-east-2:123456789012:certificate/12345678" 1 \
2018-07-02T22:22:48.364000Z "authenticate,forward" "-" "-" "10.0.0.1:80" "200" "-" "-"
http 2018-11-30T22:23:00.186641Z {HEAD} - 0.000 0.001 0.000 502 - 34 366 \
"GET http://www.example.com:80/ HTTP/1.1" "curl/7.46.0" - - {GROUP} {TRACE} "-" "-" 0 \
2018-11-30T22:22:48.364000Z "forward" "-" "LambdaInvalidResponse" "-" "-" "-" "-" TID_1234
http 2018-11-30T22:23:00.186641Z {HEAD} - -1 -1 -1 400 - 34 366 \
"- http://www.example.com:80- -" "-" - - - "-" "-" "-" - 2018-11-30T22:22:48.364000Z "-" "-" \
"-" "-" "-" "Ambiguous" "UriSpace" TID_1234 "-" "-" "-" a-field-of-the-future
"""


@pytest.mark.parametrize("entry", EXAMPLES.strip().splitlines())
def test_entries_of_aws_are_rows(production: Evaluation, entry: str) -> None:
    row = parsed(tables(production)["load_balancer"], entry)
    assert row["elb_status_code"] in (200, 502, 400)
    assert row["request_url"].startswith("http")
    assert row["request_creation_time"].endswith("22:48.364000Z")
