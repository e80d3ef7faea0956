"""The pages that the browser tests open, and their checks."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

from tests.program.frontend.fake_backend import PASSWORD, FakeBackend

Serve = Callable[[FakeBackend], str]
Open = Callable[..., Page]

# Words that are laid out on more than one line although they have no space, dash or slash.
BROKEN_WORDS = """() => {
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


def sign_in(page: Page) -> None:
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def unfold(page: Page) -> None:
    """Click on all details. Few pages have some, and to look for them as Playwright does brings its
    scripts into the page: half of a load.
    """
    if page.evaluate("document.querySelector('summary') !== null"):
        for details in page.locator("summary").all():
            details.click()


def area_of(backend: FakeBackend) -> list[str]:
    """The pages of the area, each with content."""
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
