"""ERROR and FATAL raise alarms: no visitor may make the backend or its PostgreSQL log one."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from uuid import uuid4

import httpx
import over_http
import pytest
from backend.settings import ServeSettings

from tests.program import hostile
from tests.program.backend.postgresql import ADMINISTRATOR_PASSWORD, Server
from tests.program.backend.process import Process, environment_of, started, wait_until

V1 = "/api/v1"
PATHS = (
    *(f"{V1}/{name}" for name in (
        "healthcheck", "readiness", "status", "uptime", "components", "incidents", "maintenances",
        "drafts", f"drafts/{uuid4()}", "administrators", f"administrators/{uuid4()}/disable",
        "api-keys", f"api-keys/{uuid4()}", "audit", f"incidents/{uuid4()}/updates/{uuid4()}",
        "sessions", "sessions/current", "administrators/me/password", "nowhere",
        f"components/{uuid4()}", f"incidents/{uuid4()}", f"incidents/{uuid4()}/updates",
        f"maintenances/{uuid4()}", "components/%00", "%ed%a0%80",
    )),
    "/api/docs", "/api/docs/start.js", "/api/docs/swagger-ui.css", "/api/openapi.json", "/", "//",
)  # fmt: skip


@pytest.fixture(scope="module")
def shared(migrated: ServeSettings) -> Iterator[Process]:
    with started("serve", environment_of(migrated)) as process:
        process.wait_for("listening")
        yield process


@pytest.fixture
def backend(server: Server, settings: ServeSettings, shared: Process) -> Iterator[Process]:
    """A process that these tests share."""
    yield from without_errors(server, shared)


@pytest.fixture
def own_backend(server: Server, settings: ServeSettings) -> Iterator[Process]:
    """A process whose records are those of one test."""
    with started("serve", environment_of(settings)) as process:
        process.wait_for("listening")
        yield from without_errors(server, process)


def without_errors(server: Server, process: Process) -> Iterator[Process]:
    """Check at the end that neither the process nor PostgreSQL has logged ERROR or above."""
    before, asked = server.log.read_text().count("ERROR:"), len(access(process, "/status"))
    yield process
    assert process.get(f"{V1}/status") == 200
    wait_until(lambda: len(access(process, "/status")) > asked)
    assert [r for r in process.records if r["level"] in ("ERROR", "FATAL")] == []
    assert server.log.read_text().count("ERROR:") == before


def access(process: Process, path: str) -> list[dict[str, object]]:
    return [r for r in process.records if r["type"] == "access" and r["path"] == V1 + path]


def test_nonsense_is_refused(backend: Process):
    answers = {hostile.send(backend.port, sent) for sent in hostile.nonsense(PATHS, 500, seed=1)}
    assert {200, 400, 401, 404, 405, 413, 422} <= answers
    assert [status for status in answers if status and status >= 500] == []


def test_a_client_that_leaves_during_a_body_is_no_error(own_backend: Process):
    hostile.leave_amid(own_backend.port, f"{V1}/sessions")
    wait_until(lambda: access(own_backend, "/sessions") != [])
    (record,) = access(own_backend, "/sessions")
    assert (record["level"], record["status"]) == ("INFO", 499)


def test_a_client_that_sends_20_mb_sees_its_413(backend: Process):
    assert hostile.upload(backend.port, f"{V1}/sessions", 20_000_000) == 413


def test_unusual_characters_are_refused_or_wrong(backend: Process):
    texts = ("\ud800", "a\udfff", "\x00", "\uffff", "😀", "x" * 200)
    bodies = [{"username": text, "password": "x"} for text in texts]
    bodies += [{"username": "a", "password": text} for text in texts]
    for body in bodies:
        answer = over_http.post(
            f"http://127.0.0.1:{backend.port}{V1}/sessions", content=json.dumps(body), timeout=60
        )
        assert answer.status_code in (400, 401, 422)


def test_a_duplicate_name_is_no_error_of_postgresql(backend: Process):
    with httpx.Client(base_url=f"http://127.0.0.1:{backend.port}{V1}", timeout=60) as client:
        credentials = {"username": "admin", "password": ADMINISTRATOR_PASSWORD}
        token = client.post("/sessions", json=credentials).json()["token"]
        client.headers["Authorization"] = f"Bearer {token}"
        made = [client.post("/components", json={"name": name}) for name in ("API", "api", "Web")]
        assert [answer.status_code for answer in made] == [201, 409, 201]
        path = f"/components/{made[2].json()['id']}"
        assert client.patch(path, json={"name": "Api"}).status_code == 409
        assert client.patch(path, json={"name": "WEB"}).status_code == 200


EXPECTED = ([{401, 429}, {401}, {404}], [], 0, True)


def test_many_simultaneous_requests_share_the_connections(server: Server, settings: ServeSettings):
    """More than there are connections to the database, and more than the server can handle
    quickly. A client that guesses waits, and no other client does. A process that was kept from
    its processor for seconds may have given up, so it is asked anew.
    """
    deadline = time.monotonic() + 200
    while True:
        with started("serve", environment_of(settings)) as process:
            process.wait_for("listening")
            before, began = process.kept_waiting, time.monotonic()
            logged = server.log.read_text().count("ERROR:")
            answers = [set(each) for each in at_once(process.port)]
            was_kept, seconds = process.kept_waiting - before > 2, time.monotonic() - began
        errors = [r for r in process.records if r["level"] in ("ERROR", "FATAL")]
        found = (answers, errors, server.log.read_text().count("ERROR:") - logged, seconds < 90)
        if found == EXPECTED or not was_kept or time.monotonic() > deadline:
            break
    assert found == EXPECTED


def at_once(port: int) -> list[Counter[int | None]]:
    """The answers to sign-ins, guesses of a token, and questions for what is not there."""

    def request(head: str, body: str = "", forwarded_for: str = "") -> bytes:
        return (
            f"{head} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"
            f"Authorization: Bearer x\r\nX-Forwarded-For: {forwarded_for}, 192.0.2.1\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    sign_ins = [
        request(f"POST {V1}/sessions", f'{{"username":"u{n}","password":"x"}}', f"10.0.0.{n}")
        for n in range(120)
    ]
    few = range(60)  # each waits for a connection for some seconds at most
    guesses = [request(f"POST {V1}/components", "{}") for _ in few]
    unknown = [request(f"GET {V1}/incidents/{uuid4()}") for _ in few]
    return [hostile.at_once(port, requests) for requests in (sign_ins, guesses, unknown)]
