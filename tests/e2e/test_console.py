"""The console of a running miniature, in a real browser: each page's short scenario."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import over_http
import pytest
from browsers import launched, needs_browser
from foreground import Running
from miniatures import ANSWER, WAIT, eventually, visitors
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, expect

import bonkei.services.console

STATIC = Path(bonkei.services.console.__file__).parent / "static"
LONG = 1000 * WAIT  # milliseconds for what takes a minute, or nearly one
pytestmark = needs_browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def door(miniature: Running) -> str:
    """The address that `bonkei status` shows; `bonkei up` has printed it too."""
    url = str(miniature.project.status()["console"]["url"])
    assert any(url in line for line in miniature.lines)
    return url


@pytest.fixture(scope="module")
def tab(browser: Browser, door: str) -> Iterator[Page]:
    """A tab that is let in, for one test after the other."""
    context = browser.new_context(base_url=door.partition("/?")[0], locale="en-GB")
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto(door)
    expect(page.get_by_role("status")).to_contain_text("ready")
    assert "token" not in page.url
    yield page
    context.close()


@pytest.fixture
def console(tab: Page) -> Iterator[Page]:
    """The console, at no page yet. Afterwards nothing may have been complained of."""
    troubles: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        refused = "409 (Conflict)"  # an action that says why it is not done
        if message.type == "error" and refused not in message.text:
            troubles.append(message.text)

    def complain(error: Error) -> None:
        troubles.append(str(error))

    tab.on("console", hear)
    tab.on("pageerror", complain)
    yield tab
    tab.goto("/#/nowhere")
    expect(tab.locator("main > .waiting")).to_be_visible()
    tab.remove_listener("console", hear)
    tab.remove_listener("pageerror", complain)
    assert troubles == []


def test_the_picture_is_alive(console: Page, miniature: Running) -> None:
    with visitors(miniature.project):
        console.goto("/#/picture")
        expect(console.get_by_role("link", name="frontend, 1/1 healthy")).to_be_visible()
        expect(console.get_by_role("link", name="database, available")).to_be_visible()
        expect(console.locator(".scene .rate").first).to_have_text(re.compile(r"\d/s"))
        expect(console.locator(".flow").first).to_be_attached()
    console.get_by_role("link", name="backend, 1/1 healthy").click()
    drawer = console.get_by_role("complementary")
    expect(drawer.get_by_role("button", name=re.compile(r"main\.tf:\d"))).to_be_visible()
    expect(drawer.get_by_text("secretsmanager:GetSecretValue").first).to_be_visible()


def test_a_request_says_why_it_went_its_way(console: Page, miniature: Running) -> None:
    """The frontend's calls to the backend, and the time of their statements, belong to it."""
    path = "/incidents/00000000-0000-4000-8000-00000000a11e"  # of its own, so that none is cached
    console.goto(f"/#/requests?filter=get+{path}")
    expect(console.get_by_text("No request matches the filter")).to_be_visible()
    assert over_http.get(f"{miniature.project.site}{path}", timeout=ANSWER).status_code == 404
    console.get_by_role("row").nth(1).click()
    drawer = console.get_by_role("complementary")
    expect(drawer.get_by_text("origin-header-1").first).to_be_visible()
    expect(drawer.get_by_text(re.compile(r"distribution\.tf:\d")).first).to_be_visible()
    expect(drawer.locator(".waterfall li").nth(1)).to_be_visible()
    expect(drawer.get_by_text(re.compile(r"GET /api/v1/incidents/\S+ 404")).first).to_be_visible()
    expect(drawer.get_by_text("in the database").first).to_be_visible()


def test_a_stopped_task_is_replaced_before_the_eyes(console: Page, miniature: Running) -> None:
    console.goto("/#/tasks")
    frontend = console.get_by_role("region", name=re.compile("frontend$"))
    first = frontend.get_by_role("row").nth(1).get_by_role("link")
    before = first.inner_text()
    first.click()
    console.get_by_role("complementary").get_by_role("button", name="Stop").click()
    console.get_by_role("dialog").get_by_role("button", name="Stop").click()
    expect(console.get_by_text("Task stopped by user").first).to_be_visible()
    expect(frontend.get_by_role("row").filter(has_text=before)).to_have_count(0)
    expect(frontend.get_by_text("1 of 1 healthy")).to_be_visible()
    site = miniature.project.site
    eventually(lambda: over_http.get(site, timeout=ANSWER).status_code == 200, "the site is back")


def test_the_database_is_read_and_refuses_the_rest(console: Page) -> None:
    console.goto("/#/data")
    databases = console.get_by_role("region", name="Databases")
    databases.get_by_role("link", name="database").first.click()
    box = console.get_by_role("region", name="Query")
    box.get_by_label("Query").fill("SELECT count(*) AS of_components FROM components")
    box.get_by_role("button", name="Run").click()
    expect(box.get_by_role("columnheader", name="of_components")).to_be_visible()
    for refused in ("DELETE FROM components", "COPY components TO PROGRAM 'id'"):
        box.get_by_label("Query").fill(refused)
        box.get_by_role("button", name="Run").click()
        expect(box.get_by_role("alert")).to_contain_text("the console only reads")
    console.get_by_role("link", name="components", exact=True).click()
    expect(console.get_by_role("region", name="Rows").get_by_role("cell").first).to_be_visible()


