"""In a real browser: no axe violation, everything by keyboard, no trouble with the policy."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Literal

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from browsers import launched, needs_browser
from frontend.application import create_application
from frontend.settings import Settings
from playwright.sync_api import Browser, Page, expect

from tests.program.frontend import sample
from tests.program.frontend.fake_backend import PASSWORD, FakeBackend
from tests.program.frontend.in_memory import InMemoryTransport
from tests.program.frontend.process import SECRET

pytestmark = needs_browser
Scheme = Literal["light", "dark"]
Serve = Callable[[FakeBackend], str]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Puts a frontend on a free loopback port and tells its address."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(backend: FakeBackend) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        application = create_application(
            Settings(backend_url="http://backend:8000", session_secret=SECRET),  # type: ignore[arg-type]
            transport=InMemoryTransport(backend.application()),
            today=backend.now.date,
            clock=lambda: backend.clock,
        )
        server = uvicorn.Server(
            uvicorn.Config(application, log_config=None, lifespan="on", timeout_graceful_shutdown=1)
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        running.append((server, thread))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Page]]:
    """`opened(url, width=…, scheme=…)` is a page whose complaints fail the test."""
    complaints: list[str] = []
    contexts = []

    def open_page(url: str, *, width: int = 1000, scheme: Scheme = "light", **rest: str) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme=scheme,
            **{"locale": "en-GB", "timezone_id": "Asia/Tokyo", **rest},  # type: ignore[arg-type]
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    expected = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
    assert [complaint for complaint in complaints if not expected.match(complaint)] == []


def _sign_in(page: Page) -> None:
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def _violations(page: Page) -> list[str]:
    results = Axe().run(page)
    return [
        f"{one['id']}: {node['html']} {node['failureSummary']}"
        for one in results.response["violations"]
        for node in one["nodes"]
    ]


def _area(backend: FakeBackend) -> list[str]:
    """The area's pages, each with something on it."""
    people = backend.people
    people.add_administrator("jane", last_signed_in_at="2026-11-23T09:00:00Z")
    people.add_administrator("joe", disabled_at="2026-11-20T09:00:00Z")
    draft = people.add_draft("Errors above 5 % on the API")["id"]
    key = people.add_key("CloudWatch alarm", "incidents:draft", "components:write")["id"]
    people.add_key("Old", "incidents:write", revoked_at="2026-11-20T09:00:00Z")
    people.add_record("update.changed", "Slow", before={"body": "Teh"}, after={"body": "The"})
    people.add_record("incident.deleted", "API requests fail", before={"title": "API"})
    incident = list(backend.incidents.values())[-1]
    one, update = incident["id"], incident["updates"][0]["id"]
    component, maintenance = next(iter(backend.components)), next(iter(backend.maintenances))
    person = next(iter(people.administrators))
    return [
        "", "/components", "/components/new", f"/components/{component}",
        f"/components/{component}/delete", "/incidents", "/incidents/new",
        f"/incidents/new?draft={draft}", f"/drafts/{draft}/delete", f"/incidents/{one}",
        f"/incidents/{one}/edit", f"/incidents/{one}/delete", f"/incidents/{one}/updates/{update}",
        f"/incidents/{one}/updates/{update}/delete", "/maintenance", "/maintenance/new",
        f"/maintenance/{maintenance}", "/password", "/administrators",
        f"/administrators/{person}/disable", f"/administrators/{person}/reset-password", "/keys",
        f"/keys/{key}/delete", "/audit",
    ]  # fmt: skip


# Words that are laid out on more than one line although no space, dash or slash parts them.
_BROKEN_WORDS = """() => {
  const broken = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (node.parentElement.closest("script, style, code, textarea, .unseen, [lang=ja]")) continue;
    for (const match of node.data.matchAll(/[A-Za-z]+/g)) {
      const range = document.createRange();
      range.setStart(node, match.index);
      range.setEnd(node, match.index + match[0].length);
      const tops = new Set([...range.getClientRects()].map((one) => Math.round(one.top)));
      if (tops.size > 1) broken.push(match[0]);
    }
  }
  return broken;
}"""


