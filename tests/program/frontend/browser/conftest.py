"""A real browser and frontends for it, each in front of a fake backend."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn
from browsers import Shared
from frontend.application import create_application
from frontend.settings import Settings
from playwright.sync_api import Browser, Page

from tests.program.frontend.browser.looking import Scheme, Serve
from tests.program.frontend.fake_backend import FakeBackend
from tests.program.frontend.in_memory import InMemoryTransport
from tests.program.frontend.process import SECRET

_SHARED = Shared(Path(__file__).parent)


@pytest.fixture
def browser() -> Browser:
    return _SHARED.get()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """After the test's own fixtures."""
    _SHARED.leave(nextitem)


def pytest_sessionfinish() -> None:
    """Also after a failure that ends the run."""
    _SHARED.close()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a frontend on a free loopback port and return its address."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(backend: FakeBackend) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        application = create_application(
            Settings(backend_url="http://backend:8000", session_secret=SECRET),
            transport=InMemoryTransport(backend.application()),
            today=backend.now.date,
            clock=lambda: backend.clock,
        )
        server = uvicorn.Server(
            uvicorn.Config(application, log_config=None, lifespan="on", timeout_graceful_shutdown=1)
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        running.append((server, thread))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Page]]:
    """`opened(url, width=…, scheme=…)` is a page. Errors on it fail the test."""
    complaints: list[str] = []
    contexts = []

    def open_page(url: str, *, width: int = 1000, scheme: Scheme = "light", **rest: str) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme=scheme,
            **{"locale": "en-GB", "timezone_id": "Asia/Tokyo", **rest},  # type: ignore[arg-type]
        )
        context.set_default_timeout(60_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    expected = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
    assert [complaint for complaint in complaints if not expected.match(complaint)] == []
