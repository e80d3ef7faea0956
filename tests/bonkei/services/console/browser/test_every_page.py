"""Every page as it is drawn: each text is in both languages, a phone cuts nothing, and names are
without their prefix."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from browsers import needs_browser
from playwright.sync_api import Page, Request, expect

from tests.bonkei.services.console.browser.conftest import ConsolePage, screenshot
from tests.bonkei.services.console.samples.world import PLACES
from tests.bonkei.services.console.test_static import STATIC

pytestmark = needs_browser
_TEXTS = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const marked = walker.currentNode.parentElement.closest("noscript, body [lang]");
    if (!marked) found.push(walker.currentNode.data);
  }
  for (const one of document.querySelectorAll("body *"))
    for (const name of ["aria-label", "title", "placeholder"])
      if (one.hasAttribute(name)) found.push(one.getAttribute(name));
  return [...new Set(found.map((text) => text.trim()))];
}"""
_ASK = "(key) => fetch(`/data/${key}`).then((answer) => answer.text())"
# What scrolls by itself: the strip of pages, and the map, which the finger moves. The rest of a
# text that ends with an ellipsis is in its title, or in what a click opens.
_CUT = """() => [...document.querySelectorAll("body *")].filter((one) => {
  if (one.closest(".nav, svg, option, .prefix, .visually-hidden, .skip, .uplot")) return false;
  const style = getComputedStyle(one);
  if (one.matches(".scene-frame, .where") || style.display === "inline") return false;
  const box = one.getBoundingClientRect();
  return one.scrollWidth > one.clientWidth + 1 || (box.width > 0 && box.right > innerWidth + 1);
}).map((one) => `${one.tagName} ${one.className} ${one.textContent.slice(0, 60)}`)"""
_LONG = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { data, parentElement } = walker.currentNode;
    if (!data.startsWith("statuspage-") || parentElement.matches(".prefix, pre, code")) continue;
    found.push(`${parentElement.tagName} ${parentElement.className} ${data.slice(0, 80)}`);
  }
  return found;
}"""
_JAPANESE = re.compile("[\\u3040-\\u30ff\\u4e00-\\u9fff]")
OWN = ("盆景", "日本語")  # the sign, and the switch
_WORD = re.compile("[A-Za-z]{2,}")
NAMES = frozenset(
    _WORD.findall(
        "Bonkei Slack, Incoming webhook, AWS, CPU, CPUUtilization, Ctrl Enter Esc, DEBUG FATAL, "
        "ms min KiB MiB, 2xx, bonkei explain --send, bonkei exec sh, arn:aws:s3:::bucket/key "
        "s3:GetObject aws:SourceIp, RequestCount TargetResponseTime HTTPCode_Target_Count "
        "Average Sum, bonkei iam tighten, SELECT, true false null"
    )
)
"""Of things, keys, units, levels, commands, statistics; and what examples are made of."""


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (text for pair in value.items() for each in pair for text in strings(each))
    elif isinstance(value, list):
        yield from (text for each in value for text in strings(each))
    elif isinstance(value, str):
        yield value


def in_one_only(english: set[str], japanese: set[str], data: str) -> list[str]:
    """The texts of a page that are the same in both languages, or Japanese in English. `data`: what
    the server says, which is not translated, as a whole or by its words."""
    known = NAMES | set(_WORD.findall(data))
    same = {
        one for one in english & japanese
        if one not in data and not known.issuperset(_WORD.findall(one))
    }  # fmt: skip
    return sorted(
        same | {one for one in english if _JAPANESE.search(one) and one not in (*OWN, data)}
    )


class Reader:
    """Reads a page in both languages, and what the server has sent for it."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._keys: set[str] = set()
        page.on("request", self._hear)

    def _hear(self, request: Request) -> None:
        _, _, after = request.url.partition("/live?topic=")
        self._keys.update(filter(None, after.split("&topic=")))
        if "/data/" in request.url:
            self._keys.add(request.url.partition("/data/")[2].replace("%3F", "?"))

    def read(self) -> tuple[set[str], set[str], str]:
        texts = []
        for name, lang in (("English", "en"), ("日本語", "ja")):
            texts.append(set(self._page.evaluate(_TEXTS)))
            self._page.get_by_role("button", name=name, exact=True).click()
            expect(self._page.locator("html")).to_have_attribute("lang", lang)
        answers = [self._page.evaluate(_ASK, unquote(key)) for key in sorted(self._keys)]
        data = "\n".join(text for answer in answers for text in strings(json.loads(answer)))
        return texts[1], texts[0], data

    def close(self) -> None:
        self._page.remove_listener("request", self._hear)


