"""The treatment of every request: ids, bounds, records, and errors as problem documents."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from uuid import UUID, uuid4

import httpx
import pytest
from backend.api.app import create_app
from backend.api.requests import BODY_BYTES
from backend.logs import ACCESS, JsonFormatter
from backend.settings import ServeSettings
from backend.store import database
from fastapi import FastAPI

NOBODYS = UUID("8f0f5f0e-6f0c-4c53-9f4e-0d8c5b1f6a11")  # equal in every worker of the tests
JSON = {"Content-Type": "application/json"}


def is_problem(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    document = answer.json()
    assert document["status"] == status
    assert {"type", "title", "detail"} <= document.keys()
    assert document["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"X-Request-Id": "abc-123"}, "abc-123"),
        ({"X-Amzn-Trace-Id": "Root=1-6789-abcd"}, "Root=1-6789-abcd"),
        ({"X-Amzn-Trace-Id": "Root=1-2-3", "X-Request-Id": "a"}, "a"),
    ],
)
async def test_a_request_keeps_the_callers_id(
    client: httpx.AsyncClient, sent: dict[str, str], kept: str
):
    assert (await client.get("/healthcheck", headers=sent)).headers["x-request-id"] == kept


@pytest.mark.parametrize("sent", ["", "a b", "x" * 129, 'a"b', "a\tb"])
async def test_a_dangerous_id_is_replaced(client: httpx.AsyncClient, sent: str):
    answer = await client.get("/healthcheck", headers={"X-Request-Id": sent})
    assert len(answer.headers["x-request-id"]) == 32


async def test_errors_are_problem_documents(client: httpx.AsyncClient, admin: httpx.AsyncClient):
    is_problem(await client.get("/nowhere"), 404)
    is_problem(await client.get("/components/"), 404)
    is_problem(await client.delete("/status"), 405)
    is_problem(await client.post("/components", json={}), 401)
    is_problem(await admin.post("/components", content=b"{", headers=JSON), 400)
    is_problem(await admin.post("/components", content=b"\xff\xfe", headers=JSON), 400)
    is_problem(await admin.post("/components", content=b"[]", headers=JSON), 422)
    is_problem(await admin.post("/components", content=b"a=b"), 422)
    is_problem(await admin.get(f"/components/{uuid4()}"), 404)


async def test_a_large_body_is_refused_before_it_is_read(client: httpx.AsyncClient):
    is_problem(await client.post("/sessions", content=b"x" * (BODY_BYTES + 1), headers=JSON), 413)

    async def chunks():
        for _ in range(BODY_BYTES // 1024 + 1):
            yield b"x" * 1024

    is_problem(await client.post("/sessions", content=chunks(), headers=JSON), 413)
    just = b'"' + b"x" * (BODY_BYTES - 2) + b'"'
    assert (await client.post("/sessions", content=just, headers=JSON)).status_code == 422


async def test_deeply_nested_json_is_refused(client: httpx.AsyncClient):
    answer = await client.post("/sessions", content=b"[" * 60_000, headers=JSON)
    assert answer.status_code in (400, 422)


async def test_a_fault_of_ours_is_logged_and_not_shown(
    client: httpx.AsyncClient,
    app: FastAPI,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    def broken() -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr(app.state.services.database, "snapshot", broken)
    answer = await client.get("/status", headers={"X-Request-Id": "the-one"})
    is_problem(answer, 500)
    assert "secret" not in answer.text
    (record,) = [r for r in caplog.records if r.levelno == logging.ERROR]
    entry = json.loads(JsonFormatter().format(record))
    assert entry["level"] == "ERROR"
    assert "ZeroDivisionError: a secret" in entry["exception"]


def records_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The access records, as they are written."""
    return [JsonFormatter().format(r) for r in caplog.records if r.name == ACCESS]


async def test_an_access_record_has_the_request_and_the_answer(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO)
    answer = await client.get(
        "/components?x=%22%0A", headers={"User-Agent": 'a"b', "X-Forwarded-For": "192.0.2.1"}
    )
    await client.get("/healthcheck")  # every few seconds, so at DEBUG
    (line,) = records_of(caplog)
    entry = json.loads(line)
    assert entry["type"] == "access"
    expected = {
        "level": "INFO",
        "method": "GET",
        "path": "/api/v1/components",
        "query": "x=%22%0A",
        "status": 200,
        "bytes": len(answer.content),
        "user_agent": 'a"b',
        "forwarded_for": "192.0.2.1",
    }
    assert {name: entry[name] for name in expected} == expected
    assert entry["duration_ms"] > 0


async def test_passwords_are_not_logged(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    for body in ({"username": "admin", "password": "hunter22"}, {"password": "hunter22"}):
        answer = await client.post("/sessions", json=body)
        assert "hunter22" not in answer.text
    assert "hunter22" not in "".join(JsonFormatter().format(r) for r in caplog.records)
    assert len(records_of(caplog)) == 2


async def test_head_equals_get_without_the_body(client: httpx.AsyncClient):
    got, head = await client.get("/status"), await client.head("/status")
    assert head.status_code == 200
    assert head.headers["etag"] == got.headers["etag"]


async def test_responses_forbid_scripts_and_frames(client: httpx.AsyncClient):
    for answer in (await client.get("/status"), await client.get("/nowhere")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == (
            "default-src 'none'; frame-ancestors 'none'"
        )


async def test_health(client: httpx.AsyncClient):
    for path in ("/healthcheck", "/readiness"):
        answer = await client.get(path)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        assert answer.headers["cache-control"] == "no-store"


async def test_a_busy_pool_is_a_503_and_recovers_soon(
    settings: ServeSettings,
    client_of: Callable[[FastAPI], httpx.AsyncClient],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(database, "POOL_WAIT_SECONDS", 0.1)
    app = create_app(settings)
    client = client_of(app)
    async with app.router.lifespan_context(app):
        async with AsyncExitStack() as taken:
            for _ in range(10):
                await taken.enter_async_context(app.state.services.database.query())
            answer = await client.get("/status")
            is_problem(answer, 503)
            assert answer.headers["retry-after"] == "5"
            assert (await client.get("/healthcheck")).status_code == 200
        assert (await client.get("/status")).status_code == 200


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("components", "GET, HEAD, POST"),
        (f"components/{NOBODYS}", "GET, HEAD, PATCH, DELETE"),
        (f"incidents/{NOBODYS}/updates", "POST"),
        ("sessions/current", "GET, HEAD, DELETE"),
        ("status", "GET, HEAD"),
    ],
)
async def test_allow_lists_all_methods_of_the_path(
    client: httpx.AsyncClient, path: str, allowed: str
):
    for method in ("OPTIONS", "PUT"):
        answer = await client.request(method, f"/{path}")
        is_problem(answer, 405)
        assert answer.headers["allow"] == allowed


@pytest.mark.parametrize(
    "path",
    ["status%0a", "components%0A", "docs%0a", "status%0d", "status%00", "incidents%2fx",
     "%2fstatus", "status%7f"],
)  # fmt: skip
async def test_a_path_is_matched_exactly(client: httpx.AsyncClient, path: str):
    await client.get("/status")  # stored from now on
    is_problem(await client.get(f"/{path}"), 404)
    is_problem(await client.get("http://test/api/v1%2Fstatus"), 404)
