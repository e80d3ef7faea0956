"""The page as a user sees it: in a real browser, through the whole running system."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsers import launched, needs_browser
from miniatures import Running, administrator_password
from playwright.sync_api import Browser, Page, expect

pytestmark = needs_browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(params=["light", "dark"])
def page(browser: Browser, miniature: Running, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(base_url=miniature.project.site, color_scheme=request.param)
    page = context.new_page()
    elsewhere: list[str] = []
    troubles: list[str] = []
    page.on(
        "request",
        lambda r: elsewhere.append(r.url) if miniature.project.site not in r.url else None,
    )
    page.on("console", lambda m: troubles.append(m.text) if m.type == "error" else None)
    yield page
    context.close()
    assert elsewhere == [], "something was loaded from elsewhere"
    assert troubles == [], "the browser complained"


@pytest.mark.parametrize("path", ["/", "/ja/", "/history", "/admin/sign-in"])
def test_no_accessibility_violation(page: Page, path: str) -> None:
    page.goto(path)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_an_administrator_signs_in_and_the_public_page_follows(
    page: Page, miniature: Running, request: pytest.FixtureRequest
) -> None:
    name = f"Component {request.node.callspec.id}"
    page.goto("/admin")
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill(administrator_password(miniature.project))
    page.get_by_role("button", name="Sign in").click()
    page.goto("/admin/components/new")
    page.get_by_role("group", name="In English").get_by_label("Name").fill(name)
    page.get_by_role("button", name="Add the component").click()
    expect(page.get_by_role("status")).to_have_text(f"Added: {name}")
    for _ in range(60):
        page.goto("/")
        if page.get_by_text(name).count():
            return
        page.wait_for_timeout(500)
    pytest.fail("the component is not on the public page")
