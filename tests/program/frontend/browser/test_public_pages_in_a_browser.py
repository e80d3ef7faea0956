"""For visitors: no axe violation, everything by keyboard, no violation of the policy."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from browsers import needs_browser, violations, violations_in_both
from playwright.sync_api import Browser, Page, expect

from tests.program.frontend import sample
from tests.program.frontend.browser.looking import Serve, unfold
from tests.program.frontend.fake_backend import FakeBackend

pytestmark = needs_browser


@pytest.mark.parametrize("width", [320, 1000])
@pytest.mark.parametrize("situation", ["empty", "many", "long"])
def test_many_and_long_texts_fit(
    serve: Serve, opened: Callable[..., Page], situation: str, width: int
) -> None:
    backend: FakeBackend = getattr(sample, situation)()
    address = serve(backend)
    page = opened(address, width=width)
    paths = ["/", "/ja/", "/ja/history", "/maintenance"]
    for path in paths + [f"/incidents/{one}" for one in backend.incidents]:
        page.goto(address + path)
        assert page.evaluate("document.documentElement.scrollWidth") == width
    assert violations(page) == []


@pytest.mark.parametrize("situation", ["well", "outage", "maintenance", "empty"])
def test_public_pages_have_no_violation(
    serve: Serve, opened: Callable[..., Page], situation: str
) -> None:
    backend: FakeBackend = getattr(sample, situation)()
    address = serve(backend)
    page = opened(address)
    unfold(page)
    assert violations_in_both(page) == []
    paths = ["/ja/", "/history", "/maintenance", "/nowhere"]
    paths += [f"/incidents/{one}" for one in list(backend.incidents)[-1:]]
    for path in paths:
        page.goto(address + path)
        assert violations_in_both(page) == [], path


@pytest.mark.parametrize("path", ["/", "/ja/", "/history", "/maintenance"])
@pytest.mark.parametrize("width", [320, 768, 1920])
def test_nothing_is_wider_than_the_window(
    serve: Serve, opened: Callable[..., Page], path: str, width: int
) -> None:
    backend = sample.outage()
    backend.add_incident("Donaudampfschifffahrtsgesellschaftskapitän" * 4)
    backend.add_component("https://averylonghostname.example.com/" + "x" * 60)
    page = opened(serve(backend) + path, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_keyboard_reaches_everything(serve: Serve, opened: Callable[..., Page]) -> None:
    page = opened(serve(sample.outage()))
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    assert skip.inner_text() == "Skip to the content"
    assert skip.bounding_box()["y"] >= 0  # type: ignore[index]
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if not focused.count():
            break
        reached.append(focused.inner_text().split("\n")[0])
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    wanted = ["System status", "Now", "Incident history", "Maintenance", "日本語",
              "API requests fail in the Tokyo region"]  # fmt: skip
    assert reached[: len(wanted)] == wanted
    assert reached[-2:] == ["Atom feed", "Administration"]
    page.goto(page.url)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    first = page.locator("summary").first
    first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("details").first).to_have_attribute("open", "")


def test_times_are_shown_in_the_visitors_time_zone(
    serve: Serve, opened: Callable[..., Page]
) -> None:
    page = opened(serve(sample.outage()))
    since = page.locator(".since time")
    expect(since).to_have_text("24 Nov 2026, 17:20 GMT+9")
    expect(since).to_have_attribute("title", "24 November 2026, 08:20 UTC")


def test_without_scripts_all_content_is_shown(serve: Serve, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto(serve(sample.outage()))
    expect(page.locator(".since time")).to_have_text("24 November 2026, 08:20 UTC")
    assert page.locator("noscript meta[http-equiv=refresh]").count() == 1
    context.close()


def test_an_open_page_follows_changes(serve: Serve, opened: Callable[..., Page]) -> None:
    backend = sample.well()
    page = opened("about:blank", own=True)  # with a clock of its own
    page.clock.install()
    page.goto(serve(backend))
    expect(page.get_by_role("heading", level=1)).to_have_text("All systems are working")
    page.locator("summary").first.click()
    page.locator("body").click(position={"x": 1, "y": 1})
    with page.expect_event("requestfinished", lambda request: request.resource_type == "fetch"):
        page.clock.run_for(31_000)
    # Only a page that has read what it shows can see a change: what comes later is read later.
    page.evaluate("fetch(location.href).then((answer) => answer.text())")
    first = next(iter(backend.components.values()))
    first["status"] = "major_outage"
    backend.add_incident("Nothing works", impact="critical", affected={first["id"]: "major_outage"})
    backend.clock += 60
    page.evaluate("document.activeElement.blur()")
    page.clock.run_for(31_000)
    expect(page.get_by_role("heading", level=1)).to_have_text("We have a major outage")
    expect(page).to_have_title("We have a major outage – System status")
    expect(page.locator("#announcer")).to_have_text(
        "The page has been updated. We have a major outage"
    )
    expect(page.locator("details").first).to_have_attribute("open", "")
    expect(page.locator("body")).to_have_attribute("data-state", "critical")
    assert "GMT+9" in page.locator(".since time").inner_text()
