"""Tasks and deployments, as a person sees and uses them."""

from __future__ import annotations

import re

from browsers import needs_browser
from playwright.sync_api import expect

from tests.bonkei.services.console.browser.conftest import ConsolePage, note, wait_for
from tests.bonkei.services.console.samples.tasks import SERVICES, snapshot
from tests.bonkei.services.console.samples.world import MARKUP

pytestmark = needs_browser
TASK = snapshot().tasks[1]


def test_it_shows_services_tasks_and_why(console_page: ConsolePage) -> None:
    page = console_page.open("tasks")
    backend = page.get_by_role("region", name="statuspage-backend")
    expect(backend.get_by_text("1 of 2 healthy")).to_be_visible()
    expect(backend.get_by_text("Essential container in task exited").first).to_be_visible()
    expect(backend.get_by_role("row")).to_have_count(3)
    expect(page.get_by_text("desired count 2")).to_be_visible()
    expect(page.get_by_text(MARKUP).first).to_be_visible()
    scheduled = page.get_by_role("row").filter(has_text="events-rule/nightly")
    expect(scheduled.get_by_text("failed")).to_be_visible()
    expect(scheduled.get_by_text("backend 3")).to_be_visible()
    console_page.is_accessible()


def test_a_task_opens_with_its_past(console_page: ConsolePage) -> None:
    page = console_page.open("tasks")
    page.get_by_role("link", name=TASK.id[:8]).first.click()
    drawer = page.get_by_role("complementary")
    expect(drawer.get_by_text(f"bonkei exec {TASK.id[:8]} -- sh")).to_be_visible()
    expect(drawer.get_by_text("Health checks failed with these codes: [500]").first).to_be_visible()
    expect(drawer.locator("canvas")).to_have_count(2)
    console_page.is_accessible()
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)


def test_what_is_done_is_asked_first(console_page: ConsolePage) -> None:
    page = console_page.open("tasks")
    frontend = page.get_by_role("region", name="statuspage-frontend")
    frontend.get_by_role("button", name="Restart").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Cancel").click()
    assert console_page.served.done == []
    frontend.get_by_role("button", name="Restart").click()
    note(page, "Done")
    dialog.get_by_role("button", name="Restart").click()
    wait_for(page, "window.noted")  # it is there for two seconds
    frontend.get_by_role("button", name=re.compile("Restart|Done")).click()
    page.wait_for_timeout(2_600)  # the next question stays
    dialog.get_by_role("button", name="Cancel").click()
    frontend.get_by_role("button", name="Scale").click()
    dialog.get_by_label("Number of tasks").fill("9")
    dialog.get_by_role("button", name="Scale").click()
    expect(dialog.get_by_text("between 2 and 6 tasks")).to_be_visible()
    dialog.get_by_label("Number of tasks").fill("3")
    dialog.get_by_role("button", name="Scale").click()
    expect(dialog).to_have_count(0)
    page.goto(f"{console_page.served.base}/#/tasks/{TASK.id}")
    page.get_by_role("complementary").get_by_role("button", name="Stop").click()
    expect(dialog).to_be_visible()
    console_page.is_accessible()
    dialog.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("complementary")).to_have_count(0)
    arn = SERVICES[1].arn
    assert console_page.served.done == [("restart", arn), ("scale", arn, 3), ("stop", TASK.id)]


def test_the_keyboard_is_enough(console_page: ConsolePage) -> None:
    page = console_page.open("tasks")
    page.keyboard.press("/")
    page.keyboard.type("unhealthy")
    expect(page.get_by_role("region", name="statuspage-frontend").get_by_role("row")).to_have_count(
        1
    )
    expect(page).to_have_url(re.compile("filter=unhealthy"))
    page.keyboard.press("Escape")
    page.get_by_role("region", name="statuspage-backend").get_by_role("row").nth(1).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("complementary")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("g")
    page.keyboard.press("t")
    expect(page).to_have_url(f"{console_page.served.base}/#/tasks")


def test_escape_closes_what_was_opened_last(console_page: ConsolePage) -> None:
    """Also after the drawer below the help was drawn anew, or replaced."""
    page = console_page.open(f"tasks/{TASK.id}")
    drawer, dialog = page.get_by_role("complementary"), page.get_by_role("dialog")
    expect(drawer).to_be_visible()
    page.keyboard.press("?")
    expect(dialog).to_be_visible()
    hour = page.locator(".drawer").get_by_role(
        "button", name="1 h", exact=True, include_hidden=True
    )
    expect(hour).to_be_attached()  # the drawer may be there before its graphs
    page.route("**/live?*", lambda _: None)  # its answer would draw the help anew, too
    hour.dispatch_event("click")
    expect(page.locator(".drawer").get_by_text("Usage")).to_have_count(0)  # it waits for the hour
    page.wait_for_timeout(200)
    page.unroute("**/live?*")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.locator(".drawer")).to_have_count(1)
    page.keyboard.press("?")
    expect(dialog).to_be_visible()
    for place, count in (("tasks", 0), (f"tasks/{TASK.id}", 1)):
        page.evaluate("(place) => { location.hash = `#/${place}`; }", place)
        expect(page.locator(".drawer")).to_have_count(count)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.locator(".drawer")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)


def test_a_drawer_hears_the_key_as_soon_as_it_is_seen(console_page: ConsolePage) -> None:
    page = console_page.open("tasks")
    page.evaluate(
        """(place) => {
          const close = (changes, observer) => {
            if (!document.querySelector(".drawer")) return;
            observer.disconnect();
            window.wasSeen = true;
            document.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
          };
          new MutationObserver(close).observe(document.body, { subtree: true, childList: true });
          location.hash = place;
        }""",
        f"#/tasks/{TASK.id}",
    )
    wait_for(page, "window.wasSeen")
    expect(page.locator(".drawer")).to_have_count(0)


def test_it_fits_a_narrow_window_in_japanese(japanese_page: ConsolePage) -> None:
    page = japanese_page.open("tasks")
    expect(page.get_by_role("heading", name="タスク", exact=True)).to_be_visible()
    japanese_page.is_accessible_in_the_light()
