"""The public pages, in each state of the system and in both languages."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from starlette.requests import Request
from starlette.responses import Response

from tests.program.frontend import sample
from tests.program.frontend.conftest import Visit
from tests.program.frontend.fake_backend import FakeBackend, days


@pytest.mark.parametrize(
    ("status", "english", "japanese"),
    [
        ("operational", "All systems are working", "すべて正常に稼働しています"),
        ("under_maintenance", "Maintenance is under way", "メンテナンスを実施しています"),
        ("degraded_performance", "Some systems are impaired", "一部で不具合が発生しています"),
        ("partial_outage", "Some systems are down", "一部のサービスが停止しています"),
        ("major_outage", "We have a major outage", "大規模な障害が発生しています"),
    ],
)
async def test_the_first_heading_shows_the_overall_status(
    site: Visit, backend: FakeBackend, status: str, english: str, japanese: str
) -> None:
    backend.add_component("API", status)
    browser = site(backend)
    for path, words in (("/", english), ("/ja/", japanese)):
        page = await browser.get(path)
        assert page.status_code == 200
        assert f'<h1 id="overall">{words}</h1>' in page.text
        assert f"<title>{words} – " in page.text


async def test_an_outage_comes_before_everything_else(site: Visit) -> None:
    page = (await site(sample.outage()).get("/")).text
    order = ["We have a major outage", "API requests fail", "Monitoring", "Identified",
             "Investigating", "Components", "Planned maintenance", "Recently resolved"]  # fmt: skip
    content = page[page.index("<main") :]
    places = [content.index(words) for words in order]
    assert places == sorted(places)


async def test_an_empty_page_has_a_message(site: Visit, backend: FakeBackend) -> None:
    page = (await site(backend).get("/")).text
    assert "Nothing to report yet" in page
    assert "No components yet." in page
    assert "No incidents so far." in page


async def test_incidents_that_are_not_known_are_not_called_none(
    site: Visit, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The status is known, the list is not: each comes by a request of its own."""

    async def busy(_: Request) -> Response:
        return Response(status_code=503)

    backend.add_component("API")
    monkeypatch.setattr(backend, "list_incidents", busy)
    monkeypatch.setattr(backend, "uptime", busy)
    page = await site(backend).get("/")
    assert page.status_code == 200
    assert "All systems are working" in page.text
    assert "No incidents so far." not in page.text
    assert 'href="/history">Incident history' in page.text


async def test_japanese_falls_back_to_english_and_marks_it(site: Visit) -> None:
    backend = sample.outage()
    page = (await site(backend).get("/ja/")).text
    assert '<html lang="ja"' in page
    assert "東京リージョンでAPIリクエストが失敗する" in page
    assert '<span lang="en">Daily and monthly exports</span>' in page


async def test_each_page_links_to_its_other_language(site: Visit) -> None:
    backend = sample.outage()
    incident = next(iter(backend.incidents))
    browser = site(backend)
    for path in ("/", "/history", "/history/2026-10", f"/incidents/{incident}", "/maintenance"):
        for prefix in ("", "/ja"):
            page = (await browser.get(prefix + path)).text
            links = dict(re.findall(r'rel="alternate" hreflang="([\w-]+)" href="([^"]+)"', page))
            assert links == {"en": path, "ja": f"/ja{path}", "x-default": path}


async def test_times_are_machine_readable_and_in_utc(site: Visit) -> None:
    page = (await site(sample.outage()).get("/")).text
    assert '<time datetime="2026-11-24T08:20:00Z">24 November 2026, 08:20 UTC</time>' in page


async def test_uptime_has_a_text_for_every_bad_day(site: Visit) -> None:
    page = (await site(sample.well()).get("/")).text
    assert (
        'aria-label="Payments: uptime 99.98% over 90 days, 2 days with incidents or maintenance"'
        in page
    )
    assert '<time datetime="2026-11-07" data-day>7 November 2026</time>' in page
    assert "47 min down" in page
    assert "Reports: uptime 99.98% over 40 days, 0 days" in page


async def test_the_uptime_of_a_new_component_is_over_one_day(
    site: Visit, backend: FakeBackend
) -> None:
    new = backend.add_component("API")["id"]
    backend.days[new] = days(90, backend.now.date(), **{f"d{ago}": ("", 0) for ago in range(1, 90)})
    browser = site(backend)
    assert "API: uptime 99.98% over one day, 0 days" in (await browser.get("/")).text
    assert "API：過去1日間の稼働率 99.98%" in (await browser.get("/ja/")).text


async def test_history_has_a_page_for_each_month(site: Visit) -> None:
    backend = sample.well()
    browser = site(backend)
    november = (await browser.get("/history")).text
    assert "Card payments declined" in november
    assert "Delayed notifications" not in november
    assert 'href="/history/2026-10"' in november
    assert 'href="/history/2026-12"' not in november
    october = (await browser.get("/history/2026-10")).text
    assert "Delayed notifications" in october
    assert 'href="/history/2026-11"' in october
    assert "No incidents in this month." in (await browser.get("/history/2026-09")).text


