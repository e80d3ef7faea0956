"""Pipelines, as a person sees them, and approves one from the page."""

from __future__ import annotations

import re

from browsers import needs_browser
from playwright.sync_api import Page, expect

from tests.bonkei.services.console.browser.conftest import ConsolePage, screenshot
from tests.bonkei.services.console.samples.pipelines import ACTING, TERRAFORM
from tests.bonkei.services.console.samples.world import MARKUP

pytestmark = needs_browser


def start(console_page: ConsolePage) -> Page:
    """A run of the pipeline that tests act on, until it waits for its answer."""
    page = console_page.open(f"pipelines/{ACTING}")
    page.get_by_role("button", name="Start", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("what the branch has").check()
    dialog.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_role("heading", name="Approve waits for an answer")).to_be_visible()
    return page


def test_every_pipeline_shows_where_it_stands(console_page: ConsolePage) -> None:
    page = console_page.open("pipelines")
    one = page.get_by_role("region", name=TERRAFORM)
    expect(one.get_by_role("list", name="Stages").get_by_role("listitem")).to_have_count(4)
    expect(page.get_by_text(f"Approve of {TERRAFORM} waits for an answer")).to_be_visible()
    expect(page.get_by_text(f"A change \\u202e{MARKUP}").first).to_be_visible()
    console_page.is_accessible()
    screenshot(page, "pipelines")
    page.get_by_role("link", name="Look at it").first.click()
    expect(page.get_by_role("region", name="Plan")).to_be_visible()


def test_the_plan_shows_what_is_destroyed_first(console_page: ConsolePage) -> None:
    page = console_page.open(f"pipelines/{TERRAFORM}")
    plan = page.get_by_role("region", name="Plan")
    expect(plan.get_by_text("2 to add")).to_be_visible()
    expect(plan.get_by_text("2 to destroy")).to_be_visible()
    first = plan.locator("details").first
    expect(first.locator("summary")).to_contain_text("destroy terraform_data.went")
    expect(first.get_by_text('id     = "d0ad2150')).to_be_visible()
    expect(page.get_by_text(MARKUP).first).to_be_visible()
    console_page.is_accessible()
    screenshot(page, "plan")
    plan.get_by_role("button", name="Terraform's own text").click()
    expect(plan.get_by_text("Terraform will perform the following actions:")).to_be_visible()
    console_page.is_accessible()


def test_a_pipeline_is_approved_from_the_page(console_page: ConsolePage) -> None:
    page = start(console_page)
    page.get_by_role("button", name="Approve", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("It destroys 2 resources.")).to_be_visible()
    dialog.get_by_label("Comment").fill("looks right")
    dialog.get_by_role("button", name="Approve", exact=True).click()
    run = page.get_by_role("region", name=re.compile("^Run "))
    expect(run.get_by_text("looks right")).to_be_visible()
    expect(run.locator(".panel-head").get_by_text("Succeeded")).to_be_visible()
    name, given = console_page.served.done[-1]
    assert (name, given["result"]) == (
        "PutApprovalResult", {"status": "Approved", "summary": "looks right"},
    )  # fmt: skip
    console_page.is_accessible()


def test_a_rejection_is_asked_first_and_fails_the_run(console_page: ConsolePage) -> None:
    page = start(console_page)
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_role("dialog").get_by_label("Comment")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert console_page.served.done[-1][0] == "StartPipelineExecution"
    page.get_by_role("button", name="Reject").click()
    page.get_by_role("dialog").get_by_role("button", name="Reject").click()
    run = page.get_by_role("region", name=re.compile("^Run "))
    expect(run.locator(".panel-head").get_by_text("Failed")).to_be_visible()
    run.get_by_role("button", name="Retry").click()
    page.get_by_role("dialog").get_by_role("button", name="Retry").click()
    expect(page.get_by_role("heading", name="Approve waits for an answer")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    page.get_by_label("without waiting").check()
    page.get_by_label("Why").fill("enough")
    page.get_by_role("dialog").get_by_role("button", name="Stop").click()
    expect(run.get_by_text("Stopped: enough")).to_be_visible()


def test_a_log_opens_beside_the_run(console_page: ConsolePage) -> None:
    page = console_page.open(f"pipelines/{TERRAFORM}")
    page.get_by_role("listitem").filter(has_text="Plan").get_by_role("link", name="Log").click()
    drawer = page.get_by_role("complementary")
    expect(drawer.get_by_text("Saved the plan to: tfplan")).to_be_visible()
    expect(drawer.get_by_text(MARKUP).first).to_be_visible()
    drawer.get_by_role("button", name="Earlier lines").click()
    expect(drawer.get_by_text(f"line 0 {MARKUP}")).to_be_attached()
    console_page.is_accessible()
    screenshot(page, "log")
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)


def test_it_fits_a_narrow_window_in_japanese(japanese_page: ConsolePage) -> None:
    page = japanese_page.open(f"pipelines/{TERRAFORM}")
    expect(page.get_by_role("heading", name="Approve が承認を待っています")).to_be_visible()
    japanese_page.is_accessible_in_the_light()
