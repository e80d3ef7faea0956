"""CloudFront's cache over real sockets: stored responses, their keys and lifetimes."""

from __future__ import annotations

import asyncio
import gzip
import time
from dataclasses import replace
from typing import Any

import brotli
import pytest

from bonkei.blueprint.cloudfront import (
    CachePolicy,
    CustomErrorResponse,
    Selection,
)
from bonkei.services.edge import EdgeSettings
from bonkei.services.edge.cloudfront.freshness import Lifetime
from tests.bonkei.services.edge.definitions import ALL_VIEWER, behavior
from tests.bonkei.services.edge.distributions import (
    CACHED,
    HIT,
    MISS,
    Changing,
    cache,
    cached,
    cloudfront,
    get,
)
from tests.bonkei.services.edge.support import Message, Target, ok, running, serving


async def test_hit_age_and_head() -> None:
    reply = ok(b"abc", ("Cache-Control", "max-age=60"), ("ETag", '"1"'))
    async with serving(cloudfront(cached()), reply) as (edge, web):
        begun = time.monotonic()
        first = await get(edge, "/a")
        second = await get(edge, "/a")
        passed = time.monotonic() - begun
        head = await get(edge, "/a", method="HEAD")
        assert [each.get("X-Cache") for each in (first, second, head)] == [MISS, HIT, HIT]
        assert (second.body, head.body, head.get("Content-Length")) == (b"abc", b"", "3")
        assert first.get("Age") is None
        assert 0 <= int(second.get("Age")) <= passed
        assert len(web.requests) == 1
        (state,) = edge.edge.snapshot().caches
        assert (state.objects, state.hits, state.misses) == (1, 2, 1)


async def test_a_cached_object_expires_while_the_machine_sleeps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reply = ok(b"abc", ("Cache-Control", "max-age=3000"))
    async with serving(cloudfront(cached()), reply) as (edge, web):
        await get(edge, "/a")
        clock, slept = time.clock_gettime, [2_000.0]
        monkeypatch.setattr(time, "clock_gettime", lambda which: clock(which) + slept[0])
        assert int((await get(edge, "/a")).get("Age")) >= 2_000
        slept[0] += 1_000.0
        await get(edge, "/a")
        assert len(web.requests) == 2


async def test_conditions_and_ranges_are_answered_from_the_cache() -> None:
    reply = ok(b"0123456789", ("Cache-Control", "max-age=60"), ("ETag", '"1"'))
    async with serving(cloudfront(cached()), reply) as (edge, web):
        await get(edge, "/a")
        part = await get(edge, "/a", ("Range", "bytes=2-4"))
        assert (part.status, part.body) == (206, b"234")
        assert part.get("Content-Range") == "bytes 2-4/10"
        none = await get(edge, "/a", ("Range", "bytes=10-"))
        assert (none.status, none.get("Content-Range")) == (416, "bytes */10")
        async with edge.client("distribution") as client:
            same = await client.request("/a", ("If-None-Match", '"1"'), method="GET")
            assert (same.status, same.get("ETag")) == (304, '"1"')
        assert len(web.requests) == 1


async def test_a_range_that_is_not_cached_goes_to_the_origin() -> None:
    reply = ok(b"234", ("Content-Range", "bytes 2-4/10"), status="206 Partial Content")
    async with serving(cloudfront(cached()), reply) as (edge, web):
        for _ in range(2):
            part = await get(edge, "/a", ("Range", "bytes=2-4"))
            assert (part.status, part.get("X-Cache")) == (206, MISS)
        assert web.requests[0].get("Range") == "bytes=2-4"
        assert len(web.requests) == 2


async def test_the_key_has_the_parts_that_the_policy_includes() -> None:
    policy = replace(
        CACHED, query_strings=Selection("whitelist", ("q",)),
        headers=Selection("whitelist", ("Accept-Language",)),
        cookies=Selection("whitelist", ("lang",)),
    )  # fmt: skip
    async with serving(cloudfront(cached(policy=policy))) as (edge, web):

        async def x_cache(target: str, *headers: tuple[str, str]) -> str | None:
            return (await get(edge, target, *headers)).get("X-Cache")

        assert await x_cache("/?q=1&x=1") == MISS
        assert await x_cache("/?q=1&x=2") == HIT
        assert await x_cache("/?q=2") == MISS
        assert await x_cache("/?q=1", ("Accept-Language", "ja")) == MISS
        assert await x_cache("/?q=1", ("Accept-Language", "ja")) == HIT
        assert await x_cache("/?q=1", ("Cookie", "lang=en; z=1")) == MISS
        assert await x_cache("/?q=1", ("Cookie", "z=2; lang=en")) == HIT
        assert web.requests[0].target == "/?q=1"
        assert web.requests[2].get("Accept-Language") == "ja"