@pytest.fixture
def reader(japanese_page: ConsolePage) -> Iterator[Reader]:
    found = Reader(japanese_page.page)
    yield found
    found.close()


def test_each_page_is_whole_in_both_languages(japanese_page: ConsolePage, reader: Reader) -> None:
    page, found = japanese_page.page, {}
    for place in PLACES:
        japanese_page.open(place)
        page.wait_for_timeout(150)
        screenshot(page, f"phone-{place.replace('/', '-')}")
        faults = page.evaluate(_CUT) + page.evaluate(_LONG) + in_one_only(*reader.read())
        if faults:
            found[place] = faults
    assert found == {}
    every = page.locator(".nav-link").evaluate_all("all => all.map((one) => one.hash.slice(2))")
    assert set(every) <= set(PLACES)


@pytest.mark.parametrize(
    ("module", "given", "instead", "shown"),
    [
        ("pages/requests/text.js", 'pause: "一時停止", ', "", "Pause"),
        ("pages/requests/text.js", 'pause: "Pause", ', 'pause: "一時停止", ', "一時停止"),
        ("pages/requests.js", '<h1>${t("title")}</h1>', "<h1>All of them</h1>", "All of them"),
    ],
)
def test_a_text_in_one_language_is_found(
    japanese_page: ConsolePage, reader: Reader, module: str, given: str, instead: str, shown: str
) -> None:
    source = (STATIC / module).read_text(encoding="utf-8")
    assert given in source
    body = source.replace(given, instead)
    page = japanese_page.page
    page.route(
        f"**/{module}", lambda route: route.fulfill(body=body, content_type="text/javascript")
    )
    page.goto(japanese_page.served.url)  # without the modules that are there
    page.reload()
    japanese_page.open("requests")
    expect(page.get_by_role("row").nth(1)).to_be_visible()
    assert in_one_only(*reader.read()) == [shown]
    page.unroute_all()
    page.goto(f"{japanese_page.served.base}/icon.svg")


def test_each_value_of_a_row_has_the_name_of_its_column(
    japanese_page: ConsolePage,
) -> None:
    page = japanese_page.open("alarms")
    row = page.get_by_role("row").filter(has_text="backend-cpu").first
    cell = row.get_by_role("cell").nth(2)
    expect(cell).to_have_attribute("data-title", "条件")
    shown = "(one) => getComputedStyle(one, '::before').content"
    assert "条件" in cell.evaluate(shown)
    japanese_page.is_accessible_in_the_light()


def test_a_name_is_copied_and_read_as_a_whole(console_page: ConsolePage) -> None:
    page = console_page.open("alarms")
    name = page.get_by_role("link", name="statuspage-backend-cpu", exact=True)
    expect(name.locator("span").first).to_have_attribute("title", "statuspage-backend-cpu")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    name.evaluate("(one) => getSelection().selectAllChildren(one)")
    page.keyboard.press("Control+C")
    assert page.evaluate("navigator.clipboard.readText()") == "statuspage-backend-cpu"
    page.context.clear_permissions()
    expect(page.locator(".bar .where")).to_have_text("statuspage-…")
