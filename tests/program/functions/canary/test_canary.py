"""The canary asks a server that answers well, badly, late, or not at all."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import canary
import pytest

ANSWERS = {
    "/": (200, "A status page"),
    "/api/v1/status": (200, "{}"),
    "/moved": (302, ""),
    "/empty": (200, ""),
    "/broken": (503, "Service Unavailable"),
}


class Site(BaseHTTPRequestHandler):
    agents: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.agents.append(self.headers["User-Agent"])
        if self.path == "/cut":  # it promises more than it sends
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"half")
            return
        status, body = ANSWERS[self.path]
        self.send_response(status)
        self.send_header("Location", "/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def run(monkeypatch: pytest.MonkeyPatch, site: str, *pages: str) -> str:
    monkeypatch.setenv("SITE_URL", site)
    monkeypatch.setenv("PAGES", json.dumps(pages))
    return canary.handler({}, None)


def test_a_site_that_answers_passes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], site: str
) -> None:
    answer = run(monkeypatch, site + "/", "/", "/api/v1/status", "/moved")
    assert answer == "3 pages answered"
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(each["level"], each["url"]) for each in records] == [
        ("INFO", f"{site}/"), ("INFO", f"{site}/api/v1/status"), ("INFO", f"{site}/moved"),
    ]  # fmt: skip
    assert set(Site.agents) == {"statuspage-canary"}


@pytest.mark.parametrize(
    ("page", "trouble"),
    [("/broken", "status 503"), ("/empty", "an empty page"), ("/cut", "no answer")],
)
def test_one_bad_page_fails_the_run_and_is_named(
    monkeypatch: pytest.MonkeyPatch, site: str, page: str, trouble: str
) -> None:
    with pytest.raises(canary.PageError, match=f"^{page}: {trouble}[^;]*$"):
        run(monkeypatch, site, "/", page)


def test_every_bad_page_is_named(monkeypatch: pytest.MonkeyPatch, site: str) -> None:
    with pytest.raises(canary.PageError, match="/broken: status 503; /empty: an empty page"):
        run(monkeypatch, site, "/broken", "/", "/empty")


def test_a_site_that_is_not_there_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(canary.PageError, match="no answer"):
        run(monkeypatch, f"http://127.0.0.1:{port}", "/")


def test_a_site_that_says_nothing_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canary, "SECONDS", 0.1)
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        pytest.raises(canary.PageError, match=r"no answer .*timed out"),
    ):
        run(monkeypatch, f"http://127.0.0.1:{server.getsockname()[1]}", "/")