def test_a_role_may_do_what_its_policy_says(console: Page) -> None:
    console.goto("/#/permissions")
    form = console.get_by_role("region", name="May a role do this?")
    role = form.get_by_label("Role")
    expect(role.locator("option").first).to_be_attached()
    names = role.locator("option").all_text_contents()
    role.select_option(next(name for name in names if name.endswith("backend-task")))
    form.get_by_label("Action").fill("s3:DeleteBucket")
    form.get_by_label("Resource").fill("arn:aws:s3:::elsewhere")
    form.get_by_role("button", name="Ask").click()
    answer = form.get_by_role("status")
    expect(answer).to_contain_text("no identity-based policy allows the s3:DeleteBucket action")
    expect(answer.get_by_role("button", name=re.compile(r"main\.tf:\d")).first).to_be_visible()


def test_an_alarm_is_rehearsed_from_its_page(console: Page, miniature: Running) -> None:
    """A real cause, from the click to OK again: some fifteen seconds."""
    console.goto("/#/alarms?filter=web-acl-blocks")
    console.get_by_role("link", name=re.compile("web-acl-blocks$")).click()
    drawer = console.get_by_role("complementary")
    drawer.get_by_role("button", name="Rehearse").click()
    console.get_by_role("dialog").get_by_role("button", name="Rehearse").click()
    rehearsal = console.get_by_role("region", name="Rehearsal")
    expect(rehearsal.get_by_text("1 of 1 both ways")).to_be_visible(timeout=LONG)
    console.goto("/#/slack")
    messages = console.get_by_role("article").filter(has_text="web-acl-blocks")
    expect(messages).to_have_count(2)  # the alarm, and its end


def test_a_metric_is_drawn_with_the_states_of_its_alarm(console: Page) -> None:
    console.goto("/#/metrics?filter=UnHealthyHostCount+backend")
    metric = console.get_by_role("link", name="UnHealthyHostCount")
    expect(metric).to_be_visible(timeout=LONG)  # measured once a minute
    metric.click()
    drawer = console.get_by_role("complementary")
    expect(drawer.get_by_role("img", name=re.compile("UnHealthyHostCount"))).to_be_visible()
    expect(drawer.locator("canvas")).to_have_count(1)
    expect(drawer.get_by_role("link", name=re.compile("backend-unhealthy$"))).to_be_visible()


def test_every_page_shows_this_miniature(console: Page) -> None:
    index = (STATIC / "pages" / "index.js").read_text()
    for place in re.findall(r'path: "(\w+)"', index):
        console.goto(f"/#/{place}")
        expect(console.locator("main h1").first).to_be_visible()
        expect(console.get_by_text("cannot be shown")).to_have_count(0)


def test_a_line_of_the_backend_leads_to_its_task(console: Page, miniature: Running) -> None:
    console.goto("/#/logs?filter=%22this-path-is-nowhere%22")
    over_http.get(f"{miniature.project.site}/api/v1/this-path-is-nowhere", timeout=ANSWER)
    rows = console.get_by_role("table", name="Logs").get_by_role("row")
    expect(rows.filter(has_text="backend").first).to_be_visible()
    rows.filter(has_text="backend").first.click()
    console.get_by_role("complementary").locator("a[href^='#/tasks/']").click()
    expect(console.get_by_role("complementary").get_by_text("bonkei exec").first).to_be_visible()


def test_requests_of_others_are_refused(door: str, miniature: Running) -> None:
    """DNS rebinding, another site, a form, another port of this machine, and no cookie at all."""
    base = door.partition("/?")[0]
    with httpx.Client(base_url=base, timeout=ANSWER) as person:
        assert person.get(door).status_code == 303
        task = person.get("/data/tasks").json()["data"]["tasks"][0]["id"]
        body, ours = {"task": task}, {"X-Bonkei": "1"}
        hostile = [
            ({"Host": "rebound.example", **ours}, 421),
            ({"Origin": "http://evil.example", **ours}, 403),
            ({"Origin": miniature.project.site, **ours}, 403),
            ({"Sec-Fetch-Site": "same-site", **ours}, 403),
            ({}, 403),
        ]
        for headers, status in hostile:
            assert person.post("/do/task.stop", json=body, headers=headers).status_code == status
        assert over_http.get(f"{base}/data/tasks", timeout=ANSWER).status_code == 401
        stranger = over_http.post(f"{base}/do/task.stop", json=body, headers=ours, timeout=ANSWER)
        assert stranger.status_code == 401
        now = person.get("/data/tasks").json()["data"]["tasks"]
        assert task in {each["id"] for each in now}


DRILL = """
name = "The frontend dies"
seconds = "60s"

[load]
rate = 10
paths = ["/admin"]
timeout = "30s"

[[fault]]
at = "3s"
kind = "kill"
target = "frontend"

[expect]
recovery = "56s"
"""


def test_a_drill_from_the_click_to_the_recovery(console: Page, miniature: Running) -> None:
    """Waits a minute: the task that takes the place of the killed one has to get healthy. That may
    take half a second, in which some of the visitors come. They are too few for a judgement of
    their answers' time: on a busy machine some are slow."""
    folder = miniature.project.folder / "drills"
    folder.mkdir(exist_ok=True)
    (folder / "frontend-dies.toml").write_text(DRILL)
    console.goto("/#/faults")
    drills = console.get_by_role("region", name="Drills")
    file = drills.get_by_role("listitem").filter(has_text="frontend-dies.toml")
    file.get_by_role("button", name="Run").click()
    console.get_by_role("dialog").get_by_role("button", name="Run").click()
    expect(drills.get_by_text(re.compile("kill service:.*frontend"))).to_be_visible()
    # No cache hides the outage: the area is asked of the frontend each time.
    recovered = drills.get_by_text(re.compile("Everything was healthy again"))
    expect(recovered).to_be_visible(timeout=LONG)  # at the end of the drill
    expect(drills.get_by_role("row").filter(has_text="during")).to_contain_text("%")
    expect(drills.locator("canvas")).to_have_count(2)
    expect(console.get_by_text("No fault is active")).to_be_visible()
