"""For administrators: no axe violation, useful focus, one time zone, one submission."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from browsers import needs_browser, violations_in_both
from playwright.sync_api import Page, expect

from tests.program.frontend import sample
from tests.program.frontend.browser.looking import (
    BROKEN_WORDS,
    Serve,
    area_of,
    sign_in,
    unfold,
)
from tests.program.frontend.fake_backend import PASSWORD, FakeBackend

pytestmark = needs_browser


@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_word_is_broken_on_a_narrow_screen(
    serve: Serve, opened: Callable[..., Page], language: str
) -> None:
    backend = sample.outage()
    address = serve(backend)
    page = opened(f"{address}/admin/sign-in?lang={language}", width=320)
    page.locator("[name=username]").fill("admin")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator(".form button").click()
    prefix = "/ja" if language == "ja" else ""
    one = next(iter(backend.maintenances))
    paths = [f"{prefix}{path}" for path in ("/", "/history", "/maintenance", f"/maintenance/{one}")]
    paths += [f"{prefix}/incidents/{one}" for one in backend.incidents]
    paths += [f"/admin{path}" for path in area_of(backend)]
    for path in [*paths, "/nowhere"]:
        page.goto(address + path)
        assert page.evaluate(BROKEN_WORDS) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") == 320, path


def test_the_focus_goes_to_the_first_error(serve: Serve, opened: Callable[..., Page]) -> None:
    backend = sample.outage()
    address = serve(backend)
    page = opened(f"{address}/admin/sign-in")
    page.get_by_label("Name").fill("admin")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Password")).to_be_focused()
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_focused()  # neither field is wrong by itself
    sign_in(page)
    page.goto(f"{address}/admin/maintenance/new")
    page.get_by_role("group", name="In English").get_by_label("Title").fill("Disks")
    page.locator(".form button").click()
    expect(page.get_by_role("group", name="In English").get_by_label("Text")).to_be_focused()


def test_the_areas_lists_and_forms_use_one_time_zone(
    serve: Serve, opened: Callable[..., Page]
) -> None:
    """The browser is in Tokyo, nine hours ahead of UTC."""
    backend = sample.well()
    address = serve(backend)
    page = opened(f"{address}/admin/sign-in")
    sign_in(page)
    page.goto(f"{address}/admin/maintenance")
    expect(page.locator(".when time").first).to_have_text("27 November 2026, 09:30 UTC")
    page.get_by_role("link", name="Database upgrade").click()
    starts = page.get_by_label("Starts at")
    expect(starts).to_have_value("2026-11-27T09:30")
    here = page.locator("output[for=starts_at]")
    expect(here).to_have_text("In your time zone: 27 Nov 2026, 18:30 GMT+9")
    starts.fill("2026-11-27T20:00")
    expect(here).to_have_text("In your time zone: 28 Nov 2026, 05:00 GMT+9")
    page.goto(f"{address}/maintenance")  # visitors see their own time zone
    expect(page.locator(".when time").first).to_have_text("27 Nov 2026, 18:30 GMT+9")


def test_two_clicks_submit_once(serve: Serve, opened: Callable[..., Page]) -> None:
    backend = FakeBackend()
    backend.delay = 0.2
    address = serve(backend)
    page = opened(f"{address}/admin/sign-in")
    sign_in(page)
    page.goto(f"{address}/admin/administrators")
    page.get_by_label("Name").fill("jane")
    page.get_by_role("button", name="Add the administrator").dblclick()
    expect(page.locator(".secret")).to_have_text("generated-and-secret")
    made = [r for r in backend.requests if r == ("POST", "/administrators")]
    assert len(made) == 1


def test_a_form_that_was_stopped_can_be_sent_again(
    serve: Serve, opened: Callable[..., Page]
) -> None:
    backend = FakeBackend()
    address = serve(backend)
    page = opened(f"{address}/admin/sign-in")
    sign_in(page)
    page.goto(f"{address}/admin/components/new")
    page.get_by_role("group", name="In English").get_by_label("Name").fill("Search")
    button = page.get_by_role("button", name="Add the component")
    # A handler after the page's own one stops the first request as the browser's button would.
    page.evaluate("addEventListener('submit', (event) => event.preventDefault(), { once: true })")
    button.click()
    page.evaluate("const now = performance.now(); performance.now = () => now + 60_000")
    button.click()
    expect(page.get_by_role("status")).to_have_text("Added: Search")


def test_the_area_has_no_violation(serve: Serve, opened: Callable[..., Page]) -> None:
    backend = sample.outage()
    address = serve(backend)
    page = opened(f"{address}/admin/sign-in")
    assert violations_in_both(page) == []
    page.get_by_role("button", name="Sign in").click()
    assert violations_in_both(page) == []
    sign_in(page)
    for path in area_of(backend):
        page.goto(f"{address}/admin{path}")
        unfold(page)
        assert violations_in_both(page) == [], path
    page.goto(f"{address}/admin/incidents/new?lang=ja")
    page.locator(".form button").click()
    expect(page.locator("[aria-invalid]")).to_have_count(2)
    assert violations_in_both(page) == []


def test_an_administrator_adds_a_component(serve: Serve, opened: Callable[..., Page]) -> None:
    """With the browser's own cookies, Origin and Sec-Fetch-Site."""
    backend = FakeBackend()
    address = serve(backend)
    page = opened(f"{address}/admin/components/new")
    sign_in(page)
    page.get_by_role("group", name="In English").get_by_label("Name").fill("Search")
    page.get_by_label("Status").select_option("Degraded performance")
    page.get_by_role("button", name="Add the component").click()
    expect(page.get_by_role("status")).to_have_text("Added: Search")
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies(f"{address}/admin")}
    assert set(cookies) == {"visit"}  # `device` is sent to the sign-in page only
    assert cookies["visit"]["httpOnly"]
    page.get_by_role("link", name="To the status page").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Some systems are impaired")
    assert page.context.cookies(f"{address}/") == []
    page.goto(f"{address}/admin")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_have_text("You are signed out.")
