"""A real browser and frontends for it, each in front of a fake backend."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urljoin

import pytest
import uvicorn
from browsers import UNOPTIMISED, Shared, new_context
from frontend.application import create_application
from frontend.settings import Settings
from playwright.sync_api import Browser, ConsoleMessage, Error, Page

from tests.program.frontend.browser.looking import Serve
from tests.program.frontend.fake_backend import FakeBackend
from tests.program.frontend.in_memory import InMemoryTransport
from tests.program.frontend.process import SECRET

_FILE = f"/static/icon.{'0' * 16}.svg"
_SHARED = Shared(Path(__file__).parent, UNOPTIMISED)


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
    """`opened(url, width=…)` is a page. Errors on it fail the test. `own`: no one had it
    before, or gets it afterwards.
    """
    complaints: list[str] = []

    def complain(about: Error | ConsoleMessage) -> None:
        complaints.append(about.text if isinstance(about, ConsoleMessage) else str(about))

    with ExitStack() as tabs:

        def open_page(url: str, *, width: int = 1000, own: bool = False) -> Page:
            size, rest = (width, 800), {"locale": "en-GB", "timezone_id": "Asia/Tokyo"}
            if own:
                page = new_context(browser, **rest).new_page()
                tabs.callback(page.context.close)
            else:
                page = tabs.enter_context(_SHARED.tab(*size, **rest))
                tabs.callback(_leave, page, complain)
            page.on("pageerror", complain)
            page.on("console", complain)
            page.goto(url)
            return page

        yield open_page
    expected = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
    assert [complaint for complaint in complaints if not expected.match(complaint)] == []


def _leave(page: Page, complain: Callable[..., None]) -> None:
    """Go to a file without a script, keep nothing, and hear no more."""
    page.goto(urljoin(page.url, _FILE))
    page.context.clear_cookies()
    page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
    page.remove_listener("pageerror", complain)
    page.remove_listener("console", complain)
