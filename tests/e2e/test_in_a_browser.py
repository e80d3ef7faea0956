"""The page as a user sees it: in a real browser, through the whole running system."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browsers import UNOPTIMISED, launched, needs_browser
from foreground import Running
from miniatures import administrator_password, eventually
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect

pytestmark = needs_browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched(UNOPTIMISED) as browser:
        yield browser


@pytest.fixture(scope="module")
def tab(browser: Browser, miniature: Running) -> Iterator[Page]:
    context = browser.new_context(base_url=miniature.project.site)
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def page(tab: Page, miniature: Running) -> Iterator[Page]:
    """A tab of a browser that has no cookie."""
    elsewhere: list[str] = []
    troubles: list[str] = []

    def ask(request: Request) -> None:
        if miniature.project.site not in request.url:
            elsewhere.append(request.url)

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error":
            troubles.append(message.text)

    tab.context.clear_cookies()
    tab.on("request", ask)
    tab.on("console", hear)
    yield tab
    tab.remove_listener("request", ask)
    tab.remove_listener("console", hear)
    assert elsewhere == [], "something was loaded from elsewhere"
    assert troubles == [], "the browser complained"


def test_each_public_page_is_drawn_without_a_complaint(page: Page) -> None:
    """tests/program/frontend/browser looks at them with axe."""
    for path in ("/", "/ja/", "/history", "/admin/sign-in"):
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_an_administrator_signs_in_and_the_public_page_follows(
    page: Page, miniature: Running
) -> None:
    name = "Component of a browser"
    page.goto("/admin")
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill(administrator_password(miniature.project))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Password")).to_have_count(0)  # else it would not be signed in yet
    page.goto("/admin/components/new")
    page.get_by_role("group", name="In English").get_by_label("Name").fill(name)
    page.get_by_role("button", name="Add the component").click()
    expect(page.get_by_role("status")).to_have_text(f"Added: {name}")

    def is_public() -> int:
        page.goto("/")
        return page.get_by_text(name).count()

    eventually(is_public, "the component is on the public page", every=0.5)
