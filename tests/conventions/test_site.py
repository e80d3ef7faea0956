"""The site of the documentation: a link or a page that is lost is found, and so is any word."""

from __future__ import annotations

import functools
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from browsers import launched, needs_browser

from scripts import apart, pages

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        apart.install(pages.DIRECTORY, pages.LOCK)
    except apart.InstallError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("site")
    pages.lay_out(pages.ROOT, folder)
    assert pages.build(folder) == []
    return folder


def test_a_page_says_its_language(built: Path) -> None:
    for name, language in (("console", "en"), ("console.ja", "ja")):
        text = (built / "site" / "docs" / name / "index.html").read_text()
        assert f'<html lang="{language}"' in text


LOST = {
    "[a page](missing.md)": "../missing/",
    "[an anchor](ci.md#missing)": "../ci/#missing",
    "[an anchor of its own](#missing)": "#missing",
    "![a picture](missing.png)": "../missing.png",
    "[a folder without a page](operations)": "../operations",
}


@pytest.fixture
def copy(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "site"))


def test_links_that_lead_nowhere_are_named(copy: Path) -> None:
    page = copy / "pages" / "docs" / "tests.md"
    page.write_text("\n\n".join([page.read_text(), *LOST]))
    expected = {f"docs/tests: the link {link} leads nowhere" for link in LOST.values()}
    assert set(pages.build(copy)) == expected


def test_pages_out_of_order_are_named(copy: Path) -> None:
    docs = copy / "pages" / "docs"
    (docs / "tour.md").rename(docs / "unlisted.md")
    assert pages.build(copy) == [
        "docs/tour.md: docs/zensical.toml has no such page",
        "docs/unlisted.md: docs/zensical.toml has no place for this page",
    ]


@pytest.fixture
def address(built: Path) -> Iterator[str]:
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(built / "site"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@needs_browser
def test_any_word_is_found_and_nothing_comes_from_elsewhere(address: str) -> None:
    """A Japanese word in the middle of a sentence, too."""
    with launched() as browser:
        page = browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        for word, found in (("rehearse", "rehearsals"), ("ロードバランサー", "architecture.ja")):
            page.goto(address)
            page.get_by_role("button", name="Search").first.click()
            page.keyboard.type(word)
            page.locator(f'dialog a[href*="{found}"]').first.wait_for()
        assert [url for url in asked if not url.startswith(address)] == []
