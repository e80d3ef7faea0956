"""The console in a real browser, with doubles that hold realistic data.

Who adds a page adds a sample (`tests/bonkei/services/console/samples/NAME.py` with a function
`offer`), and a test that takes `console_page`.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from browsers import Shared, violations, violations_in_both
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from bonkei.services.console import Console, ConsoleSettings
from tests.bonkei.services.console.samples.world import Done

_SHARED = Shared(Path(__file__).parent)
_REFUSED = "409 (Conflict)"  # an action that says why it is not done
_FILES = sorted((Path(__file__).parents[1] / "samples").glob("*.py"))
SAMPLES = [
    sample
    for file in _FILES
    if hasattr(
        sample := import_module(f"tests.bonkei.services.console.samples.{file.stem}"), "offer"
    )
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
            sample.offer(console, done, tmp_path_factory.mktemp("sample"))

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
    """A tab. Afterwards nothing may have been complained of, or come from elsewhere.

    A test finds it at no page: what the test before it opened is gone.
    """

    page: Page
    served: Served
    troubles: list[str] = field(default_factory=list)

    def trouble(self, what: str) -> None:
        self.troubles.append(what)

    def open(self, place: str) -> Page:
        """Go to `#/PLACE`, with the token if it is not let in, and wait until its data is there."""
        door = f"{self.served.base}/" if _is_in(self.page, self.served) else self.served.url
        self.page.goto(f"{door}#/{place}")
        name = re.split(r"[/?]", place)[0]
        if self.page.locator(f'.nav-link[href="#/{name}"]').count():  # not still the page before
            expect(self.page.locator(f'.nav-link.here[href="#/{name}"]')).to_have_count(1)
        expect(self.page.locator("main h1, main h2").first).to_be_visible()
        return self.page

    def is_accessible(self) -> None:
        """axe finds nothing, in the light and in the dark."""
        assert violations_in_both(self.page) == []

    def is_accessible_in_the_light(self) -> None:
        """axe finds nothing. For what other tests look at in the dark, too."""
        assert violations(self.page) == []


@pytest.fixture
def console_page(served: Served) -> Iterator[ConsolePage]:
    """In English, let in by the token."""
    with _SHARED.tab(1280, 720, locale="en-GB") as page:
        yield from _watched(page, served)


@pytest.fixture
def japanese_page(served: Served) -> Iterator[ConsolePage]:
    """In Japanese, in a narrow window."""
    with _SHARED.tab(360, 720, locale="ja-JP") as page:
        yield from _watched(page, served)


def _watched(page: Page, served: Served) -> Iterator[ConsolePage]:
    served.done.clear()
    found = ConsolePage(page, served)
    ears: dict[Any, Callable[[Any], None]] = {
        "request": lambda r: None if r.url.startswith(served.base) else found.trouble(r.url),
        "console": lambda m: found.trouble(m.text) if _is_trouble(m) else None,
        "pageerror": lambda error: found.trouble(str(error)),
    }
    for event, ear in ears.items():
        page.on(event, ear)
    yield found
    page.unroute_all()  # of a test that failed between: the next one has this tab
    _leave(page, served)
    for event, ear in ears.items():
        page.remove_listener(event, ear)
    assert found.troubles == []


def _is_in(page: Page, served: Served) -> bool:
    return page.url.startswith(f"{served.base}/#")


def _leave(page: Page, served: Served) -> None:
    """To no page of the console, which stays open: to load it costs more than most tests do in it.
    A choice of the person's, such as the language, goes only with the console.
    """
    if not _is_in(page, served) or page.evaluate("localStorage.length"):
        page.goto(f"{served.base}/icon.svg")
        page.evaluate("localStorage.clear()")
        return
    page.goto(f"{served.base}/#/nowhere")
    expect(page.locator("main > .waiting")).to_be_visible()


def _is_trouble(message: ConsoleMessage) -> bool:
    return message.type == "error" and _REFUSED not in message.text


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
          const look = (changes, observer) => {
            const buttons = [...document.querySelectorAll("button")];
            window.noted = buttons.some((one) => one.textContent.trim() === text);
            if (window.noted) observer.disconnect();
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