@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_word_is_broken_on_a_narrow_screen(
    serve: Serve, opened: Callable[..., Page], language: str
) -> None:
    backend = sample.outage()
    address = serve(backend)
    page = opened(f"{address}/admin/sign-in?lang={language}", width=320)
    page.locator("[name=username]").fill("admin")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator(".form button").click()
    prefix = "/ja" if language == "ja" else ""
    one = next(iter(backend.maintenances))
    paths = [f"{prefix}{path}" for path in ("/", "/history", "/maintenance", f"/maintenance/{one}")]
    paths += [f"{prefix}/incidents/{one}" for one in backend.incidents]
    paths += [f"/admin{path}" for path in _area(backend)]
    for path in [*paths, "/nowhere"]:
        page.goto(address + path)
        assert page.evaluate(_BROKEN_WORDS) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") == 320, path


def test_the_focus_goes_to_the_first_error(serve: Serve, opened: Callable[..., Page]) -> None:
    backend = sample.outage()
    address = serve(backend)
    page = opened(f"{address}/admin/sign-in")
    page.get_by_label("Name").fill("admin")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Password")).to_be_focused()
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_focused()  # neither field alone is wrong
    _sign_in(page)
    page.goto(f"{address}/admin/maintenance/new")
    page.get_by_role("group", name="In English").get_by_label("Title").fill("Disks")
    page.locator(".form button").click()
    expect(page.get_by_role("group", name="In English").get_by_label("Text")).to_be_focused()


def test_the_areas_lists_and_forms_speak_one_time_zone(
    serve: Serve, opened: Callable[..., Page]
) -> None:
    """In Tokyo, nine hours ahead of UTC."""
    backend = sample.well()
    address = serve(backend)
    page = opened(f"{address}/admin/sign-in")
    _sign_in(page)
    page.goto(f"{address}/admin/maintenance")
    expect(page.locator(".when time").first).to_have_text("27 November 2026, 09:30 UTC")
    page.get_by_role("link", name="Database upgrade").click()
    starts = page.get_by_label("Starts at")
    expect(starts).to_have_value("2026-11-27T09:30")
    here = page.locator("output[for=starts_at]")
    expect(here).to_have_text("In your time zone: 27 Nov 2026, 18:30 GMT+9")
    starts.fill("2026-11-27T20:00")
    expect(here).to_have_text("In your time zone: 28 Nov 2026, 05:00 GMT+9")
    page.goto(f"{address}/maintenance")  # visitors see their own
    expect(page.locator(".when time").first).to_have_text("27 Nov 2026, 18:30 GMT+9")


def test_two_clicks_send_once(serve: Serve, opened: Callable[..., Page]) -> None:
    backend = FakeBackend()
    backend.delay = 0.2
    address = serve(backend)
    page = opened(f"{address}/admin/sign-in")
    _sign_in(page)
    page.goto(f"{address}/admin/administrators")
    page.get_by_label("Name").fill("jane")
    page.get_by_role("button", name="Add the administrator").dblclick()
    expect(page.locator(".secret")).to_have_text("generated-and-secret")
    made = [r for r in backend.requests if r == ("POST", "/administrators")]
    assert len(made) == 1


@pytest.mark.parametrize("width", [320, 1000])
@pytest.mark.parametrize("situation", ["empty", "many", "long"])
def test_many_and_long_things_fit(
    serve: Serve, opened: Callable[..., Page], situation: str, width: int
) -> None:
    backend: FakeBackend = getattr(sample, situation)()
    address = serve(backend)
    page = opened(address, width=width)
    paths = ["/", "/ja/", "/ja/history", "/maintenance"]
    for path in paths + [f"/incidents/{one}" for one in backend.incidents]:
        page.goto(address + path)
        assert page.evaluate("document.documentElement.scrollWidth") == width
    assert _violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("situation", ["well", "outage", "maintenance", "empty"])
def test_public_pages_have_no_violation(
    serve: Serve, opened: Callable[..., Page], situation: str, scheme: Scheme
) -> None:
    backend: FakeBackend = getattr(sample, situation)()
    address = serve(backend)
    page = opened(address, scheme=scheme)
    for details in page.locator("summary").all():
        details.click()
    assert _violations(page) == []
    paths = ["/ja/", "/history", "/maintenance", "/nowhere"]
    paths += [f"/incidents/{one}" for one in list(backend.incidents)[-1:]]
    for path in paths:
        page.goto(address + path)
        assert _violations(page) == [], path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_area_has_no_violation(
    serve: Serve, opened: Callable[..., Page], scheme: Scheme
) -> None:
    backend = sample.outage()
    address = serve(backend)
    page = opened(f"{address}/admin/sign-in", scheme=scheme)
    assert _violations(page) == []
    page.get_by_role("button", name="Sign in").click()
    assert _violations(page) == []
    _sign_in(page)
    for path in _area(backend):
        page.goto(f"{address}/admin{path}")
        for details in page.locator("summary").all():
            details.click()
        assert _violations(page) == [], path
    page.goto(f"{address}/admin/incidents/new?lang=ja")
    page.locator(".form button").click()
    assert page.locator("[aria-invalid]").count() == 2
    assert _violations(page) == []


