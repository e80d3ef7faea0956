"""Logs, as a person watches and searches them."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta

from browsers import needs_browser
from playwright.sync_api import expect

from tests.bonkei.services.console.browser.conftest import ConsolePage, screenshot
from tests.bonkei.services.console.samples.logs import (
    ACCESS,
    GROUP,
    REQUEST,
    TASK,
    Growing,
    stamp,
)
from tests.bonkei.services.console.samples.world import MARKUP

pytestmark = needs_browser


def test_live_with_level_pattern_and_pause(console_page: ConsolePage) -> None:
    page = console_page.open("logs")
    rows = page.get_by_role("table", name="Logs").get_by_role("row")
    expect(rows).to_have_count(201)  # never more than two hundred, the newest first
    expect(rows.nth(1)).to_contain_text("slow")
    page.get_by_label("Level").select_option("ERROR")
    expect(rows).to_have_count(3)
    expect(page.get_by_text(f"could not read {MARKUP}")).to_be_visible()
    page.get_by_label("Level").select_option("")
    page.keyboard.press("/")
    page.keyboard.type("{ $.milliseconds > 900 }")
    expect(rows).to_have_count(2)
    page.keyboard.type(" {")
    expect(page.get_by_role("alert")).to_be_visible()  # a mistake is named, and typing goes on
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    expect(rows).to_have_count(2)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("paused")).to_be_visible()
    expect(rows).to_have_count(2)
    console_page.is_accessible()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("live", exact=False).first).to_be_visible()


def test_a_record_leads_to_its_request_and_its_task(console_page: ConsolePage) -> None:
    page = console_page.open(f"logs?request={REQUEST}")
    rows = page.get_by_role("table", name="Logs").get_by_role("row")
    expect(rows).to_have_count(2)
    rows.nth(1).focus()
    page.keyboard.press("Enter")
    drawer = page.get_by_role("complementary")
    expect(drawer.get_by_text("Traceback (most recent call last)").first).to_be_visible()
    expect(drawer.get_by_role("link", name=TASK)).to_have_attribute("href", f"#/tasks/{TASK}")
    request = drawer.get_by_role("link", name=REQUEST)
    address = f"#/requests?filter={REQUEST.replace('=', '%3D')}"
    expect(request).to_have_attribute("href", address)
    screenshot(page, "logs")
    console_page.is_accessible()
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)


def test_a_log_group_by_its_streams(console_page: ConsolePage) -> None:
    page = console_page.open("logs")
    rows = page.get_by_role("table", name="Logs").get_by_role("row")
    page.get_by_role("combobox", name="Log", exact=True).select_option(f"group:{GROUP}")
    expect(rows).to_have_count(61)
    page.get_by_label("Stream").fill("backend/backend/t")
    expect(rows).to_have_count(31)
    expect(page).to_have_url(re.compile("group="))
    page.get_by_label("Filter pattern").fill('"two 7"')
    expect(rows).to_have_count(2)
    console_page.is_accessible()


def test_a_time_range_is_searched_further_back(console_page: ConsolePage) -> None:
    page = console_page.open("logs")
    rows = page.get_by_role("table", name="Logs").get_by_role("row")
    log = page.get_by_role("combobox", name="Log", exact=True)
    log.select_option("log:statuspage-backend/backend")
    page.get_by_label("From").fill("soon")
    expect(page.get_by_role("alert")).to_contain_text("like 10m, 2h, 1d")
    page.get_by_label("From").fill("2h")
    expect(page.get_by_text("There are more")).to_be_visible()
    page.get_by_label("Filter pattern").fill('"status 7"')
    expect(rows).to_have_count(2)  # a phrase has whole words: not `status 70`
    expect(page.get_by_text("702 lines searched: all that is kept")).to_be_visible()
    page.get_by_label("Until").fill("1m")
    expect(page.get_by_text("of a time")).to_be_visible()


def test_it_fits_a_narrow_window_in_japanese(japanese_page: ConsolePage) -> None:
    page = japanese_page.open("logs")
    expect(page.get_by_role("heading", name="ログ", exact=True)).to_be_visible()
    expect(page.get_by_role("row").nth(1)).to_be_visible()
    screenshot(page, "logs-narrow")
    japanese_page.open("logs?filter=?slow+?could+?699+?Ready+?table")  # one line of each kind
    expect(page.get_by_role("row")).to_have_count(5)  # as cards, without the headings
    japanese_page.is_accessible_in_the_light()


def test_a_query_is_written_run_and_kept_in_the_address(console_page: ConsolePage) -> None:
    page = console_page.open("logs")
    page.get_by_role("button", name="Query").click()
    field = page.get_by_label("Query", exact=True)
    field.fill("stats count(*) as n by @logStream as stream\n| sort stream")
    page.get_by_role("button", name="Run").click()
    rows = page.get_by_role("table", name="Rows of the query").get_by_role("row")
    expect(rows).to_have_count(3)
    expect(rows.nth(1)).to_contain_text("backend/backend/one30")
    expect(page.get_by_text("2 rows from 60 of 60 events")).to_be_visible()
    expect(page).to_have_url(re.compile("query=stats"))
    console_page.is_accessible()
    screenshot(page, "logs-query")
    field.fill("felds x")
    field.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("`felds` is not a command")


def test_a_time_is_a_click_away(console_page: ConsolePage) -> None:
    """The line is sixteen minutes old."""
    page = console_page.open("logs?log=bonkei")
    times = page.get_by_role("group", name="Times")
    times.get_by_role("button", name="5 min").click()
    expect(page.get_by_text("No record matches")).to_be_visible()
    expect(page).to_have_url(re.compile("since=5m"))
    times.get_by_role("button", name="1 h").click()
    expect(page.get_by_text("Ready after 3.2 s.")).to_be_visible()
    times.get_by_role("button", name="all").click()
    expect(page).not_to_have_url(re.compile("since="))


def test_a_filter_searches_what_is_older_and_follows_what_comes(console_page: ConsolePage) -> None:
    page = console_page.open('logs?filter="status+3"')
    rows = page.get_by_role("table", name="Logs").get_by_role("row")
    expect(rows).to_have_count(2)
    expect(page.get_by_text("704 lines searched: all that is kept")).to_be_visible()
    expect(page.locator(".page-head .status")).to_contain_text("live")
    page.get_by_role("combobox", name="Log", exact=True).select_option(f"bucket:{ACCESS}")
    expect(page.get_by_text("No record matches")).to_be_visible()
    page.get_by_label("Filter pattern").fill("checkout")
    expect(rows).to_have_count(3)
    expect(page.get_by_text("3 lines searched: all that is kept")).to_be_visible()
    expect(page).to_have_url(re.compile(f"bucket={ACCESS}"))


def test_what_has_come_stays_however_much_follows(console_page: ConsolePage) -> None:
    file = Growing.directory / "flood" / "app.log"
    page = console_page.open("logs?filter=needle")
    expect(page.get_by_text("No record matches")).to_be_visible()
    file.parent.mkdir()
    try:
        file.write_text(f"{stamp(time.time())} {TASK} a needle\n")
        needle = page.get_by_role("row").filter(has_text="a needle")
        expect(needle).to_have_count(1)
        with file.open("a") as more:
            more.writelines(f"{stamp(time.time())} {TASK} hay {n}\n" for n in range(1_500))
            more.write(f"{stamp(time.time())} {TASK} the needle's end\n")
        expect(page.get_by_role("row").filter(has_text="end")).to_have_count(1)
        expect(needle).to_have_count(1)
    finally:
        file.unlink()
        file.parent.rmdir()


def test_a_time_is_dragged_on_the_chart_or_moved_by_the_arrows(console_page: ConsolePage) -> None:
    page = console_page.open("logs")
    box = page.locator(".times .u-over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 20, steps=4)
    page.mouse.up()
    address = re.compile(r"since=(\d{4}-[^&]+Z)&until=(\d{4}-[^&]+Z)")
    expect(page).to_have_url(address)
    since, until = page.get_by_label("From"), page.get_by_label("Until")
    begin, end = (datetime.fromisoformat(one.input_value()) for one in (since, until))
    assert timedelta(minutes=13) < end - begin < timedelta(minutes=17)
    until.press("ArrowDown")
    assert datetime.fromisoformat(until.input_value()) == end + timedelta(minutes=1)
    since.fill("")
    since.press("ArrowUp")  # from the beginning of the chart
    assert datetime.fromisoformat(since.input_value()) < begin
    page.reload()
    expect(page.get_by_label("Until")).to_have_value(re.compile("Z$"))
