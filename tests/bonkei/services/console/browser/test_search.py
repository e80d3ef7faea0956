"""The search over everything: by the keyboard alone, in both languages."""

from __future__ import annotations

import re

import pytest
from browsers import needs_browser
from playwright.sync_api import Page, expect

from tests.bonkei.services.console.browser.conftest import ConsolePage, screenshot
from tests.bonkei.services.console.samples.requests import HIDDEN
from tests.bonkei.services.console.samples.tasks import snapshot

pytestmark = needs_browser
TASK = snapshot().tasks[0].id

FOUND = {
    "a request by its path": ("/api/v1/comp", "Request", "GET /api/v1/components", "requests/5$"),
    "a request by its number": ("5", "Request", "GET /api/v1/components", "requests/5$"),
    "a task": (TASK[:8], "Task", "service:statuspage-backend", f"tasks/{TASK}$"),
    "a resource": ("aws_lb listener", "Resource", "aws_lb_listener", r"resource/\S*lb_listener"),
    "an alarm": ("database-mem", "Alarm", "statuspage-database-memory", "alarms/statuspage-data"),
    "a line of a log": ("no such table", "Log line", "no such table", r"logs\?log=statuspage-da"),
    "a page": ("permiss", "Page", "Permissions", "permissions$"),
}  # fmt: skip


def search(page: Page, text: str) -> None:
    """Type it once the dialog is there: keys that come before are the page's own."""
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type(text)


@pytest.mark.parametrize(("text", "kind", "title", "address"), FOUND.values(), ids=FOUND)
def test_it_finds(
    console_page: ConsolePage, text: str, kind: str, title: str, address: str
) -> None:
    page = console_page.open("slack")
    page.keyboard.press("Control+k")
    search(page, text)
    hit = page.get_by_role("option").filter(has_text=re.compile(f"^\\s*{kind}.*{re.escape(title)}"))
    expect(hit.first).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="found")).to_be_visible()
    chosen = page.get_by_role("option", selected=True)
    while (shown := chosen.inner_text()) != hit.first.inner_text():
        page.keyboard.press("ArrowDown")
        expect(chosen).not_to_have_text(shown)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"#/{address}"))
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert HIDDEN not in page.content()


def test_a_found_line_is_on_the_page(console_page: ConsolePage) -> None:
    page = console_page.open("slack")
    page.keyboard.press("Meta+k")
    search(page, "no such table")
    page.get_by_role("option").filter(has_text="Log line").first.click()
    expect(page.get_by_role("row")).to_have_count(2)
    expect(page.get_by_role("row").nth(1)).to_contain_text("no such table")


def test_escape_brings_the_focus_back(console_page: ConsolePage) -> None:
    page = console_page.open("tasks")
    button = page.get_by_role("button", name="Search")
    button.focus()
    page.keyboard.press("Enter")
    search(page, "nothing has this name")
    expect(page.get_by_text("Nothing has this in its name")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(button).to_be_focused()


def test_it_is_accessible(console_page: ConsolePage) -> None:
    page = console_page.open("slack")
    page.get_by_role("button", name="Search").click()
    search(page, "backend")
    expect(page.get_by_role("option").filter(has_text="Alarm").first).to_be_visible()
    screenshot(page, "search")
    console_page.is_accessible()


def test_it_fits_a_narrow_window_in_japanese(japanese_page: ConsolePage) -> None:
    page = japanese_page.open("slack")
    page.get_by_role("button", name="検索").click()
    search(page, "アラ")
    expect(page.get_by_role("option").filter(has_text="アラーム").first).to_be_visible()
    screenshot(page, "search-ja")
    japanese_page.is_accessible_in_the_light()
