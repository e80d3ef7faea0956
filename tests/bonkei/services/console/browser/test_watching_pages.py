"""Metrics, alarms and Slack, as a person watches and uses them."""

from __future__ import annotations

import re

import pytest
from browsers import needs_browser
from playwright.sync_api import expect

from tests.bonkei.services.console.browser.conftest import ConsolePage, screenshot, wait_for
from tests.bonkei.services.console.samples.world import MARKUP

pytestmark = needs_browser
CPU = "statuspage-backend-cpu"


def test_alarms_by_state_each_with_its_graph_and_past(console_page: ConsolePage) -> None:
    page = console_page.open("alarms")
    rows = page.get_by_role("table", name="Alarms").get_by_role("row")
    expect(rows).to_have_count(5)
    expect(rows.nth(1)).to_contain_text("ALARM")
    page.get_by_role("button", name="2 ALARM").click()
    expect(rows).to_have_count(3)
    expect(page).to_have_url(re.compile("state=ALARM"))
    page.get_by_role("link", name=CPU).click()
    drawer = page.get_by_role("complementary")
    expect(drawer.locator("canvas")).to_have_count(1)
    expect(drawer.get_by_text("CPUUtilization ≥ 80, 3/3 × 60 s").first).to_be_visible()
    expect(drawer.get_by_text("to ALARM").first).to_be_visible()
    expect(drawer.get_by_text(MARKUP)).to_be_visible()
    resource = drawer.get_by_role("link", name="aws_cloudwatch_metric_alarm.backend-cpu")
    expect(resource).to_have_attribute(
        "href", "#/resource/module.alarms.aws_cloudwatch_metric_alarm.backend-cpu"
    )
    screenshot(page, "alarms")
    console_page.is_accessible()
    drawer.get_by_role("link", name="Average AWS/ECS CPUUtilization").click()
    expect(page.get_by_role("heading", name="Metrics", exact=True)).to_be_visible()
    expect(page.get_by_role("complementary").locator("canvas")).to_have_count(1)


def test_an_alarm_is_rehearsed_after_a_question(console_page: ConsolePage) -> None:
    page = console_page.open(f"alarms/{CPU}")
    drawer, dialog = page.get_by_role("complementary"), page.get_by_role("dialog")
    drawer.get_by_role("button", name="Rehearse").click()
    expect(dialog).to_contain_text("tasks may be suspended or killed")
    dialog.get_by_role("button", name="Cancel").click()
    assert console_page.served.done == []
    drawer.get_by_role("button", name="Rehearse").click()
    dialog.get_by_role("button", name="Rehearse").click()
    progress = page.get_by_role("region", name="Rehearsal")
    expect(progress.get_by_text("1 of 2 both ways")).to_be_visible()
    expect(progress.get_by_text("processor time, really used")).to_be_visible()
    expect(progress.get_by_text("Slack 120 ms later")).to_be_visible()
    screenshot(page, "rehearsal")
    console_page.is_accessible()
    page.get_by_role("button", name="Stop the rehearsal").click()
    dialog.get_by_role("button", name="Stop the rehearsal").click()
    expect(page.get_by_role("button", name="Rehearse all")).to_be_visible()
    assert console_page.served.done == [("rehearse", CPU), ("end",)]


def test_the_one_who_works_on_an_alarm_says_so(console_page: ConsolePage) -> None:
    """From the message in Slack."""
    page = console_page.open("slack")
    page.get_by_role("link", name="its alarm here").first.click()
    drawer = page.get_by_role("complementary")
    expect(drawer.get_by_role("button", name="I work on it")).to_have_count(0)
    drawer.get_by_label("Your name").fill("Aiko <b>")
    drawer.get_by_role("button", name="I work on it").click()
    expect(drawer.get_by_text("Aiko <b> works on it.")).to_be_visible()
    expect(page.get_by_role("table", name="Alarms").get_by_text("Aiko <b>")).to_be_visible()
    console_page.is_accessible()


def test_metrics_by_namespace_and_dimension(console_page: ConsolePage) -> None:
    page = console_page.open("metrics")
    rows = page.get_by_role("table", name="Metrics").get_by_role("row")
    expect(rows).to_have_count(101)  # never more than a hundred
    expect(page.get_by_text("32 more: filter them")).to_be_visible()
    page.get_by_role("button", name="AWS/ECS").click()
    expect(rows).to_have_count(2)
    page.get_by_role("button", name="AWS/ECS").click()
    page.keyboard.press("/")
    page.keyboard.type("latency00 shop=a")
    expect(rows).to_have_count(11)
    console_page.is_accessible()


def test_where_nothing_was_measured_a_line_has_a_gap(console_page: ConsolePage) -> None:
    """A minute without data is not zero."""
    page = console_page.open("metrics?filter=cpu")
    line = page.locator("svg.spark polyline").first
    expect(line).to_be_attached()
    points = [float(point.split(",")[1]) for point in str(line.get_attribute("points")).split()]
    assert points
    assert max(points) < 18  # of 20 pixels: never down to the axis