@pytest.mark.parametrize("control", ["no-store", "private", "no-cache", "max-age=0"])
async def test_responses_that_must_not_be_cached_are_not_cached(control: str) -> None:
    async with serving(cloudfront(cached()), ok(b"x", ("Cache-Control", control))) as (edge, web):
        answers = [(await get(edge, "/")).get("X-Cache") for _ in range(2)]
        assert answers == [MISS, MISS]
        assert len(web.requests) == 2


async def test_other_methods_are_not_cached() -> None:
    async with serving(cloudfront(cached())) as (edge, web):
        for _ in range(2):
            assert (await get(edge, "/", method="POST", body=b"x")).get("X-Cache") == MISS
        assert len(web.requests) == 2


async def test_an_expired_response_is_validated() -> None:
    """ "Conditional requests": CloudFront adds If-None-Match and If-Modified-Since; on a 304 the
    viewer gets what is stored."""
    date = "Tue, 24 Nov 2026 00:00:00 GMT"
    reply = ok(b"abc", ("Cache-Control", "max-age=0"), ("ETag", '"1"'), ("Last-Modified", date))

    async def origin(message: Message, reader: Any, writer: Any) -> None:
        if message.get("If-None-Match") == '"1"':
            writer.write(b"HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=60\r\n\r\n")
        else:
            await reply(message, reader, writer)

    async with serving(cloudfront(cached()), origin) as (edge, web):
        first = await get(edge, "/")
        second = await get(edge, "/")
        third = await get(edge, "/")
        assert [each.body for each in (first, second, third)] == [b"abc"] * 3
        assert second.get("X-Cache") == "RefreshHit from cloudfront"
        assert third.get("X-Cache") == HIT
        assert web.requests[1].get("If-Modified-Since") == date
        assert len(web.requests) == 2


async def test_a_validated_response_has_the_age_of_the_answer() -> None:
    reply = ok(b"abc", ("Cache-Control", "max-age=0"), ("ETag", '"1"'), ("Age", "5"))
    answer = b"HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=600\r\nAge: %d\r\n\r\n"
    ages = iter((70, 650, 0))

    async def origin(message: Message, reader: Any, writer: Any) -> None:
        if message.get("If-None-Match") == '"1"':
            writer.write(answer % next(ages))
        else:
            await reply(message, reader, writer)

    async with serving(cloudfront(cached()), origin) as (edge, web):
        await get(edge, "/")
        await get(edge, "/")
        hit = await get(edge, "/")
        shown = [value for name, value in hit.headers if name.lower() == "age"]
        assert (len(shown), int(shown[0]) - 70 < 30, hit.get("X-Cache")) == (1, True, HIT)
        state = cache(edge)
        state.look(next(iter(state._stored))).lifetime = Lifetime(0.0)  # type: ignore[union-attr]
        results = [(await get(edge, "/")).get("X-Cache") for _ in range(3)]
        assert results == ["RefreshHit from cloudfront"] * 2 + [HIT]  # 650 of 600 seconds are over
        assert len(web.requests) == 4


async def test_stale_while_revalidate() -> None:
    """Served stale at once, and refreshed in the background."""
    control = ("Cache-Control", "max-age=0, stale-while-revalidate=60")
    origin = Changing(ok(b"old", control))
    async with serving(cloudfront(cached()), origin) as (edge, web):
        await get(edge, "/")
        origin.reply = ok(b"new", control)
        stale = await get(edge, "/")
        assert (stale.body, stale.get("X-Cache")) == (b"old", HIT)
        await edge.until(lambda: len(web.requests) == 2 and not cache(edge).fetches)
        assert (await get(edge, "/")).body == b"new"


async def test_an_expired_response_is_served_while_the_origin_fails() -> None:
    """ "If your origin returns a 5xx status code, CloudFront serves the object even though it has
    expired. For the duration of the error caching minimum TTL, CloudFront continues to respond …
    by serving the object from the edge cache." A 4xx is returned."""
    origin = Changing(ok(b"good", ("Cache-Control", "max-age=0"), ("ETag", '"1"')))
    async with serving(cloudfront(cached()), origin) as (edge, web):
        await get(edge, "/")
        origin.reply = ok(b"bad", status="500 Oops")
        for _ in range(3):
            answer = await get(edge, "/")
            assert (answer.status, answer.body) == (200, b"good")
        assert len(web.requests) == 2
    origin = Changing(ok(b"good", ("Cache-Control", "max-age=0"), ("ETag", '"1"')))
    async with serving(cloudfront(cached()), origin) as (edge, web):
        await get(edge, "/")
        origin.reply = ok(b"gone", status="404 Not Found")
        assert (await get(edge, "/")).status == 404


