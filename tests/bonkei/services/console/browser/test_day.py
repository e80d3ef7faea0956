"""A page that stays open: what comes again and again leaves nothing behind in the browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from browsers import needs_browser
from playwright.sync_api import Browser, CDPSession, Page, expect

from tests.bonkei.services.console.browser.conftest import Served, wait_for
from tests.bonkei.services.console.samples.tasks import snapshot

pytestmark = needs_browser

# The stream in the test's hands: it says what comes, and how fast.
_STREAM = """
window.EventSource = class {
  constructor(url) {
    this.url = url;
    this.readyState = 1;
    window.stream = this;
    setTimeout(() => this.onopen?.(), 0);
  }
  close() { this.readyState = 2; }
};
window.EventSource.CLOSED = 2;
window.say = (topic, data) => window.stream.onmessage({ data: JSON.stringify({ topic, data }) });
window.live = async (many, topics) => {
  for (let number = 0; number < many; number += 1) {
    for (const [topic, data] of Object.entries(topics)) {
      const now = structuredClone(data);
      for (const task of now.tasks || [now]) {
        task.cpu = number % 90;
        (task.cpu_line || []).push(number % 90);
        if (task.usage) {
          task.usage.times = task.usage.times.map((at) => at + number);
          task.usage.cpu = task.usage.cpu.map((cpu) => (cpu + number) % 50);
        }
      }
      window.say(topic, now);
    }
    if (number % 10 === 0) await new Promise((done) => setTimeout(done, 0));
  }
};
"""


@pytest.fixture
def topics(served: Served) -> dict[str, Any]:
    """What the server says about tasks, as it stands in the stream."""
    task = snapshot().tasks[0].id
    keys = ("overview", "tasks", "tasks.timeline", f"tasks.task?id={task}&seconds=180")
    with httpx.Client(base_url=served.base, timeout=60) as client:
        client.get(served.url)
        return {key: client.get(f"/data/{key}").json()["data"] for key in keys}


@pytest.fixture
def page(browser: Browser, served: Served, topics: dict[str, Any]) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    page.add_init_script(_STREAM)
    page.goto(served.url)
    page.goto(f"{served.base}/#/tasks/{snapshot().tasks[0].id}")
    wait_for(page, "window.stream?.url.includes('topic=tasks')")
    page.evaluate(f"window.live(1, {json.dumps(topics)})")
    wait_for(page, "window.stream.url.includes('tasks.task')")
    page.evaluate(f"window.live(1, {json.dumps(topics)})")
    expect(page.get_by_role("complementary").locator("canvas")).to_have_count(2)
    yield page
    context.close()


def used(page: Page, session: CDPSession) -> tuple[int, int]:
    """Bytes of the heap after a collection, and nodes of the document."""
    session.send("HeapProfiler.collectGarbage")
    heap = session.send("Runtime.getHeapUsage")["usedSize"]
    return int(heap), int(page.evaluate("document.getElementsByTagName('*').length"))


def test_hours_of_updates_leave_nothing_behind(page: Page, topics: dict[str, Any]) -> None:
    """Four topics, an hour of ticks to warm up, then again and again."""
    session = page.context.new_cdp_session(page)
    minutes = 5 * 60
    page.evaluate(f"window.live({minutes}, {json.dumps(topics)})")
    before = used(page, session)
    for _ in range(4):
        page.evaluate(f"window.live({minutes}, {json.dumps(topics)})")
    after = used(page, session)
    assert after[0] < before[0] + 1_500_000
    assert after[1] <= before[1] + 20
