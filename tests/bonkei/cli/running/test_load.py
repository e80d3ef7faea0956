"""`bonkei load`, with a real sender and a real site."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bonkei.cli.context import Context
from bonkei.cli.running.load import load


class Site:
    """Answers 404 below /no, else 200. `at_request` is told how many have come."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.at_request: Callable[[int], object] = lambda _: None
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                site.at_request(len(site.asked))
                self.send_response(404 if self.path.startswith("/no") else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    def run(*words: str, urls: list[str]) -> Result:
        def answer(_home: Any, call: str, *, arguments: Any, limit: float) -> list[str]:
            assert call == "addresses"
            return urls

        monkeypatch.setattr("bonkei.miniature.control.call", answer)
        monkeypatch.setattr(Context, "home", None)
        return CliRunner().invoke(load, words, obj=Context(lambda: None))  # type: ignore[arg-type,return-value]

    return run


def test_it_asks_in_turn_for_the_whole_time(site: Site, typed: Callable[..., Result]) -> None:
    urls = [f"{site.url}/", f"{site.url}/no?a=1"]
    found = typed("--for", "2s", "--rate", "10", "--json", urls=urls)
    assert found.exit_code == 0, found.output
    told = json.loads(found.stdout)
    assert told["urls"] == urls
    assert (told["sent"], told["answers"]) == (20, {"200": 10, "404": 10})
    assert (told["unanswered"], told["error"]) == ({}, None)
    assert 0 < told["median_ms"] <= told["p95_ms"]
    assert sorted(site.asked) == ["/"] * 10 + ["/no?a=1"] * 10
    assert f"  {urls[1]}" in found.stderr


def test_ctrl_c_ends_it_with_a_summary(site: Site, typed: Callable[..., Result]) -> None:
    def press(number: int) -> None:
        if number == 12:
            os.kill(os.getpid(), signal.SIGINT)

    site.at_request = press
    found = typed("--rate", "10", urls=[f"{site.url}/"])
    assert found.exit_code == 0, found.output
    last = found.output.splitlines()[-1]
    assert re.fullmatch(r"\d+ sent: 2xx \d+; median \d+ ms, p95 \d+ ms", last)


def test_no_answer_at_all(site: Site, typed: Callable[..., Result]) -> None:
    site.server.server_close()
    found = typed("--for", "1s", "--json", urls=[f"{site.url}/"])
    assert found.exit_code == 1
    told = json.loads(found.stdout)
    assert (told["sent"], told["unanswered"]) == (2, {"no connection": 2})
    assert told["error"]["message"] == "no request was answered"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--path", "a"), "'a' is not a path"),
        (("--rate", "51"), "1<=x<=50"),
        (("--for", "2h"), "from 1s to 1h"),
        (("--for", "10"), "write 500ms, 30s, 5m or 1h"),
    ],
)
def test_words_that_are_refused(
    words: tuple[str, ...], said: str, typed: Callable[..., Result]
) -> None:
    found = typed(*words, urls=[])
    assert found.exit_code == 2
    assert said in found.output
