"""Permissions, as a person sees them and asks about them."""

from __future__ import annotations

import re

from browsers import needs_browser
from playwright.sync_api import expect

from tests.bonkei.services.console.browser.conftest import ConsolePage, screenshot
from tests.bonkei.services.console.samples.world import MARKUP

pytestmark = needs_browser
ROLE = "statuspage-dev-backend"


def test_denied_calls_say_why_and_where(console_page: ConsolePage) -> None:
    page = console_page.open("permissions")
    denied = page.get_by_role("region", name="Denied calls")
    expect(denied.get_by_role("listitem").filter(has_text=MARKUP)).to_contain_text("2 times")
    denied.get_by_text("sqs:PurgeQueue").first.click()
    expect(denied.get_by_text("aws_iam_role_policy.task NeverPurge")).to_be_visible()
    expect(denied.get_by_role("button", name="infrastructure/main.tf:5").first).to_be_visible()
    denied.get_by_text("s3:DeleteObject").first.click()
    expect(denied.get_by_text('actions = ["s3:DeleteObject"]')).to_be_visible()
    console_page.is_accessible()
    screenshot(page, "permissions")


def test_a_question_is_answered_with_its_statement(console_page: ConsolePage) -> None:
    page = console_page.open("permissions")
    form = page.get_by_role("region", name="May a role do this?")
    form.get_by_label("Role").select_option(ROLE)
    form.get_by_label("Action").fill("s3:GetObject")
    form.get_by_label("Resource").fill("arn:aws:s3:::logs/a")
    form.get_by_role("button", name="Ask").click()
    answer = form.get_by_role("status")
    expect(answer).to_contain_text("●allowed")
    expect(answer.get_by_text("Logs", exact=True)).to_be_visible()
    console_page.is_accessible()
    form.get_by_label("Resource").fill("arn:aws:s3:::other/a")
    form.get_by_role("button", name="Ask").click()
    expect(answer).to_contain_text("✕not allowed")
    expect(answer.get_by_text("About this action, but not deciding")).to_be_visible()
    expect(page).to_have_url(re.compile("action=s3%3AGetObject"))  # a question has an address
    form.get_by_label("Action").fill("s3:*")
    form.get_by_role("button", name="Ask").click()
    expect(form.get_by_role("alert")).to_contain_text("is not an action")
    console_page.is_accessible()
    screenshot(page, "question")


def test_a_role_shows_what_it_uses_of_its_grants(console_page: ConsolePage) -> None:
    page = console_page.open("permissions")
    page.get_by_role("region", name="Roles").get_by_role("link", name=ROLE).click()
    drawer = page.get_by_role("complementary")
    grants = drawer.get_by_role("listitem")
    expect(grants.filter(has_text="s3:PutObject").first).to_contain_text("never used")
    expect(grants.filter(has_text="athena:GetQueryResults")).to_contain_text("not seen here")
    expect(grants.filter(has_text="used on 2 resources")).to_have_count(1)
    expect(drawer.get_by_text(f"bonkei iam tighten {ROLE}")).to_be_visible()
    console_page.is_accessible()
    screenshot(page, "role")


def test_it_fits_a_narrow_window_in_japanese(japanese_page: ConsolePage) -> None:
    page = japanese_page.open("permissions")
    expect(page.get_by_role("heading", name="権限", exact=True)).to_be_visible()
    japanese_page.is_accessible_in_the_light()
