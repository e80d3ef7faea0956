"""What all pages share: quick, found again after a restart, and as the person wants it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from browsers import needs_browser
from playwright.sync_api import Browser, Page, expect
from ports import free_port

from bonkei.services.console import Console, ConsoleSettings
from tests.bonkei.services.console.browser.conftest import ConsolePage, Served, wait_for
from tests.bonkei.services.console.samples import overview, tasks

pytestmark = needs_browser
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


def first_paint(browser: Browser, served: Served, url: str) -> float:
    """Milliseconds from the address to something to see, in a browser that has nothing yet."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(url)
    wait_for(page, _PAINT)
    found = float(page.evaluate(_PAINT))
    if url == served.url:
        expect(page.get_by_role("heading", name="Architecture")).to_be_visible()
    context.close()
    return found


def test_the_first_paint_takes_less_than_300_ms(browser: Browser, served: Served) -> None:
    """The best of some: others use the machine, too. Where it is so busy for a minute that a page
    of three lines takes a third of that, it may take three times as long as that page."""
    plain = f"{served.base}/"  # without the token: three lines
    best, least = 1e9, 1e9
    end = time.monotonic() + 60
    while time.monotonic() < end:
        least = min(least, first_paint(browser, served, plain))
        best = min(best, first_paint(browser, served, served.url))
        if best < 300:
            return
    assert best < 3 * least, f"the first paint took {best:.0f} ms, a plain page's {least:.0f} ms"


@pytest.mark.parametrize("system", ["light", "dark"])
def test_languages_and_colours_are_the_persons(
    console_page: ConsolePage, system: Literal["light", "dark"]
) -> None:
    console_page.page.emulate_media(color_scheme=system)
    page = console_page.open("tasks")
    page.get_by_role("button", name="日本語").click()
    expect(page.get_by_role("heading", name="タスク", exact=True)).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "ja")
    background = "getComputedStyle(document.body.parentElement).backgroundColor"
    before = page.evaluate(background)
    page.get_by_role("button", name="配色").click()
    page.get_by_role("button", name="配色").click()
    page.reload()
    expect(page.get_by_role("heading", name="タスク", exact=True)).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-colour", "dark")
    assert (page.evaluate(background) == before) is (system == "dark")


def test_a_page_wears_its_own_sheet_only(console_page: ConsolePage) -> None:
    """The sheet of the logs hides columns beside an open line, and cuts long texts."""
    page = console_page.open("logs")
    worn = "[...document.styleSheets].filter((one) => !one.disabled).map((one) => one.href).join()"
    wait_for(page, f"{worn}.includes('/logs.css')")
    page.get_by_role("link", name="Metrics").click()
    expect(page.get_by_role("heading", name="Metrics", exact=True)).to_be_visible()
    wait_for(page, f"{worn}.includes('/metrics.css') && !{worn}.includes('/logs.css')")
    page.get_by_role("link", name="Logs").click()
    wait_for(page, f"{worn}.includes('/logs.css') && !{worn}.includes('/metrics.css')")


def test_a_narrow_screen_shows_where_one_is(console_page: ConsolePage) -> None:
    console_page.page.set_viewport_size({"width": 400, "height": 800})
    page = console_page.open("data")
    expect(page.get_by_role("heading", name="Data", exact=True)).to_be_visible()
    expect(page.locator(".nav-link.here")).to_be_in_viewport()


def test_a_badge_says_what_it_counts(console_page: ConsolePage) -> None:
    page = console_page.open("data")
    badge = page.get_by_role("link", name="Logs").locator(".badge.bad")
    expect(badge).to_have_text("2")
    expect(badge).to_have_attribute("title", "errors in the last 5 minutes")


def test_a_filter_is_in_the_address(console_page: ConsolePage) -> None:
    page = console_page.open("tasks?filter=frontend")
    expect(page.get_by_label("Filter")).to_have_value("frontend")
    backend = page.get_by_role("region", name="statuspage-backend")
    expect(backend.get_by_role("row")).to_have_count(1)


def test_a_filter_in_the_address_may_have_a_question_mark(console_page: ConsolePage) -> None:
    page = console_page.open("tasks?filter=get+/?why=1")
    expect(page.get_by_label("Filter")).to_have_value("get /?why=1")


def test_a_page_that_is_not_there_says_so(console_page: ConsolePage) -> None:
    console_page.page.goto(f"{console_page.served.url}#/nowhere")
    expect(console_page.page.get_by_text("There is no such page")).to_be_visible()


@contextlib.contextmanager
def running(port: int, directory: Path) -> Iterator[str]:
    """A console at a port, until the end of the block."""
    console = Console(ConsoleSettings(port, directory))
    for sample in (overview, tasks):
        sample.offer(console, [], directory)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(job: Any) -> None:
        asyncio.run_coroutine_threadsafe(job, loop).result(60)

    run(console.start())
    try:
        shown = console.snapshot()
        assert shown is not None
        yield shown.url
    finally:
        run(console.stop())
        run(_end_the_rest())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end_the_rest() -> None:
    """As `asyncio.run` does at its end: the page may have connected once more meanwhile."""
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB")
    yield context.new_page()
    context.close()


def test_an_open_page_goes_on_after_a_restart(tab: Page, tmp_path: Path) -> None:
    port = free_port()
    with running(port, tmp_path) as url:
        tab.goto(url)
        tab.goto(f"http://127.0.0.1:{port}/#/tasks")
        expect(tab.get_by_role("status")).to_contain_text("degraded")
    expect(tab.get_by_role("status")).to_contain_text("does not answer")
    with running(port, tmp_path):
        expect(tab.get_by_role("status")).to_contain_text("degraded")


def test_a_browser_without_the_token_is_told_what_to_do(tab: Page, served: Served) -> None:
    tab.goto(served.base)
    expect(tab.get_by_text("bonkei status").first).to_be_visible()
    expect(tab.get_by_role("heading", name="not been let in")).to_be_visible()
