"""The pages' headers for browsers and caches."""

from __future__ import annotations

import asyncio
import re
import uuid

import pytest

from tests.program.frontend import sample
from tests.program.frontend.conftest import Visit
from tests.program.frontend.fake_backend import FakeBackend

PUBLIC = ("/", "/ja/", "/history", "/ja/history/2026-10", "/maintenance", "/feed.atom")


@pytest.mark.parametrize("path", PUBLIC)
async def test_public_pages_may_be_cached(site: Visit, path: str) -> None:
    browser = site(sample.outage())
    page = await browser.get(path)
    assert page.headers["cache-control"] == (
        "public, max-age=5, s-maxage=5, stale-while-revalidate=10, stale-if-error=86400"
    )
    assert "set-cookie" not in page.headers
    assert "vary" not in page.headers
    again = await browser.get(path, headers={"Cookie": "visit=x", "Accept-Language": "fr"})
    assert again.content == page.content


@pytest.mark.parametrize("weakened", ["", "W/"])
async def test_an_unchanged_page_is_not_sent_again(site: Visit, weakened: str) -> None:
    backend = sample.outage()
    browser = site(backend)
    etag = (await browser.get("/")).headers["etag"]
    asked = {"If-None-Match": f'"other", {weakened}{etag}'}
    answer = await browser.get("/", headers=asked)
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    assert "stale-if-error" in answer.headers["cache-control"]
    assert (await browser.get("/ja/", headers=asked)).status_code == 200


async def test_static_files_are_cached_for_ever_under_their_hash(site: Visit) -> None:
    browser = site(FakeBackend())
    page = (await browser.get("/")).text
    names = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert len(names) == 3
    for name in names:
        file = await browser.get(name)
        assert file.status_code == 200
        assert file.headers["cache-control"] == "public, max-age=31536000, immutable"
        asked = {"If-None-Match": file.headers["etag"]}
        assert (await browser.get(name, headers=asked)).status_code == 304


async def test_another_versions_static_file_is_answered_but_not_cached(site: Visit) -> None:
    file = await site(FakeBackend()).get("/static/style.0000000000000000.css")
    assert (file.status_code, file.headers["cache-control"]) == (200, "public, max-age=10")


@pytest.mark.parametrize("path", [*PUBLIC, "/nowhere", "/admin/sign-in", "/healthcheck"])
async def test_every_answer_carries_the_security_headers(site: Visit, path: str) -> None:
    headers = (await site(sample.outage()).get(path)).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert "server" not in headers


async def test_https_is_remembered_only_where_it_is_used(site: Visit) -> None:
    name = "strict-transport-security"
    browser = site(FakeBackend())
    assert name not in (await browser.get("/")).headers
    assert name in (await browser.get("/", headers={"CloudFront-Forwarded-Proto": "https"})).headers
    known = site(FakeBackend(), public_url="https://status.example.com")
    assert name in (await known.get("/")).headers


@pytest.mark.parametrize("path", [*PUBLIC, "/nowhere", "/admin/sign-in"])
async def test_pages_have_no_inline_scripts_and_no_content_from_other_hosts(
    site: Visit, path: str
) -> None:
    page = (await site(sample.outage()).get(path)).text
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", page)
    assert not re.search(r"<script(?![^>]*\ssrc=)", page)
    if path != "/feed.atom":
        assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", page)


async def test_a_request_id_is_passed_to_the_backend(site: Visit, backend: FakeBackend) -> None:
    browser = site(backend)
    answer = await browser.get("/", headers={"X-Request-Id": "0123-abcd-4567"})
    assert answer.headers["x-request-id"] == "0123-abcd-4567"
    assert {headers["x-request-id"] for headers in backend.headers} == {"0123-abcd-4567"}


@pytest.mark.parametrize("given", ["", "x" * 500, "a b c d e f g h", "<script>alert(1)</script>"])
async def test_a_harmful_request_id_is_replaced(site: Visit, given: str) -> None:
    answer = await site(FakeBackend()).get("/nowhere", headers={"X-Request-Id": given})
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])


