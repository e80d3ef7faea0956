"""ERROR and FATAL raise alarms: no visitor may make the frontend log one."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import httpx
import over_http
import pytest

from tests.program import hostile
from tests.program.frontend import sample
from tests.program.frontend.process import address_of, records, served, started

PATHS = (
    "/", "/ja", "/ja/", "/history", "/history/2026-11", "/history/0000-01", "/history/9999-12",
    f"/incidents/{uuid4()}", "/incidents/x", "/maintenance", "/feed.atom", "/admin",
    "/admin/administrators", f"/admin/administrators/{uuid4()}/disable", "/admin/keys",
    "/admin/audit", f"/admin/incidents/{uuid4()}/updates/{uuid4()}", f"/maintenance/{uuid4()}",
    "/admin%0a",
    "/admin/sign-in", "/admin/sign-out", "/admin/password", "/admin/components",
    f"/admin/components/{uuid4()}", "/admin/incidents/new", "/admin/maintenances", "/static/x",
    "/static/style.0000000000000000.css", "/healthcheck", "/robots.txt", "/nowhere", "//x", "/%00",
    "/%ff%fe", "/ja/%ed%a0%80",
)  # fmt: skip


@contextmanager
def running(folder: Path) -> Iterator[int]:
    """The port of a frontend. The end checks that nothing was logged at ERROR or above."""
    with served(sample.outage()) as url, started(url, folder) as process:
        address = address_of(folder, process)
        yield int(address.rpartition(":")[2])
        assert over_http.get(f"{address}/", timeout=60).status_code == 200
    assert [r for r in records(folder) if r["level"] in ("ERROR", "FATAL")] == []


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Of a process that these tests share."""
    with running(tmp_path_factory.mktemp("frontend")) as port:
        yield port


def test_nonsense_is_refused(port: int) -> None:
    answers = {hostile.send(port, sent) for sent in hostile.nonsense(PATHS, 500, seed=1)}
    assert {200, 303, 400, 403, 404, 405} <= answers
    assert [status for status in answers if status and status >= 500] == []


def test_a_client_that_leaves_during_a_form_is_no_error(tmp_path: Path) -> None:
    with running(tmp_path) as port:
        hostile.leave_amid(port, "/admin/sign-in")
        deadline = time.monotonic() + 60
        while not (left := [r for r in records(tmp_path) if r.get("path") == "/admin/sign-in"]):
            assert time.monotonic() < deadline
            time.sleep(0.02)
    assert [(r["level"], r["status"]) for r in left] == [("INFO", 499)]


def test_a_client_that_sends_20_mb_sees_its_413(port: int) -> None:
    assert hostile.upload(port, "/admin/sign-in", 20_000_000) == 413


def test_unusual_characters_in_a_genuine_form_are_no_error(port: int) -> None:
    """Anybody can get a form's token: the sign-in page gives one to everyone."""
    texts = ("", "\0", "\r\nX: y", "é" * 90, "\U0010ffff", "\uffff", "a" * 101, b"\xed\xa0\x80")
    forwarded = ("\xff", "a" * 5000, "192.0.2.1," * 400, "")
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as browser:
        page = browser.get("/admin/sign-in").text
        token = re.search(r'name="form_token" value="([^"]+)"', page)
        assert token
        for name in texts:
            for address in forwarded:
                body = f"form_token={quote(token[1])}&username={quote(name)}&password={quote(name)}"
                headers = {"X-Forwarded-For": address.encode("latin-1")}
                answer = browser.post("/admin/sign-in", content=body, headers=headers)
                assert answer.status_code in (401, 422)


def test_many_simultaneous_requests_wait_their_turn(port: int) -> None:
    """More than there are connections to the backend. Each one needs the backend."""

    def request(path: str) -> bytes:
        return f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()

    # Three turns of 16: the last one waits for five seconds at most, also on a busy machine.
    unknown = [request(f"/incidents/{uuid4()}") for _ in range(48)]
    assert set(hostile.at_once(port, unknown)) == {404}
    months = [request(f"/history/20{20 + n // 12}-{n % 12 + 1:02}") for n in range(48)]
    assert set(hostile.at_once(port, months)) == {200}