@pytest.mark.parametrize("path", ["/", "/ja/", "/history", "/maintenance"])
@pytest.mark.parametrize("width", [320, 768, 1920])
def test_nothing_is_wider_than_the_window(
    serve: Serve, opened: Callable[..., Page], path: str, width: int
) -> None:
    backend = sample.outage()
    backend.add_incident("Donaudampfschifffahrtsgesellschaftskapitän" * 4)
    backend.add_component("https://averylonghostname.example.com/" + "x" * 60)
    page = opened(serve(backend) + path, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_keyboard_reaches_everything(serve: Serve, opened: Callable[..., Page]) -> None:
    page = opened(serve(sample.outage()))
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    assert skip.inner_text() == "Skip to the content"
    assert skip.bounding_box()["y"] >= 0  # type: ignore[index]
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if not focused.count():
            break
        reached.append(focused.inner_text().split("\n")[0])
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    wanted = ["System status", "Now", "Incident history", "Maintenance", "日本語",
              "API requests fail in the Tokyo region"]  # fmt: skip
    assert reached[: len(wanted)] == wanted
    assert reached[-2:] == ["Atom feed", "Administration"]
    page.goto(page.url)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    first = page.locator("summary").first
    first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("details").first).to_have_attribute("open", "")


def test_times_become_the_visitors_own(serve: Serve, opened: Callable[..., Page]) -> None:
    page = opened(serve(sample.outage()))
    since = page.locator(".since time")
    expect(since).to_have_text("24 Nov 2026, 17:20 GMT+9")
    expect(since).to_have_attribute("title", "24 November 2026, 08:20 UTC")


def test_without_scripts_everything_is_there(serve: Serve, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(serve(sample.outage()))
    expect(page.locator(".since time")).to_have_text("24 November 2026, 08:20 UTC")
    assert page.locator("noscript meta[http-equiv=refresh]").count() == 1
    context.close()


def test_an_open_page_follows_what_happens(serve: Serve, opened: Callable[..., Page]) -> None:
    backend = sample.well()
    page = opened("about:blank")
    page.clock.install()
    page.goto(serve(backend))
    expect(page.get_by_role("heading", level=1)).to_have_text("All systems are working")
    page.locator("summary").first.click()
    page.locator("body").click(position={"x": 1, "y": 1})
    page.clock.run_for(31_000)
    first = next(iter(backend.components.values()))
    first["status"] = "major_outage"
    backend.add_incident("Nothing works", impact="critical", affected={first["id"]: "major_outage"})
    backend.clock += 60
    page.evaluate("document.activeElement.blur()")
    page.clock.run_for(31_000)
    expect(page.get_by_role("heading", level=1)).to_have_text("We have a major outage")
    expect(page).to_have_title("We have a major outage – System status")
    expect(page.locator("#announcer")).to_have_text(
        "The page has been updated. We have a major outage"
    )
    expect(page.locator("details").first).to_have_attribute("open", "")
    expect(page.locator("body")).to_have_attribute("data-state", "critical")
    assert "GMT+9" in page.locator(".since time").inner_text()


def test_an_administrator_adds_a_component(serve: Serve, opened: Callable[..., Page]) -> None:
    """Through the browser's own cookies, its own Origin and its own Sec-Fetch-Site."""
    backend = FakeBackend()
    address = serve(backend)
    page = opened(f"{address}/admin/components/new")
    _sign_in(page)
    page.get_by_role("group", name="In English").get_by_label("Name").fill("Search")
    page.get_by_label("Status").select_option("Degraded performance")
    page.get_by_role("button", name="Add the component").click()
    expect(page.get_by_role("status")).to_have_text("Added: Search")
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies(f"{address}/admin")}
    assert set(cookies) == {"visit"}  # `device` goes to the sign-in page only
    assert cookies["visit"]["httpOnly"]
    page.get_by_role("link", name="To the status page").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Some systems are impaired")
    assert page.context.cookies(f"{address}/") == []
    page.goto(f"{address}/admin")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_have_text("You are signed out.")