async def test_healthcheck_does_not_ask_the_backend(site: Visit, backend: FakeBackend) -> None:
    backend.trouble = 503
    answer = await site(backend).get("/healthcheck")
    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert answer.headers["cache-control"] == "no-store"
    assert backend.requests == []


async def test_robots_are_excluded_from_the_area(site: Visit, backend: FakeBackend) -> None:
    assert "Disallow: /admin" in (await site(backend).get("/robots.txt")).text


async def test_a_forwarded_host_changes_no_public_page(site: Visit) -> None:
    """Otherwise one visitor could poison the cache for everyone."""
    backend = sample.outage()
    hostile = {"X-Forwarded-Host": "evil.example", "Host": "evil.example"}
    for path in PUBLIC:
        assert "evil" not in (await site(backend).get(path, headers=hostile)).text


# When the backend fails


async def test_without_any_status_the_page_is_503(site: Visit, backend: FakeBackend) -> None:
    backend.trouble = 500
    page = await site(backend).get("/ja/")
    assert page.status_code == 503
    assert (page.headers["retry-after"], page.headers["cache-control"]) == ("5", "no-store")
    assert "稼働状況を表示できません" in page.text
    assert page.headers["x-request-id"] in page.text


async def test_the_last_good_status_is_shown_with_its_time(
    site: Visit,
) -> None:
    backend = sample.outage()
    browser = site(backend)
    fresh = await browser.get("/")
    assert "We cannot confirm" not in fresh.text
    backend.trouble = 503
    backend.clock += 60
    page = await browser.get("/")
    assert page.status_code == 200
    assert "We have a major outage" in page.text
    assert re.search(r'We cannot confirm .* as of <time datetime="20', page.text)
    assert page.headers["etag"] != fresh.headers["etag"]
    backend.trouble = None
    backend.clock += 60
    again = await browser.get("/")
    assert again.content == fresh.content


async def test_a_page_leaves_out_parts_that_fail(site: Visit) -> None:
    backend = sample.well()
    backend.days = {"broken": []}
    for component in backend.components.values():
        backend.days[component["id"]] = [{"date": "nonsense"}]
    page = await site(backend).get("/")
    assert page.status_code == 200
    assert "All systems are working" in page.text
    assert "uptime" not in page.text[page.text.index("<main") :].replace("Uptime", "")


async def test_a_read_is_tried_exactly_twice(site: Visit, backend: FakeBackend) -> None:
    backend.trouble = 503
    await site(backend).get(f"/incidents/{uuid.uuid4()}")
    assert len(backend.requests) == 2


async def test_a_missing_incident_is_404_although_the_rest_works(
    site: Visit, backend: FakeBackend
) -> None:
    page = await site(backend).get(f"/incidents/{uuid.uuid4()}")
    assert page.status_code == 404
    assert len(backend.requests) == 1


async def test_simultaneous_readers_cause_one_request_to_the_backend(site: Visit) -> None:
    backend = sample.outage()
    backend.delay = 0.05
    browser = site(backend)
    pages = await asyncio.gather(*(browser.get("/") for _ in range(50)))
    assert {page.status_code for page in pages} == {200}
    assert sorted(backend.requests) == [
        ("GET", "/incidents"), ("GET", "/status"), ("GET", "/uptime"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "path",
    ["/admin%0a", "/admin%0A", "/admin/sign-in%0a", "/%0a", "/ja%0a", "/history%0a",
     "/maintenance%0d", "/admin%2fsign-in", "/ja%2F", "/robots.txt%0a", "/healthcheck%0a",
     "/feed.atom%00"],
)  # fmt: skip
async def test_a_path_is_matched_exactly(site: Visit, backend: FakeBackend, path: str) -> None:
    assert (await site(backend).get(path)).status_code == 404


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/admin", "GET, HEAD"),
        ("/admin/sign-in", "GET, HEAD, POST"),
        ("/admin/sign-out", "POST"),
        ("/admin/incidents/x/edit", "GET, HEAD, POST"),
        ("/", "GET, HEAD"),
        ("/healthcheck", "GET, HEAD"),
    ],
)
async def test_allow_lists_all_methods_of_the_path(
    site: Visit, backend: FakeBackend, path: str, allowed: str
) -> None:
    answer = await site(backend).request("PUT", path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