async def test_the_history_of_another_status_page_is_shown(
    site: Visit, backend: FakeBackend
) -> None:
    """Its incidents are reported later, with the times at which they happened."""
    old = backend.add_incident("Old", started_at=dt.datetime(2000, 1, 2, tzinfo=dt.UTC))
    browser = site(backend)
    page = (await browser.get(f"/incidents/{old['id']}")).text
    (link,) = re.findall(r'class="trail"><a href="([^"]+)"', page)
    month = await browser.get(link)
    assert f'href="/incidents/{old["id"]}"' in month.text
    assert 'rel="prev"' not in month.text  # the backend takes nothing earlier


async def test_an_ongoing_incident_is_marked_in_the_history(site: Visit) -> None:
    browser = site(sample.outage())
    page = (await browser.get("/history")).text
    assert "<h1>Incident history</h1>" in page
    assert re.search(r"API requests fail.*?UTC</time> – ongoing</p>", page, re.DOTALL)
    japanese = (await browser.get("/ja/history/2026-11")).text
    assert "<title>障害履歴：2026年11月 – " in japanese
    assert "UTC</time> – 対応中</p>" in japanese


async def test_a_month_with_many_incidents_is_complete(site: Visit, backend: FakeBackend) -> None:
    for index in range(230):
        start = backend.now.replace(day=1) + dt.timedelta(minutes=index)
        backend.add_incident(f"Incident-{index:03d}-", started_at=start)
    page = (await site(backend).get("/history")).text
    assert {f"Incident-{index:03d}-" in page for index in range(230)} == {True}


@pytest.mark.parametrize(
    "path",
    [
        "/history/2026-13", "/history/2027-01", "/history/1999-01", "/history/0000-01",
        "/history/2026-1", "/history/２０２６-11", "/history/x", "/incidents/x", "/nowhere",
        "/ja/nowhere", "/ja/history/",
        "/incidents/00000000-0000-0000-0000-000000000000", "/static/style.css", "/static/../x",
        "/incidents/%7B00000000-0000-0000-0000-000000000000%7D", "/static/%2e%2e%2fsettings.py",
    ],
)  # fmt: skip
async def test_a_missing_page_has_a_page_too(site: Visit, backend: FakeBackend, path: str) -> None:
    page = await site(backend).get(path)
    assert page.status_code == 404
    expected = "ページが見つかりません" if path.startswith("/ja") else "There is no such page"
    assert expected in page.text
    assert page.headers["x-request-id"] in page.text
    assert "aria-current" not in page.text


async def test_an_unsupported_method(site: Visit, backend: FakeBackend) -> None:
    page = await site(backend).post("/")
    assert page.status_code == 405
    assert set(page.headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert "That is not possible here" in page.text


async def test_one_incident_with_all_its_updates(site: Visit) -> None:
    backend = sample.well()
    identifier, incident = next(iter(backend.incidents.items()))
    page = (await site(backend).get(f"/incidents/{identifier}")).text
    assert "<h1>Card payments declined</h1>" in page
    for update in incident["updates"]:
        assert update["body"] in page
    assert "(40 min)" in page


async def test_maintenance_is_shown_according_to_its_time(site: Visit) -> None:
    backend = sample.maintenance()
    backend.add_maintenance(
        "Long ago", backend.now - dt.timedelta(days=9), backend.now - dt.timedelta(days=8)
    )
    page = (await site(backend).get("/maintenance")).text
    order = [">In progress</h2>", "Moving to new storage", ">Scheduled</h2>", "Database upgrade",
             ">Completed</h2>", "Long ago"]  # fmt: skip
    content = page[page.index("<main") :]
    places = [content.index(words) for words in order]
    assert places == sorted(places)


async def test_the_japanese_start_page_has_one_address(site: Visit, backend: FakeBackend) -> None:
    answer = await site(backend).get("/ja", headers={"Host": "internal-alb.example"})
    assert (answer.status_code, answer.headers["location"]) == (308, "/ja/")


async def test_each_maintenance_has_its_own_page(site: Visit) -> None:
    backend = sample.well()
    (maintenance,) = backend.maintenances.values()
    path = f"/maintenance/{maintenance['id']}"
    visitor = site(backend)
    for listed in ("/maintenance", "/ja/maintenance", "/"):
        prefix = "/ja" if listed.startswith("/ja") else ""
        assert f'href="{prefix}{path}"' in (await visitor.get(listed)).text
    page = await visitor.get(path)
    assert "<h1>Database upgrade</h1>" in page.text
    assert "27 November 2026, 09:30 UTC" in page.text
    assert "<h1>データベースの更新</h1>" in (await visitor.get(f"/ja{path}")).text
    assert "stale-if-error" in page.headers["cache-control"]
    unknown = "00000000-0000-0000-0000-000000000000"
    for odd in (unknown, "x", maintenance["id"].upper(), maintenance["id"] + "%0a"):
        assert (await visitor.get(f"/maintenance/{odd}")).status_code == 404