def test_a_metric_is_drawn_with_its_alarms_threshold(console_page: ConsolePage) -> None:
    page = console_page.open("metrics?filter=cpu")
    page.get_by_role("link", name="CPUUtilization").click()
    drawer = page.get_by_role("complementary")
    expect(drawer.locator("canvas")).to_have_count(1)
    expect(drawer.get_by_role("link", name=CPU)).to_be_visible()
    expect(drawer.get_by_text("ALARM").first).to_be_visible()
    drawer.get_by_label("Statistic").select_option("Maximum")
    drawer.get_by_label("Period").select_option("1")
    drawer.get_by_label("Span").select_option("604800")
    expect(drawer.get_by_text("a shorter one would give too many points")).to_be_visible()
    expect(page).to_have_url(re.compile("statistic=Maximum"))
    drawer.get_by_role("button", name="Draw as the alarm sees it").click()
    expect(page).to_have_url(re.compile("statistic=Average"))
    screenshot(page, "metrics")
    console_page.is_accessible()


def test_a_graph_follows_the_systems_colours(console_page: ConsolePage) -> None:
    """While the page stays open. No style sheet reaches what a canvas has drawn."""
    page = console_page.open(f"alarms/{CPU}")
    expect(page.get_by_role("complementary").locator("canvas")).to_have_count(1)

    def has(colour: tuple[int, int, int]) -> str:
        return f"""(() => {{
          const canvas = document.querySelector(".drawer canvas");
          const box = [0, 0, canvas.width, canvas.height];
          const {{ data }} = canvas.getContext("2d").getImageData(...box);
          const [red, green, blue] = {list(colour)};
          return data.some((one, at) => at % 4 === 0
            && one === red && data[at + 1] === green && data[at + 2] === blue);
        }})()"""

    in_the_light, in_the_dark = (179, 38, 46), (255, 143, 143)  # `--bad`, the strip of an ALARM
    wait_for(page, has(in_the_light))
    page.emulate_media(color_scheme="dark")
    wait_for(page, f"{has(in_the_dark)} && !{has(in_the_light)}")
    page.get_by_role("button", name="Colours: as the system").click()
    wait_for(page, f"{has(in_the_light)} && !{has(in_the_dark)}")


def test_an_invalid_metric_is_reported(console_page: ConsolePage) -> None:
    page = console_page.open("metrics/nonsense")
    expect(page.get_by_role("complementary").get_by_text("this is not a metric")).to_be_visible()


def test_messages_look_as_in_slack_and_markup_is_text(console_page: ConsolePage) -> None:
    page = console_page.open("slack")
    messages = page.get_by_role("article")
    expect(messages).to_have_count(4)
    release, recovered, alarm, mail = (messages.nth(number) for number in range(4))
    expect(release.get_by_role("link", name="Open the plan")).to_have_attribute(
        "href", "https://example.com/plan"
    )
    expect(release.get_by_role("button", name="Run")).to_be_disabled()  # no javascript: link
    colours = [
        one.locator(".attachment").evaluate("node => getComputedStyle(node).borderLeftColor")
        for one in (alarm, recovered)
    ]
    assert colours == ["rgb(211, 47, 47)", "rgb(46, 182, 125)"]
    expect(alarm.locator("pre")).to_contain_text(MARKUP)
    expect(alarm.get_by_role("link", name="Open in CloudWatch")).to_have_attribute(
        "rel", "noopener noreferrer"
    )
    expect(alarm.get_by_role("link", name="its alarm here")).to_have_attribute(
        "href", "#/alarms/statuspage-backend-cpu"
    )
    expect(mail).to_contain_text(f"Slack refuses {MARKUP}")
    screenshot(page, "slack")
    console_page.is_accessible()
    page.keyboard.press("/")
    page.keyboard.type("recovered")
    expect(messages).to_have_count(1)


@pytest.mark.parametrize(
    ("place", "title", "looks"),
    [
        ("alarms", "アラーム", {"": 5}),
        ("metrics", "メトリクス", {"aws": 3, "latency000": 2}),  # one of each kind, not a hundred
        ("slack", "Slack", {"": 0}),
    ],
    ids=["alarms", "metrics", "slack"],
)
def test_they_fit_a_narrow_window_in_japanese(
    japanese_page: ConsolePage, place: str, title: str, looks: dict[str, int]
) -> None:
    page = japanese_page.open(place)
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    screenshot(page, f"{place}-narrow")
    for words, rows in looks.items():
        japanese_page.open(f"{place}?filter={words}")
        expect(page.get_by_role("row")).to_have_count(rows)
        japanese_page.is_accessible_in_the_light()
