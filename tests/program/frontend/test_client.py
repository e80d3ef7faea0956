"""The backend's client: time-outs, retries, and reports of an outage."""

from __future__ import annotations

import asyncio
import json
import logging
from uuid import uuid4

import pytest
from frontend import log
from frontend.api import client, transport
from frontend.api.client import BackendClient, Caller
from frontend.api.error import (
    BackendBusyError,
    BackendError,
    BackendRefusedError,
    BackendUnavailableError,
)
from frontend.api.model import ComponentList
from frontend.api.outage import BUSY_RECORD_SECONDS, CALM_SECONDS, Outage
from frontend.api.transport import Answer, NoAnswerInTimeError, Request, TransportError

from tests.program.frontend.conftest import Visit
from tests.program.frontend.fake_backend import FakeBackend

NO_COMPONENTS = Answer(200, body=b'{"components": []}')


class Told:
    """A transport with prepared answers, which records the requests."""

    def __init__(self, *answers: Answer | TransportError) -> None:
        self.asked: list[Request] = []
        self._answers = answers

    async def send(self, request: Request) -> Answer:
        self.asked.append(request)
        answer = self._answers[min(len(self.asked), len(self._answers)) - 1]
        if isinstance(answer, TransportError):
            raise answer
        return answer

    async def close(self) -> None:
        pass


async def ask(client: BackendClient) -> None:
    await client.get("/components", ComponentList)


def test_the_client_waits_longer_than_the_backend_and_less_than_cloudfront() -> None:
    """The backend gives up on its database after 5 s. CloudFront waits for 30 s."""
    assert transport.ANSWER_SECONDS > 5 + 1
    # The slowest case: no connection the first time, and no answer the second time.
    connections = client.TURN_SECONDS + transport.CONNECT_SECONDS
    assert 2 * connections + transport.ANSWER_SECONDS < 25


async def test_the_longest_texts_that_a_form_takes_fit_into_a_body() -> None:
    """In any letters, in both languages, with as many components as a page can have."""
    backend = Told(Answer(201))
    components = [{"id": str(uuid4()), "status": "degraded_performance"}] * 100
    texts = {
        "title": "🚧" * 200,
        "title_ja": "🚧" * 200,
        "body": "🚧" * 5000,
        "body_ja": "🚧" * 5000,
    }
    await BackendClient(backend).change("POST", "/incidents", {**texts, "components": components})
    sent = backend.asked[0].body
    assert sent is not None
    assert json.loads(sent)["body_ja"] == texts["body_ja"]
    assert len(sent) <= 64 * 1024  # the backend's BODY_BYTES
    await BackendClient(backend).change("POST", "/incidents", {"title": "\ud800"})
    assert backend.asked[1].body == b'{"title": "?"}'


@pytest.mark.parametrize(
    ("first", "asked"),
    [
        (TransportError("refused"), 2),
        (Answer(502), 2),
        (Answer(503), 2),
        (Answer(503, {"retry-after": "5"}), 1),
        (NoAnswerInTimeError("slow"), 1),
    ],
)
async def test_a_read_is_retried_where_that_may_help(
    first: Answer | TransportError, asked: int
) -> None:
    told = Told(first, NO_COMPONENTS)
    try:
        await ask(BackendClient(told))
    except BackendUnavailableError:
        assert asked == 1
    assert len(told.asked) == asked


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"<html>", "malformed"),
        (b"{}", "`components`"),
        (b'{"components": [{"id": 1}]}', "$.components[0].id"),
    ],
)
async def test_an_unexpected_answer_is_named(body: bytes, place: str) -> None:
    with pytest.raises(BackendUnavailableError) as raised:
        await ask(BackendClient(Told(Answer(200, body=body))))
    assert str(raised.value).startswith("/api/v1/components gave an unexpected answer: ")
    assert place in str(raised.value)


async def test_a_change_is_sent_once() -> None:
    told = Told(TransportError("lost"), Answer(204))
    with pytest.raises(BackendUnavailableError, match="lost"):
        await BackendClient(told).change("DELETE", "/x")
    assert [(request.method, request.path) for request in told.asked] == [("DELETE", "/api/v1/x")]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(503, body=b'{"type": "urn:problem:busy"}'), BackendBusyError),
        (Answer(503, body=b'{"type": "urn:problem:unavailable"}'), BackendUnavailableError),
        (Answer(503, body=b"<html>"), BackendUnavailableError),
        (Answer(301, {"location": "/elsewhere"}), BackendUnavailableError),
        (Answer(200, body=b"nonsense"), BackendUnavailableError),
        (Answer(404, body=b"[]"), BackendRefusedError),
        (Answer(404, body=b"\xff"), BackendRefusedError),
    ],
)
async def test_busy_missing_and_refused_are_different_errors(
    answer: Answer, kind: type[BackendError]
) -> None:
    with pytest.raises(BackendError) as raised:
        await ask(BackendClient(Told(answer)))
    assert type(raised.value) is kind


