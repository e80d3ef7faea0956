"""Ready documents are sent without the application, and only the response time differs."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from backend import logs
from backend.api import documents
from backend.api.app import create_app
from backend.settings import ServeSettings
from fastapi import FastAPI

LONG_WAY = [
    {"Authorization": "Bearer of-nobody"},
    {"Cache-Control": "no-cache"},
    {"Pragma": "no-cache"},
    {"Content-Length": "0"},
]


class Queries:
    """How often the revision was requested."""

    def __init__(self, app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked = 0
        reader = app.state.services.documents.revision
        original = reader.read

        async def counting() -> object:
            self.asked += 1
            return await original()

        monkeypatch.setattr(reader, "read", counting)


@pytest.fixture
def queries(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> Queries:
    monkeypatch.setattr(documents, "FRESH_SECONDS", 30.0)  # no test is that slow
    monkeypatch.setattr(documents, "_minute", lambda: 1)
    return Queries(app, monkeypatch)


async def test_many_readers_cause_no_query(client: httpx.AsyncClient, queries: Queries):
    first = await client.get("/status")
    answers = [await client.get("/status") for _ in range(20)]
    assert queries.asked == 1
    assert {(each.status_code, each.content) for each in answers} == {(200, first.content)}


@pytest.mark.parametrize("path", ["/status", "/components", "/maintenances", "/uptime?days=7"])
async def test_both_ways_give_the_same_answer(
    client: httpx.AsyncClient, queries: Queries, path: str
):
    slow = await client.get(path, headers={"X-Request-Id": "one"})
    fast = await client.get(path, headers={"X-Request-Id": "one"})
    assert queries.asked == 1
    assert (fast.status_code, fast.content) == (slow.status_code, slow.content)
    assert dict(fast.headers) == dict(slow.headers)
    tag = {"If-None-Match": fast.headers["etag"]}
    same = await client.get(path, headers=tag)
    assert queries.asked == 1
    confirmed = await client.get(path, headers={**tag, "Cache-Control": "no-cache"})
    assert (same.status_code, same.content) == (confirmed.status_code, confirmed.content) == (
        304, b"",
    )  # fmt: skip
    assert same.headers.keys() == confirmed.headers.keys()


@pytest.mark.parametrize("headers", LONG_WAY)
async def test_other_requests_are_answered_by_the_application(
    client: httpx.AsyncClient, queries: Queries, headers: dict[str, str]
):
    await client.get("/status")
    await client.get("/status", headers=headers)
    assert queries.asked == 2


@pytest.mark.parametrize("path", ["/status?", "/status?a=b", "/status/", "/uptime?days=91"])
async def test_another_query_is_another_document(
    client: httpx.AsyncClient, queries: Queries, path: str
):
    await client.get("/status")
    await client.get("/uptime?days=90")
    before = queries.asked
    answer = await client.get(path)
    assert answer.status_code == {"/status/": 404, "/uptime?days=91": 422}.get(path, 200)
    if path == "/status?a=b":
        assert queries.asked == before + 1


async def test_a_change_by_this_process_is_read_at_once(
    admin: httpx.AsyncClient, client: httpx.AsyncClient, queries: Queries
):
    await client.get("/components")
    await client.get("/components")
    assert queries.asked == 1
    await admin.post("/components", json={"name": "API"})
    (component,) = (await client.get("/components")).json()["components"]
    assert component["name"] == "API"


async def test_a_new_minute_is_a_new_document(
    client: httpx.AsyncClient, queries: Queries, monkeypatch: pytest.MonkeyPatch
):
    await client.get("/status")
    monkeypatch.setattr(documents, "_minute", lambda: 2)
    await client.get("/status")
    assert queries.asked == 2


@pytest_asyncio.fixture(loop_scope="session")
async def draining(settings: ServeSettings, client_of) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(settings, is_draining=lambda: True)
    async with app.router.lifespan_context(app), client_of(app) as client:
        yield client


async def test_a_server_that_drains_asks_for_the_connection_to_be_closed(
    draining: httpx.AsyncClient,
):
    for _ in range(2):
        assert (await draining.get("/status")).headers["connection"] == "close"


async def test_its_access_records_equal_all_others(
    client: httpx.AsyncClient,
    queries: Queries,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    caplog.set_level(logging.INFO)
    output = logs.Output(io.StringIO())
    monkeypatch.setattr(logs, "output", output)
    for _ in range(2):
        await client.get("/status", headers={b"X-Request-Id": b"one", b"User-Agent": b"\xff\xed"})
    output.flush()
    slow, fast = map(json.loads, output.stream.getvalue().splitlines())
    assert queries.asked == 1
    for record in (slow, fast):
        assert record.pop("duration_ms") >= 0
        assert record.pop("time")
    assert slow.pop("database_ms") > 0  # only this one has asked the database
    assert slow.pop("statements") > 0
    assert fast == slow


def test_records_are_written_in_order_and_none_is_left():
    stream = io.StringIO()
    output = logs.Output(stream)
    output.write_later("one")  # nothing would wake the writer later, so they are written at once
    assert stream.getvalue() == "one\n"
    output._waiting.append("two")
    output.emit(logging.makeLogRecord({"msg": "three"}))
    output._waiting.append("four")
    output.flush()
    assert stream.getvalue().split() == ["one", "two", "three", "four"]


async def test_access_records_are_written_together_after_a_short_delay(
    monkeypatch: pytest.MonkeyPatch,
):
    stream = io.StringIO()
    output = logs.Output(stream)
    output.write_later("first")
    output.write_later("second")
    assert stream.getvalue() == ""
    async with asyncio.timeout(60):
        while not stream.getvalue():
            await asyncio.sleep(logs.WAIT_SECONDS)
    assert stream.getvalue() == "first\nsecond\n"
    for _ in range(logs.WAITING):
        output.write_later("x")
    assert stream.getvalue().count("x") == logs.WAITING