async def test_an_expired_response_answers_a_head_as_well() -> None:
    """It is validated, and served while the origin fails. The origin's response to a HEAD is not
    stored.
    """
    good = ok(b"good", ("Cache-Control", "max-age=0"), ("ETag", '"1"'))
    origin = Changing(good)
    async with serving(cloudfront(cached()), origin) as (edge, web):
        await get(edge, "/")
        head = await get(edge, "/", method="HEAD")
        assert (head.status, web.requests[-1].get("If-None-Match")) == (200, '"1"')
        origin.reply = ok(b"", ("ETag", '"1"'), status="304 Not Modified")
        assert (await get(edge, "/", method="HEAD")).get("Content-Length") == "4"
        origin.reply = ok(b"no", ("Cache-Control", "max-age=60"), status="405 Not Allowed")
        assert (await get(edge, "/", method="HEAD")).status == 405
        origin.reply = ok(b"bad", status="500 Oops")
        head = await get(edge, "/", method="HEAD")
        assert (head.status, head.get("Content-Length")) == (200, "4")
        assert (await get(edge, "/")).body == b"good"


async def test_stale_if_error_sets_the_duration() -> None:
    control = ("Cache-Control", "max-age=0, stale-if-error=0")
    origin = Changing(ok(b"good", control, ("ETag", '"1"')))
    async with serving(cloudfront(cached()), origin) as (edge, _):
        await get(edge, "/")
        origin.reply = ok(b"bad", status="500 Oops")
        assert (await get(edge, "/")).status == 500


async def test_an_expired_response_is_served_while_there_is_no_target() -> None:
    async with running(cloudfront(cached())) as edge:
        async with Target(ok(b"good", ("Cache-Control", "max-age=0"), ("ETag", '"1"'))) as web:
            await edge.join("web", web)
            await get(edge, "/")
            edge.deregister("web")
        await edge.until(lambda: edge.state("web") is None)
        assert (await get(edge, "/")).body == b"good"


async def test_errors_are_cached_for_a_while() -> None:
    async with serving(cloudfront(cached()), ok(b"no", status="404 Not Found")) as (edge, web):
        for _ in range(3):
            answer = await get(edge, "/")
            assert (answer.status, answer.body) == (404, b"no")
            assert answer.get("X-Cache") == "Error from cloudfront"
        assert len(web.requests) == 1
    brief = (CustomErrorResponse(404, 0.0),)
    async with serving(
        cloudfront(cached(), custom_error_responses=brief), ok(b"no", status="404 Not Found")
    ) as (edge, web):
        for _ in range(3):
            await get(edge, "/")
        assert len(web.requests) == 3


@pytest.mark.parametrize("policy", [CACHED, CachePolicy("disabled", 0, 0, 0)])
async def test_custom_error_pages(policy: CachePolicy) -> None:
    """ "How CloudFront processes errors when you have configured custom error pages"."""

    async def origin(message: Message, reader: Any, writer: Any) -> None:
        if message.target == "/errors/404.html":
            await ok(b"pretty")(message, reader, writer)
        else:
            await ok(b"ugly", status="404 Not Found")(message, reader, writer)

    errors = (CustomErrorResponse(404, 10, 200, "/errors/404.html"),)
    blueprint = cloudfront(cached(policy=policy), custom_error_responses=errors)
    async with serving(blueprint, origin) as (edge, web):
        for _ in range(2):
            answer = await get(edge, "/missing")
            assert (answer.status, answer.body) == (200, b"pretty")
            assert answer.get("X-Cache") == "Error from cloudfront"
        assert len(web.requests) == (2 if policy is CACHED else 4)


async def test_a_missing_custom_error_page() -> None:
    errors = (CustomErrorResponse(404, 0, 404, "/errors/404.html"),)
    blueprint = cloudfront(cached(), custom_error_responses=errors)
    async with serving(blueprint, ok(b"x", status="404 No")) as (edge, _):
        answer = await get(edge, "/missing")
        assert (answer.status, answer.get("Server")) == (404, "CloudFront")


