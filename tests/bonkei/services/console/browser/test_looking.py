"""What the tests of the pages rely on: axe sees a fault that a page gets, in both schemes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browsers import needs_browser, violations, violations_in_both
from playwright.sync_api import Page, expect

from tests.bonkei.services.console.browser.conftest import ConsolePage
from tests.bonkei.services.console.samples.tasks import snapshot
from tests.bonkei.services.console.samples.world import MARKUP

pytestmark = needs_browser

_WEAR = """(rule) => {
  const sheet = new CSSStyleSheet();
  sheet.insertRule(rule);
  document.adoptedStyleSheets = [sheet];
}"""
_LINK = """() => {
  const link = Object.assign(document.createElement("a"), { href: "#/", textContent: "a link" });
  const sentence = document.createElement("p");
  sentence.append("A sentence of which ", link, " is a part that one has to find.");
  document.querySelector("main h1").after(sentence);
}"""


@pytest.fixture
def page(console_page: ConsolePage) -> Iterator[Page]:
    """A small one, and afterwards without what a test has put on the document."""
    page = console_page.open("data/secrets")
    expect(page.get_by_role("row")).to_have_count(4)
    yield page
    page.evaluate("document.adoptedStyleSheets = []")


@pytest.mark.parametrize("place", ["main h1", "main td"])
def test_too_little_contrast_in_the_dark(page: Page, place: str) -> None:
    page.evaluate(_WEAR, f"{place} {{ color: light-dark(#1a211e, #3a4541) !important }}")
    assert violations(page) == []
    found = violations_in_both(page)
    assert found
    assert all(one.startswith("in the dark, color-contrast: ") for one in found), found


def test_too_little_contrast_in_the_light(page: Page) -> None:
    page.evaluate(_WEAR, "main h1 { color: light-dark(#cfccc1, #e4e9e6) !important }")
    found = violations_in_both(page)
    assert found
    assert all(one.startswith("color-contrast: ") for one in found), found


def test_a_link_that_is_like_its_sentence_in_the_dark(page: Page) -> None:
    page.evaluate(_LINK)
    colours = "color: light-dark(#000, #fff); & a { color: light-dark(#3a66b5, #e4e9e6) }"
    page.evaluate(_WEAR, f"main h1 + p {{ {colours} }}")
    found = violations_in_both(page)
    assert [one.partition(": ")[0] for one in found] == ["in the dark, link-in-text-block"], found


def test_a_button_of_a_row_without_a_name(page: Page) -> None:
    button = page.get_by_role("button", name=f"Show: db/{MARKUP}")
    button.evaluate("one => { one.removeAttribute('aria-label'); one.replaceChildren(); }")
    found = violations_in_both(page)
    assert [one.partition(": ")[0] for one in found] == ["button-name"], found


def test_too_little_contrast_in_a_question_of_a_drawer(console_page: ConsolePage) -> None:
    """It lies beside the drawer, of which it is a part."""
    page = console_page.open(f"tasks/{snapshot().tasks[1].id}")
    page.get_by_role("complementary").get_by_role("button", name="Stop").click()
    page.get_by_role("dialog").get_by_role("heading").evaluate("one => one.style.color = '#ccc'")
    found = violations(page)
    assert [one.partition(": ")[0] for one in found] == ["color-contrast"], found
    assert page.locator(".drawer").evaluate("one => getComputedStyle(one).overflow") == "hidden"
