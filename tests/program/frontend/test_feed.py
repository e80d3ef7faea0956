"""The Atom feed, by the rules of RFC 4287."""

from __future__ import annotations

import datetime as dt
import re
from xml.etree import ElementTree as ET

import pytest

from tests.program.frontend import sample
from tests.program.frontend.conftest import Visit
from tests.program.frontend.fake_backend import FakeBackend

ATOM = "{http://www.w3.org/2005/Atom}"
_IRI = re.compile(r"(urn:uuid:[0-9a-f-]{36}|https?://\S+)")


async def _feed(site: Visit, backend: FakeBackend, path: str, **settings: str) -> ET.Element:
    answer = await site(backend, **settings).get(path)
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    return ET.fromstring(answer.content)  # noqa: S314  # our own


def _one(parent: ET.Element, tag: str) -> str:
    """The text of an element that must exist exactly once."""
    (found,) = parent.findall(ATOM + tag)
    return found.text or ""


def _is_moment(text: str) -> bool:
    return dt.datetime.fromisoformat(text).tzinfo is not None


@pytest.mark.parametrize(("path", "language"), [("/feed.atom", "en"), ("/ja/feed.atom", "ja")])
async def test_the_feed_has_the_elements_that_atom_requires(
    site: Visit, path: str, language: str
) -> None:
    backend = sample.outage()
    feed = await _feed(site, backend, path, public_url="https://status.example.com/")
    assert feed.tag == f"{ATOM}feed"
    assert feed.get("{http://www.w3.org/XML/1998/namespace}lang") == language
    for part in (feed, *feed.findall(f"{ATOM}entry")):
        assert _IRI.fullmatch(_one(part, "id"))
        assert _one(part, "title")
        assert _is_moment(_one(part, "updated"))
        links = {(one.get("rel"), one.get("href")) for one in part.findall(f"{ATOM}link")}
        assert "alternate" in {rel for rel, _ in links}
        assert all(href and href.startswith("https://status.example.com/") for _, href in links)
    assert _one(feed.findall(f"{ATOM}author")[0], "name")
    entries = feed.findall(f"{ATOM}entry")
    assert len(entries) == len(backend.incidents) + len(backend.maintenances)
    assert len({_one(entry, "id") for entry in entries}) == len(entries)
    assert all(_one(entry, "content") for entry in entries)


async def test_entries_are_in_the_feeds_language(site: Visit) -> None:
    backend = sample.outage()
    feed = await _feed(site, backend, "/ja/feed.atom")
    assert "東京リージョンでAPIリクエストが失敗する" in ET.tostring(feed, encoding="unicode")
    assert "経過観察中 – 2026年11月24日 09:00 UTC" in ET.tostring(feed, encoding="unicode")


async def test_maintenance_is_in_the_feed(site: Visit) -> None:
    backend = sample.well()
    (maintenance,) = backend.maintenances.values()
    maintenance["updated_at"] = "2026-11-24T09:45:00Z"  # newer than all incidents
    for path, title in (
        ("/feed.atom", "Maintenance: Database upgrade"),
        ("/ja/feed.atom", "メンテナンス：データベースの更新"),
    ):
        feed = await _feed(site, backend, path)
        entry = feed.findall(f"{ATOM}entry")[0]
        assert _one(entry, "title") == title
        assert _one(entry, "updated") == _one(feed, "updated") == "2026-11-24T09:45:00Z"
        (link,) = entry.findall(f"{ATOM}link")
        assert str(link.get("href")).endswith(f"/maintenance/{maintenance['id']}")
        assert "09:30 UTC – " in _one(entry, "content")
        assert "11:30 UTC" in _one(entry, "content")


async def test_without_a_public_address_links_are_relative(site: Visit) -> None:
    feed = await _feed(site, sample.outage(), "/feed.atom")
    assert [one.get("href") for one in feed.findall(f"{ATOM}link")] == ["/feed.atom", "/"]


async def test_an_empty_feed_is_valid_and_stable(site: Visit, backend: FakeBackend) -> None:
    browser = site(backend)
    first, second = await browser.get("/feed.atom"), await browser.get("/feed.atom")
    assert first.content == second.content
    feed = ET.fromstring(first.content)  # noqa: S314
    assert _one(feed, "updated") == "1970-01-01T00:00:00Z"


async def test_markup_and_illegal_characters_stay_text(site: Visit, backend: FakeBackend) -> None:
    title = "<b>&amp; ]]> \x0b\x1b\ufffe"
    backend.add_incident(title)
    feed = await _feed(site, backend, "/feed.atom")
    assert _one(feed.findall(f"{ATOM}entry")[0], "title") == "<b>&amp; ]]> "
