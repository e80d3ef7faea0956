"""How the backend is asked: how long, how often, and what is told when it does not answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import httpx
import pytest
from frontend.api import client
from frontend.api.client import TIMEOUT, BackendClient, Caller
from frontend.api.error import (
    BackendBusyError,
    BackendError,
    BackendRefusedError,
    BackendUnavailableError,
)
from frontend.api.model import ComponentList
from frontend.api.outage import BUSY_RECORD_SECONDS, CALM_SECONDS, Outage

from tests.program.frontend.conftest import Visit
from tests.program.frontend.fake_backend import FakeBackend

Handler = Callable[[httpx.Request], httpx.Response]


def client_of(handler: Handler) -> BackendClient:
    return BackendClient("http://backend:8000", httpx.MockTransport(handler))


async def ask(client: BackendClient) -> None:
    await client.get("/components", ComponentList)


def test_the_backend_has_more_time_than_it_takes_to_give_up_and_less_than_cloudfront_has() -> None:
    """It gives up on its database after 5 s; CloudFront waits for 30 s."""
    read, connect = TIMEOUT.read, TIMEOUT.connect
    assert read
    assert connect
    assert read > 5 + 1
    # The slowest way: no connection the first time, and no answer the second time.
    assert 2 * (client.TURN_SECONDS + connect) + read < 25


@pytest.mark.parametrize(
    ("first", "asked"),
    [
        (httpx.ConnectError("refused"), 2),
        (httpx.RemoteProtocolError("closed"), 2),
        (httpx.Response(502), 2),
        (httpx.Response(503), 2),
        (httpx.Response(503, headers={"Retry-After": "5"}), 1),
        (httpx.ReadTimeout("slow"), 1),
    ],
)
async def test_a_read_is_tried_again_where_that_may_help(
    first: httpx.Response | Exception, asked: int
) -> None:
    requests = 0

    def answer(_: httpx.Request) -> httpx.Response:
        nonlocal requests
        requests += 1
        if requests > 1:
            return httpx.Response(200, json={"components": []})
        if isinstance(first, Exception):
            raise first
        return first

    try:
        await ask(client_of(answer))
    except BackendUnavailableError:
        assert asked == 1
    assert requests == asked


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(503, json={"type": "urn:problem:busy"}), BackendBusyError),
        (httpx.Response(503, json={"type": "urn:problem:unavailable"}), BackendUnavailableError),
        (httpx.Response(503, text="<html>"), BackendUnavailableError),
        (httpx.Response(200, text="nonsense"), BackendUnavailableError),
        (httpx.Response(404, json=[]), BackendRefusedError),
    ],
)
async def test_busy_gone_and_refused_are_told_apart(
    answer: httpx.Response | Exception, kind: type[BackendError]
) -> None:
    def give(_: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    with pytest.raises(BackendError) as raised:
        await ask(client_of(give))
    assert type(raised.value) is kind


async def test_a_crowd_is_busy_and_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "TURN_SECONDS", 0.05)
    slow = asyncio.Event()

    async def answer(_: httpx.Request) -> httpx.Response:
        await slow.wait()
        return httpx.Response(200, json={"components": []})

    asked = BackendClient("http://backend:8000", httpx.MockTransport(answer))
    crowd = [asyncio.create_task(ask(asked)) for _ in range(100)]
    await asyncio.sleep(0.2)
    slow.set()
    results = await asyncio.gather(*crowd, return_exceptions=True)
    assert [type(result) for result in results].count(BackendBusyError) == 84
    await asyncio.gather(*(ask(asked) for _ in range(50)))


async def test_what_cannot_be_a_header_is_replaced() -> None:
    seen: list[httpx.Headers] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        return httpx.Response(204)

    caller = Caller(forwarded_for=" \xff\r\nX: 1, 192.0.2.1 ")
    await client_of(answer).change("DELETE", "/x", caller=caller, if_match='"\u3042"\n')
    assert seen[0]["x-forwarded-for"] == "???X: 1, 192.0.2.1"
    assert seen[0]["if-match"] == '"?"?'


async def test_an_outage_is_told_once_however_many_pages_it_hits(
    site: Visit, backend: FakeBackend, caplog: pytest.LogCaptureFixture
) -> None:
    backend.trouble = 503
    browser = site(backend)
    paths = ["/", "/history", "/maintenance", "/feed.atom"]
    paths += [f"/incidents/00000000-0000-4000-8000-{n:012}" for n in range(10)]
    pages = await asyncio.gather(*(browser.get(path) for path in paths))
    assert {page.status_code for page in pages} == {503}
    assert [r.levelname for r in caplog.records if r.levelno >= logging.ERROR] == ["ERROR"]


def test_an_outage_begins_and_ends(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    now = 100.0
    outage = Outage(lambda: now)

    def happen(*errors: BackendError | None) -> None:
        for error in errors:
            try:
                with outage.watch():
                    if error:
                        raise error
            except BackendError:
                pass

    down, gone, busy = BackendUnavailableError("down"), BackendRefusedError(404), BackendBusyError()
    happen(None, gone, down, None, down, busy)  # one task of two answers: one outage all the same
    now += CALM_SECONDS
    happen(gone, None, busy, busy)
    now += BUSY_RECORD_SECONDS
    happen(busy, down)
    assert [(r.levelname, r.getMessage()) for r in caplog.records] == [
        ("ERROR", "The backend gives no answer: down"),
        ("INFO", "The backend answers again"),
        ("WARNING", "More is asked of the backend than it can answer in time"),
        ("WARNING", "More is asked of the backend than it can answer in time"),
        ("ERROR", "The backend gives no answer: down"),
    ]
