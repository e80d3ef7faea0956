"""The architecture, alive, and all about each resource in it."""

from __future__ import annotations

import httpx
from browsers import needs_browser
from playwright.sync_api import expect

from tests.bonkei.services.console.browser.conftest import ConsolePage, Served, screenshot, wait_for
from tests.bonkei.services.console.samples.picture import SECRET
from tests.bonkei.services.console.samples.world import MARKUP

pytestmark = needs_browser
SERVICE = "aws_ecs_service.app"


def test_it_is_the_start_page_and_shows_health_and_flow(console_page: ConsolePage) -> None:
    page = console_page.open("")
    expect(page.get_by_role("heading", name="Architecture")).to_be_visible()
    expect(page.get_by_role("link", name="app, 1/2 healthy")).to_be_visible()
    expect(page.locator(".scene .rate.errors").first).to_be_visible()
    expect(page.locator(".flow.errors").first).to_be_attached()
    expect(page.get_by_text("app → database")).to_be_visible()
    expect(page.get_by_text("enforced as AWS would")).to_be_visible()
    console_page.is_accessible()
    screenshot(page, "picture")


def test_dashes_move_in_a_tenth_of_the_frames_or_stand_still(console_page: ConsolePage) -> None:
    """An animation of the browser's draws the picture sixty times a second."""
    page = console_page.open("picture")
    expect(page.locator(".flow").first).to_be_attached()
    offset = "getComputedStyle(document.querySelector('.flow')).strokeDashoffset"
    seen = page.evaluate(offset)
    wait_for(page, f"{offset} !== '{seen}'")
    moved = "document.getAnimations().filter((one) => one.effect.target.matches('.flow'))"
    assert page.evaluate(f"{moved}.length") == 0
    page.emulate_media(reduced_motion="reduce")
    wait_for(
        page,
        f"""new Promise((done) => {{
          const before = {offset};
          setTimeout(() => done({offset} === before), 300);
        }})""",
    )
    page.emulate_media(reduced_motion="no-preference")


def test_each_picture_of_the_documentation_is_there(console_page: ConsolePage) -> None:
    page = console_page.open("picture")
    for name in ("Logging", "Monitoring"):
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.locator(".tab.here")).to_have_text(name)
        expect(page.locator(".scene .card").first).to_be_visible()


def test_a_node_opens_all_about_itself(console_page: ConsolePage) -> None:
    page = console_page.open("picture")
    page.get_by_role("link", name="app, 1/2 healthy").click()
    drawer = page.get_by_role("complementary")
    expect(drawer.get_by_role("button", name="definitions/services.tf:2")).to_be_visible()
    opens = drawer.get_by_role("link", name="Open in the editor").get_attribute("href")
    assert opens is not None
    assert opens.startswith("vscode://file/")
    assert opens.endswith("/definitions/services.tf:2")
    expect(drawer.get_by_text("Load balancer → app")).to_be_visible()
    expect(drawer.locator("canvas").first).to_be_visible()
    expect(drawer.get_by_text(MARKUP)).to_be_visible()
    console_page.is_accessible()
    drawer.get_by_role("link", name="All of it").click()
    expect(page).to_have_url(f"{console_page.served.base}/#/resource/{SERVICE}")


def test_a_resource_says_what_it_may_do_and_reach(console_page: ConsolePage) -> None:
    page = console_page.open(f"resource/{SERVICE}")
    expect(page.get_by_text("secretsmanager:GetSecretValue").first).to_be_visible()
    reach = page.locator(".part", has_text="What it reaches")
    expect(reach.get_by_text("open").first).to_be_visible()
    expect(page.get_by_role("link", name="/app", exact=True)).to_be_visible()
    alarms = page.locator(".part", has_text="Alarms")
    expect(alarms.get_by_text("ALARM").first).to_be_visible()
    console_page.is_accessible()
    page.get_by_role("link", name="All resources").click()
    page.get_by_label("Filter").fill("parameter")
    expect(page.get_by_role("row")).to_have_count(2)


def test_secrets_are_masked_and_markup_stays_text(console_page: ConsolePage) -> None:
    page = console_page.open("resource/aws_ssm_parameter.origin")
    expect(page.get_by_text(MARKUP)).to_be_visible()
    expect(page.get_by_text("••••").first).to_be_visible()
    assert SECRET not in page.content()


def test_no_topic_sends_a_secret(served: Served) -> None:
    with httpx.Client(base_url=served.base, timeout=60) as client:
        client.get(served.url)
        for address in ("aws_ssm_parameter.origin", "random_password.origin"):
            found = client.get("/data/definition", params={"address": address}).text
            assert address in found
            assert SECRET not in found


def test_it_fits_a_narrow_window_in_japanese(japanese_page: ConsolePage) -> None:
    page = japanese_page.open("picture")
    expect(page.get_by_role("heading", name="アーキテクチャ")).to_be_visible()
    japanese_page.is_accessible_in_the_light()
    page.goto(f"{japanese_page.served.base}/#/resource/{SERVICE}")
    expect(page.get_by_text("許可されていること")).to_be_visible()
    japanese_page.is_accessible_in_the_light()
