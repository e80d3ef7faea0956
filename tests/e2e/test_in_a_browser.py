"""The page as a user sees it: in a real browser, through the whole running system."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browsers import launched, needs_browser, new_context, violations
from foreground import Running
from miniatures import administrator_password, eventually
from playwright.sync_api import Browser, Page, expect

pytestmark = needs_browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def page(browser: Browser, miniature: Running, scheme: str) -> Iterator[Page]:
    context = new_context(browser, base_url=miniature.project.site, color_scheme=scheme)
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
def test_no_accessibility_violation(page: Page, scheme: str, path: str) -> None:
    page.goto(path)
    assert violations(page, scheme) == []


def test_an_administrator_signs_in_and_the_public_page_follows(
    page: Page, miniature: Running, scheme: str
) -> None:
    name = f"Component {scheme}"
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