async def test_many_requests_are_refused_as_busy_and_leave_no_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "TURN_SECONDS", 0.05)
    slow = asyncio.Event()

    class Slow(Told):
        async def send(self, request: Request) -> Answer:
            await slow.wait()
            return await super().send(request)

    asked = BackendClient(Slow(NO_COMPONENTS))
    crowd = [asyncio.create_task(ask(asked)) for _ in range(100)]
    while sum(task.done() for task in crowd) < 84:
        await asyncio.sleep(0.01)
    slow.set()
    results = await asyncio.gather(*crowd, return_exceptions=True)
    assert [type(result) for result in results].count(BackendBusyError) == 84
    monkeypatch.setattr(client, "TURN_SECONDS", 60.0)
    await asyncio.gather(*(ask(asked) for _ in range(50)))


async def test_values_that_are_invalid_in_a_header_are_replaced() -> None:
    told = Told(Answer(204))
    caller = Caller(forwarded_for=" \xff\r\nX: 1, 192.0.2.1 ")
    await BackendClient(told).change("DELETE", "/x", caller=caller, if_match='"\u3042"\n')
    (request,) = told.asked
    assert request.headers["X-Forwarded-For"] == "???X: 1, 192.0.2.1"
    assert request.headers["If-Match"] == '"?"?'


async def test_the_trace_goes_on_to_the_backend() -> None:
    told = Told(NO_COMPONENTS, NO_COMPONENTS)
    trace = "Root=1-6b08514c-1c8f3c21d5d6000912c21a01"
    token = log.trace_id.set(trace)
    try:
        await ask(BackendClient(told))
    finally:
        log.trace_id.reset(token)
    await ask(BackendClient(told))
    assert [each.headers.get("X-Amzn-Trace-Id") for each in told.asked] == [trace, None]


async def test_an_outage_is_reported_once_for_all_pages(
    site: Visit, backend: FakeBackend, caplog: pytest.LogCaptureFixture
) -> None:
    backend.trouble = 503
    browser = site(backend)
    paths = ["/", "/history", "/maintenance", "/feed.atom"]
    paths += [f"/incidents/00000000-0000-4000-8000-{n:012}" for n in range(10)]
    pages = await asyncio.gather(*(browser.get(path) for path in paths))
    assert {page.status_code for page in pages} == {503}
    assert [r.levelname for r in caplog.records if r.levelno >= logging.ERROR] == ["ERROR"]


@pytest.mark.parametrize("status", [404, 429])
async def test_a_backend_that_refuses_what_is_public_is_out_of_order(
    site: Visit, backend: FakeBackend, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    """It may be another program at its address. Visitors see what was known before."""
    incident = backend.add_incident("Slow")
    browser, paths = site(backend), ["/", "/history", "/maintenance", "/feed.atom"]
    if status != 404:  # that is what a deleted incident is answered with
        paths.append(f"/incidents/{incident['id']}")
    for path in paths:
        assert (await browser.get(path)).status_code == 200
    backend.trouble, backend.clock = status, 60.0
    for path in paths:
        page = await browser.get(path)
        assert page.status_code == 200, path
        assert path == "/feed.atom" or "We cannot confirm the current state" in page.text, path
    assert [r.levelname for r in caplog.records if r.levelno >= logging.ERROR] == ["ERROR"]


def test_the_start_and_the_end_of_an_outage_are_reported(caplog: pytest.LogCaptureFixture) -> None:
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
    happen(None, gone, down, None, down, busy)  # one of two tasks answers: it is still one outage
    now += CALM_SECONDS
    happen(gone, None, busy, busy)
    now += BUSY_RECORD_SECONDS
    happen(busy, down)
    assert [(r.levelname, r.getMessage()) for r in caplog.records] == [
        ("ERROR", "The backend gives no answer: down"),
        ("INFO", "The backend answers again"),
        ("WARNING", "The backend gets more requests than it can answer in time"),
        ("WARNING", "The backend gets more requests than it can answer in time"),
        ("ERROR", "The backend gives no answer: down"),
    ]
