"""Data, as a person looks at it: hostile contents stay text, and values stay masked."""

from __future__ import annotations

from pathlib import Path

from browsers import needs_browser
from playwright.sync_api import expect

from tests.bonkei.services.console.browser.conftest import ConsolePage, screenshot
from tests.bonkei.services.console.samples.data import PASSWORD
from tests.bonkei.services.console.samples.world import MARKUP

pytestmark = needs_browser


def test_everything_that_holds_data_is_there(console_page: ConsolePage) -> None:
    page = console_page.open("data")
    for kind in ("Databases", "Buckets", "Queues", "Tables", "Parameters and secrets"):
        expect(page.get_by_role("region", name=kind)).to_be_visible()
    buckets = page.get_by_role("region", name="Buckets")
    expect(buckets.get_by_role("row")).to_have_count(3)
    expect(buckets.get_by_text("made by a program")).to_be_visible()
    console_page.is_accessible()
    screenshot(page, "data")


def test_objects_by_folder_and_their_beginning(console_page: ConsolePage, tmp_path: Path) -> None:
    page = console_page.open("data")
    page.get_by_role("link", name="statuspage-logs").click()
    expect(page.get_by_role("link", name="Next page")).to_be_visible()
    page.get_by_role("link", name="▸ logs/").click()
    page.get_by_role("link", name=MARKUP).click()
    drawer = page.get_by_role("complementary")
    expect(drawer.get_by_text(f"{MARKUP}\\x1b[2J")).to_be_visible()
    console_page.is_accessible()
    screenshot(page, "object")
    with page.expect_download() as waiting:
        drawer.get_by_role("button", name="Download").click()
    waiting.value.save_as(tmp_path / "object")
    assert (tmp_path / "object").read_bytes() == f"{MARKUP}\x1b[2J".encode()
    page.go_back()
    page.go_back()
    page.get_by_role("link", name="dump.sql").click()
    expect(drawer.get_by_text("The beginning of 9.5 MiB.")).to_be_visible()
    expect(drawer.get_by_role("button", name="Download")).to_have_count(0)


def test_messages_by_the_page(console_page: ConsolePage) -> None:
    page = console_page.open("data/queue?name=orders")
    messages = page.get_by_role("region", name="Messages")
    expect(messages.get_by_text("1–25 of 60")).to_be_visible()
    messages.get_by_text(f"0 {MARKUP}").first.click()
    expect(messages.get_by_text("00000000", exact=True)).to_be_visible()
    console_page.is_accessible()
    screenshot(page, "queue")
    messages.get_by_role("link", name="Next page").click()
    expect(messages.get_by_text("26–50 of 60")).to_be_visible()


def test_items_by_the_page(console_page: ConsolePage) -> None:
    page = console_page.open("data/table?name=carts")
    items = page.get_by_role("region", name="Items")
    expect(items.get_by_text("300,000 characters")).to_be_visible()
    items.get_by_role("link", name="Next page").click()
    expect(items.get_by_role("link", name="First page")).to_be_visible()
    console_page.is_accessible()


def test_values_are_shown_one_by_one(console_page: ConsolePage) -> None:
    page = console_page.open("data/secrets")
    expect(page.get_by_role("row")).to_have_count(4)
    assert PASSWORD not in page.content()
    assert console_page.served.done == []
    page.get_by_role("button", name=f"Show: db/{MARKUP}").click()
    expect(page.get_by_text(PASSWORD)).to_be_visible()
    assert console_page.served.done == [("revealed", "secret", f"db/{MARKUP}")]
    console_page.is_accessible()
    page.get_by_role("button", name="Hide").click()
    expect(page.get_by_text(PASSWORD)).to_have_count(0)
    page.get_by_role("button", name="Show: /shop/greeting").click()
    expect(page.get_by_role("dialog")).to_contain_text("/shop/greeting has gone")
    screenshot(page, "secrets")


def test_tables_of_a_database_by_the_page(console_page: ConsolePage) -> None:
    page = console_page.open("data/database?name=statuspage")
    page.get_by_role("region", name="Tables and views").get_by_role("link", name=MARKUP).click()
    rows = page.get_by_role("region", name="Rows")
    expect(rows.get_by_text("1–50")).to_be_visible()
    expect(rows.get_by_text("NULL").first).to_be_visible()
    expect(rows.get_by_text("10,000,000 characters").first).to_be_visible()
    console_page.is_accessible()
    screenshot(page, "rows")
    rows.get_by_role("link", name="Next page").click()
    expect(rows.get_by_text("51–70")).to_be_visible()


def test_a_question_is_answered_or_refused_by_the_database(console_page: ConsolePage) -> None:
    page = console_page.open("data/database?name=statuspage")
    box = page.get_by_role("region", name="Query")
    box.get_by_label("Query").fill("select answer")
    page.keyboard.press("Control+Enter")
    expect(box.get_by_role("status").get_by_text(MARKUP)).to_be_visible()
    console_page.is_accessible()
    box.get_by_label("Query").fill("delete from components")
    box.get_by_role("button", name="Run").click()
    expect(box.get_by_role("alert")).to_contain_text("read-only transaction")


def test_it_fits_a_narrow_window_in_japanese(japanese_page: ConsolePage) -> None:
    page = japanese_page.open("data")
    expect(page.get_by_role("heading", name="データ", exact=True)).to_be_visible()
    japanese_page.is_accessible_in_the_light()
    page = japanese_page.open("data/database?name=statuspage")
    expect(page.get_by_role("link", name="components")).to_be_visible()
    japanese_page.is_accessible_in_the_light()
