"""Faults and drills, as a person begins, watches and ends them."""

from __future__ import annotations

from browsers import needs_browser
from playwright.sync_api import Page, expect

from tests.bonkei.services.console.browser.conftest import ConsolePage, screenshot
from tests.bonkei.services.console.samples.faults import FILE
from tests.bonkei.services.console.samples.world import MARKUP

pytestmark = needs_browser


def begin(page: Page, kind: str, target: str) -> None:
    form = page.get_by_role("region", name="Begin a fault")
    form.get_by_label("Kind", exact=True).select_option(kind)
    form.get_by_label("Target", exact=True).select_option(target)
    form.get_by_role("button", name="Begin a fault").click()


def test_a_fault_begins_and_ends(console_page: ConsolePage) -> None:
    page = console_page.open("faults")
    form = page.get_by_role("region", name="Begin a fault")
    form.get_by_label("Latency").fill("250")
    begin(page, "slow", "service:app-web")
    lasting = page.get_by_role("region", name="Lasting now")
    expect(lasting.get_by_text("slow service:app-web 250 ms")).to_be_visible()
    expect(lasting.get_by_text("app-web aaaa0001, app-web aaaa0002")).to_be_visible()
    begin(page, "slow", "service:app-web")  # the same twice
    expect(page.get_by_role("alert")).to_contain_text("end it first")
    console_page.is_accessible()
    screenshot(page, "faults")
    lasting.get_by_role("button", name="End").click()
    expect(lasting.get_by_text("No fault is active")).to_be_visible()
    expect(
        page.get_by_role("region", name="Ended").get_by_text("ended by hand").first
    ).to_be_visible()
    assert console_page.served.done[0] == (
        "fault", {"kind": "slow", "target": "service:app-web", "seconds": 30, "latency": 0.25},
    )  # fmt: skip


def test_only_what_makes_sense_is_offered(console_page: ConsolePage) -> None:
    page = console_page.open("faults")
    form = page.get_by_role("region", name="Begin a fault")
    form.get_by_label("Kind", exact=True).select_option("fill")
    expect(form.locator("option", has_text="aws:s3")).to_have_count(0)
    form.get_by_label("Target", exact=True).select_option("database:app-db")
    expect(form.get_by_label("What", exact=True).locator("option")).to_have_text(
        ["All connections"]
    )
    form.get_by_label("Kind", exact=True).select_option("refuse")
    form.get_by_label("Target", exact=True).select_option("aws:s3")
    expect(form.get_by_label("Error", exact=True)).to_be_visible()
    expect(form.locator("option", has_text=MARKUP).first).to_be_attached()


def test_a_drill_from_the_click_to_the_report(console_page: ConsolePage) -> None:
    page = console_page.open("faults")
    drills = page.get_by_role("region", name="Drills")
    drills.get_by_role("listitem").filter(has_text=FILE).get_by_role("button", name="Run").click()
    page.get_by_role("dialog").get_by_role("button", name="Run").click()
    expect(drills.get_by_text("Not as expected")).to_be_visible()
    expect(drills.get_by_text("Everything was healthy again 4 s after")).to_be_visible()
    rows = drills.get_by_role("table", name="What visitors noticed").get_by_role("row")
    expect(rows.filter(has_text="during")).to_contain_text("32 (40.0 %)")
    expect(drills.get_by_text("at most 1 s")).to_be_visible()
    expect(drills.get_by_text(MARKUP).first).to_be_visible()
    expect(drills.locator("canvas")).to_have_count(2)
    console_page.is_accessible()
    screenshot(page, "drill")
    assert ("drill", FILE) in console_page.served.done


def test_in_japanese_in_a_narrow_window(japanese_page: ConsolePage) -> None:
    page = japanese_page.open("faults")
    expect(page.get_by_role("heading", name="障害を起こす")).to_be_visible()
    japanese_page.is_accessible_in_the_light()