async def test_viewers_of_the_same_object_share_one_request() -> None:
    """ "Simultaneous requests for the same object"."""

    async def slow(message: Message, reader: Any, writer: Any) -> None:
        await asyncio.sleep(0.2)
        await ok(b"abc", ("Cache-Control", "max-age=60"))(message, reader, writer)

    async with serving(cloudfront(cached()), slow) as (edge, web):
        answers = await asyncio.gather(*(get(edge, "/") for _ in range(10)))
        assert {(each.status, bytes(each.body)) for each in answers} == {(200, b"abc")}
        assert len(web.requests) == 1


async def test_viewers_who_waited_for_an_uncacheable_response_ask_themselves() -> None:
    async def slow(message: Message, reader: Any, writer: Any) -> None:
        await asyncio.sleep(0.1)
        await ok(b"abc", ("Cache-Control", "no-store"))(message, reader, writer)

    async with serving(cloudfront(cached()), slow) as (edge, web):
        answers = await asyncio.gather(*(get(edge, "/") for _ in range(5)))
        assert {(each.status, bytes(each.body)) for each in answers} == {(200, b"abc")}
        assert len(web.requests) == 5


async def test_a_viewer_who_leaves_does_not_affect_those_who_wait() -> None:
    async def slow(message: Message, reader: Any, writer: Any) -> None:
        await gate.wait()
        await ok(b"abc", ("Cache-Control", "max-age=60"))(message, reader, writer)

    gate = asyncio.Event()
    async with serving(cloudfront(cached()), slow) as (edge, web):
        async with edge.client("distribution") as first:
            first.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await edge.until(lambda: len(web.requests) == 1)
            second = asyncio.create_task(get(edge, "/"))
            await edge.until(lambda: edge.listener("distribution").requests == 2)
        await edge.until(lambda: edge.listener("distribution").connections == 1)
        gate.set()
        assert (await second).body == b"abc"
        assert len(web.requests) == 1


async def test_memory_is_bounded() -> None:
    settings = EdgeSettings(cache_bytes=100_000, cached_object_bytes=20_000)
    reply = ok(b"x" * 15_000, ("Cache-Control", "max-age=60"))
    async with serving(cloudfront(cached()), reply, settings=settings) as (edge, web):
        for number in range(20):
            await get(edge, f"/{number}")
        (state,) = edge.edge.snapshot().caches
        assert state.bytes <= 100_000
        assert (state.objects, state.evictions) == (6, 14)
        assert (await get(edge, "/19")).get("X-Cache") == HIT
        assert (await get(edge, "/0")).get("X-Cache") == MISS
        web.reply = ok(b"x" * 30_000, ("Cache-Control", "max-age=60"))
        for _ in range(2):
            assert (await get(edge, "/large")).get("X-Cache") == MISS


@pytest.mark.parametrize(
    ("accept", "coding", "decode"),
    [
        ("gzip", "gzip", gzip.decompress),
        ("gzip, br", "br", brotli.decompress),
        ("identity", None, bytes),
        (None, None, bytes),
    ],
)
async def test_compression(accept: str | None, coding: str | None, decode: Any) -> None:
    """ "Serve compressed files": Brotli where both are accepted."""
    policy = replace(CACHED, gzip=True, brotli=True)
    page = b"<p>hello</p>" * 500
    reply = ok(page, ("Content-Type", "text/html"), ("ETag", '"1"'))
    headers = [("Accept-Encoding", accept)] if accept else []
    async with serving(cloudfront(cached(policy=policy, compress=True)), reply) as (edge, _):
        for x_cache in (MISS, HIT):
            answer = await get(edge, "/", *headers)
            assert answer.get("X-Cache") == x_cache
            assert answer.get("Content-Encoding") == coding
            assert decode(answer.body) == page
            assert answer.get("ETag") == ('W/"1"' if coding else '"1"')


async def test_a_large_page_is_compressed_outside_of_the_loop() -> None:
    policy = replace(CACHED, gzip=True, brotli=True)
    page = b"".join(b"%d," % number for number in range(100_000))
    reply = ok(page, ("Content-Type", "application/json"))
    async with serving(cloudfront(cached(policy=policy, compress=True)), reply) as (edge, _):
        answer = await get(edge, "/", ("Accept-Encoding", "gzip"))
        assert gzip.decompress(answer.body) == page


async def test_the_cache_survives_a_change_of_the_definitions() -> None:
    async with serving(cloudfront(cached())) as (edge, _):
        await get(edge, "/")
        await edge.edge.apply(cloudfront(behavior("/api/*", origin_request=ALL_VIEWER), cached()))
        assert (await get(edge, "/")).get("X-Cache") == HIT
