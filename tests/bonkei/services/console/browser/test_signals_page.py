"""The four signals of each service: the worst value as a number, and the way to its rows."""

from __future__ import annotations

import re

from browsers import needs_browser
from playwright.sync_api import expect

from tests.bonkei.services.console.browser.conftest import ConsolePage, screenshot

pytestmark = needs_browser


def test_each_service_has_its_worst_minutes(console_page: ConsolePage) -> None:
    page = console_page.open("signals")
    backend = page.get_by_role("region", name="statuspage-backend")
    signals = backend.locator(".signal")
    expect(signals).to_have_count(4)
    expect(signals.nth(0)).to_contain_text(re.compile(r"6[12]\d.*requests in the minute from"))
    expect(signals.nth(1).locator(".worst.bad")).to_have_text("18")
    expect(signals.nth(2)).to_contain_text("280 ms")
    expect(signals.nth(3)).to_contain_text(re.compile(r"CPU, in the minute from \d\d:\d\d"))
    database = page.get_by_role("region", name="statuspage-database")
    expect(database.get_by_text("not measured of it")).to_have_count(3)
    screenshot(page, "signals")
    console_page.is_accessible()


def test_a_value_leads_to_the_rows_behind_it(console_page: ConsolePage) -> None:
    page = console_page.open("signals")
    page.get_by_role("region", name="statuspage-backend").locator(".worst.bad").click()
    expect(page.get_by_role("button", name="5xx")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_label("Service")).to_have_value("statuspage-backend")
    expect(page.get_by_label("From")).to_have_value(re.compile(r"^\d{4}-.*Z$"))
    link = page.get_by_role("link", name="The access log of this time")
    expect(link).to_have_attribute("href", re.compile("^#/logs.log=edge%2Faccess&since=.*&until="))
