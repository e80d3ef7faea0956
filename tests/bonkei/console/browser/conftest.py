"""The console in a real browser, with doubles that hold realistic data.

Who adds a page adds a sample (`tests/bonkei/console/samples/NAME.py` with a function `offer`), and
a test that takes `console_page`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

import pytest
from browsers import Shared, violations
from playwright.sync_api import Browser, BrowserContext, Page, expect

from bonkei.console import Console, ConsoleSettings
from tests.bonkei.console.samples.world import Done

_SHARED = Shared(Path(__file__).parent)
_REFUSED = "409 (Conflict)"  # an action that says why it is not done
_FILES = sorted((Path(__file__).parents[1] / "samples").glob("*.py"))
SAMPLES = [
    sample
    for file in _FILES
    if hasattr(sample := import_module(f"tests.bonkei.console.samples.{file.stem}"), "offer")
]


@dataclass
class Served:
    """`url`: with its token. `done`: what actions were asked to do."""

    url: str
    done: Done

    @property
    def base(self) -> str:
        return self.url.partition("/?")[0]


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A console with all samples, in a thread of its own."""
    console = Console(ConsoleSettings(0, tmp_path_factory.mktemp("console")))
    done: Done = []
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(job: object) -> None:
        asyncio.run_coroutine_threadsafe(job, loop).result(60)  # type: ignore[arg-type]

    async def offer() -> None:
        for sample in SAMPLES:
            sample.offer(console, done)

    run(offer())
    run(console.start())
    shown = console.snapshot()
    assert shown is not None
    yield Served(shown.url, done)
    run(console.stop())
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


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


@dataclass
class ConsolePage:
    """A tab. Afterwards nothing may have been complained of, or come from elsewhere."""

    page: Page
    served: Served
    scheme: str = "light"
    troubles: list[str] = field(default_factory=list)

    def open(self, place: str) -> Page:
        """Go to `#/PLACE`, and wait until its data is there."""
        self.page.goto(f"{self.served.base}/#/{place}")
        expect(self.page.locator("main h1, main h2").first).to_be_visible()
        return self.page

    def is_accessible(self) -> None:
        """axe finds nothing."""
        assert violations(self.page, self.scheme) == []


@pytest.fixture(params=["light", "dark"])
def console_page(
    browser: Browser, served: Served, request: pytest.FixtureRequest
) -> Iterator[ConsolePage]:
    """In light and in dark, in English, let in by the token."""
    served.done.clear()
    context = browser.new_context(color_scheme=request.param, locale="en-GB")
    context.set_default_timeout(60_000)
    yield from _watched(context, served, request.param)


@pytest.fixture
def japanese_page(browser: Browser, served: Served) -> Iterator[ConsolePage]:
    """In Japanese, in a narrow window."""
    served.done.clear()
    size = {"width": 360, "height": 720}
    context = browser.new_context(locale="ja-JP", viewport=size)  # type: ignore[arg-type]
    context.set_default_timeout(60_000)
    yield from _watched(context, served)


def _watched(
    context: BrowserContext, served: Served, scheme: str = "light"
) -> Iterator[ConsolePage]:
    page = context.new_page()
    found = ConsolePage(page, served, scheme)
    page.on(
        "request",
        lambda r: None if r.url.startswith(served.base) else found.troubles.append(r.url),
    )
    page.on(
        "console",
        lambda m: (
            found.troubles.append(m.text) if m.type == "error" and _REFUSED not in m.text else None
        ),
    )
    page.on("pageerror", lambda error: found.troubles.append(str(error)))
    page.goto(served.url)
    yield found
    context.close()
    assert found.troubles == []


def wait_for(page: Page, expression: str) -> None:
    """Until it is true. The page's policy refuses what Playwright's own waiting needs."""
    for _ in range(1_200):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"it never became true: {expression}")


def note(page: Page, text: str) -> None:
    """From now on, `window.noted` says whether a button has had this text, however briefly."""
    page.evaluate(
        """(text) => {
          window.noted = false;
          const look = () => {
            const buttons = [...document.querySelectorAll("button")];
            window.noted ||= buttons.some((one) => one.textContent.trim() === text);
          };
          const changes = { subtree: true, childList: true, characterData: true };
          new MutationObserver(look).observe(document.body, changes);
        }""",
        text,
    )


def screenshot(page: Page, name: str) -> None:
    """For a person who works on a page: set CONSOLE_SHOTS to a folder."""
    import os

    if folder := os.environ.get("CONSOLE_SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
