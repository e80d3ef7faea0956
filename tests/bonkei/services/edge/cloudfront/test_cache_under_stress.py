"""CloudFront's cache while viewers leave or share a request, and while the definitions change."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
from dataclasses import replace
from typing import Any

import psutil

from bonkei.blueprint.cloudfront import (
    CachePolicy,
    CustomErrorResponse,
    Selection,
)
from bonkei.blueprint.elbv2 import FixedResponse
from bonkei.services.edge import EdgeSettings
from tests.bonkei.services.edge.definitions import load_balancer
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
from tests.bonkei.services.edge.support import Message, Running, Target, ok, serving, standing

ASK = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


class Endless:
    """An endless response. `over` is set when no one takes it any more."""

    def __init__(self, head: bytes) -> None:
        self.over = asyncio.Event()
        self.gate = asyncio.Event()
        self._head = head

    async def __call__(self, message: Message, reader: Any, writer: Any) -> None:
        await self.gate.wait()
        writer.write(self._head)
        try:
            while True:
                writer.write(b"400\r\n" + b"x" * 1024 + b"\r\n")
                await writer.drain()
                await asyncio.sleep(0.001)
        finally:
            self.over.set()


async def leave_one_waiting(edge: Running, endless: Endless, web: Target) -> None:
    """A viewer asks, another asks for the same, the first one leaves, the response begins."""
    async with edge.client("distribution") as second:
        async with edge.client("distribution") as first:
            first.send(ASK)
            await edge.until(lambda: len(web.requests) == 1)
            second.send(ASK)
            await edge.until(lambda: edge.listener("distribution").requests == 2)
        await edge.until(lambda: edge.listener("distribution").connections == 1)
        endless.gate.set()
        await edge.until(lambda: len(web.requests) == 2)
        await second.reader.readuntil(b"xxx")
        async with asyncio.timeout(60):
            await endless.over.wait()


async def test_an_uncacheable_response_is_not_fetched_when_nobody_waits() -> None:
    """Its head says that it is uncacheable, or it grows too large."""
    settings = EdgeSettings(cached_object_bytes=20_000)
    for control in (b"no-store", b"max-age=60"):
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nCache-Control: %b\r\n\r\n"
        endless = Endless(head % control)
        async with serving(cloudfront(cached()), endless, settings=settings) as (edge, web):
            await leave_one_waiting(edge, endless, web)


async def test_a_background_refresh_that_is_not_stored_ends() -> None:
    control = ("Cache-Control", "max-age=0, stale-while-revalidate=60")
    endless = Endless(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nCache-Control: no-store\r\n\r\n"
    )
    origin = Changing(ok(b"old", control))
    async with serving(cloudfront(cached()), origin) as (edge, _):
        await get(edge)
        origin.reply = endless
        endless.gate.set()
        assert (await get(edge)).body == b"old"
        async with asyncio.timeout(60):
            await endless.over.wait()


async def test_a_custom_error_page_after_the_first_viewer_left() -> None:
    async def origin(message: Message, reader: Any, writer: Any) -> None:
        if message.target == "/404.html":
            await ok(b"pretty")(message, reader, writer)
        else:
            await gate.wait()
            await ok(b"ugly", status="404 Not Found")(message, reader, writer)

    gate = asyncio.Event()
    errors = (CustomErrorResponse(404, 10, 404, "/404.html"),)
    blueprint = cloudfront(cached(), custom_error_responses=errors)
    async with serving(blueprint, origin) as (edge, web):
        async with edge.client("distribution") as first:
            first.send(ASK)
            await edge.until(lambda: len(web.requests) == 1)
            second = asyncio.create_task(get(edge))
            await edge.until(lambda: edge.listener("distribution").requests == 2)
        await edge.until(lambda: edge.listener("distribution").connections == 1)
        gate.set()
        assert (await second).body == b"pretty"
        assert (await get(edge)).body == b"pretty"


async def test_a_custom_error_page_after_a_refresh_in_the_background() -> None:
    async def page(message: Message, reader: Any, writer: Any) -> None:
        gone = message.target != "/404.html"
        reply = ok(b"ugly", status="404 Not Found") if gone else ok(b"pretty")
        await reply(message, reader, writer)

    origin = Changing(ok(b"old", ("Cache-Control", "max-age=0, stale-while-revalidate=60")))
    errors = (CustomErrorResponse(404, 10, 404, "/404.html"),)
    blueprint = cloudfront(cached(), custom_error_responses=errors)
    async with serving(blueprint, origin) as (edge, _):
        await get(edge)
        origin.reply = page
        for _ in range(2):
            assert (await get(edge)).body == b"old"
            await edge.until(lambda: not cache(edge).fetches)
        for stored, _ in cache(edge)._stored.values():
            stored.stored_at -= 61  # it is a minute older
        assert (await get(edge)).body == b"pretty"


async def test_a_viewer_does_not_wait_for_the_upload_of_another() -> None:
    """A cached OPTIONS may have a body, which then belongs to one viewer alone."""
    kept = cached(cached_methods=("GET", "HEAD", "OPTIONS"))
    async with serving(cloudfront(kept)) as (edge, _), edge.client("distribution") as slow:
        slow.send(b"OPTIONS / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
        await edge.until(lambda: edge.listener("distribution").requests == 1)
        async with asyncio.timeout(60):
            assert (await get(edge, method="OPTIONS")).status == 200
        slow.send(b"defghij")
        assert (await slow.receive()).status == 200


async def test_a_viewer_who_waits_for_the_old_routing_is_served_by_the_new_one() -> None:
    async def slow(message: Message, reader: Any, writer: Any) -> None:
        await gate.wait()
        await ok(b"abc", ("Cache-Control", "no-store"))(message, reader, writer)

    gate = asyncio.Event()
    after = replace(
        cloudfront(cached()),
        load_balancers=(load_balancer(default=FixedResponse(200, body="new")),),
    )
    async with serving(cloudfront(cached()), slow) as (edge, web):
        first = asyncio.create_task(get(edge))
        await edge.until(lambda: len(web.requests) == 1)
        await edge.edge.apply(after)
        second = asyncio.create_task(get(edge))
        await edge.until(lambda: edge.listener("distribution").requests == 2)
        gate.set()
        assert (await second).body == b"new"
        assert (await first).body == b"abc"


async def test_a_key_of_other_headers_is_another_key() -> None:
    """The value of one header does not affect another header."""

    def by(name: str) -> Any:
        policy = CachePolicy("by", 0, 60, 60, headers=Selection("whitelist", (name,)))
        return cloudfront(cached(policy=policy))

    async def echo(message: Message, reader: Any, writer: Any) -> None:
        await ok((message.get("X-User") or "").encode())(message, reader, writer)

    async with serving(by("X-User"), echo) as (edge, _):
        assert (await get(edge, "/", ("X-User", "en"))).body == b"en"
        await edge.edge.apply(by("X-Language"))
        other = await get(edge, "/", ("X-Language", "en"))
        assert (other.get("X-Cache"), other.body) == (MISS, b"")


async def test_headers_that_a_refresh_adds_are_counted() -> None:
    async def origin(message: Message, reader: Any, writer: Any) -> None:
        if message.get("If-None-Match"):
            filler = b"y" * 1000 * len(web.requests)
            head = b"HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=0\r\nX-Filler: %b\r\n\r\n"
            writer.write(head % filler)
        else:
            await ok(b"abc", ("Cache-Control", "max-age=0"), ("ETag", '"1"'))(
                message, reader, writer
            )

    async with serving(cloudfront(cached()), origin) as (edge, web):
        for _ in range(5):
            await get(edge)
        assert edge.edge.snapshot().caches[0].bytes > 5000
        web.reply = ok(b"small", ("Cache-Control", "max-age=60"))
        await get(edge)
        assert edge.edge.snapshot().caches[0].bytes < 2000


async def test_a_stored_response_that_becomes_no_store_is_deleted() -> None:
    """RFC 9111, section 3.2: a 304 updates the stored headers, including `no-store`."""

    async def origin(message: Message, reader: Any, writer: Any) -> None:
        if message.get("If-None-Match"):
            writer.write(b"HTTP/1.1 304 Not Modified\r\nCache-Control: no-store\r\n\r\n")
        else:
            await ok(b"abc", ("Cache-Control", "max-age=0"), ("ETag", '"1"'))(
                message, reader, writer
            )

    async with serving(cloudfront(cached()), origin) as (edge, _):
        await get(edge)
        assert (await get(edge)).body == b"abc"
        assert edge.edge.snapshot().caches[0].objects == 0


async def test_if_range_does_not_match_a_weak_validator() -> None:
    """RFC 9110, section 13.1.5: "the comparison … uses the strong comparison function"."""
    reply = ok(b"0123456789", ("Cache-Control", "max-age=60"), ("ETag", 'W/"1"'))
    async with serving(cloudfront(cached()), reply) as (edge, _):
        await get(edge)
        whole = await get(edge, "/", ("Range", "bytes=2-4"), ("If-Range", 'W/"1"'))
        assert (whole.status, whole.body, whole.get("X-Cache")) == (200, b"0123456789", HIT)


async def test_viewers_with_headers_outside_of_the_key_get_their_own_response() -> None:
    """Authorization goes to the origin if a policy includes it, and is in the key if the cache
    policy does.
    """
    policy = CachePolicy("by", 0, 60, 60, headers=Selection("whitelist", ("Authorization",)))

    async def echo(message: Message, reader: Any, writer: Any) -> None:
        await ok((message.get("Authorization") or "").encode())(message, reader, writer)

    async with serving(cloudfront(cached(policy=policy)), echo) as (edge, web):
        for _ in range(2):
            for user in ("Basic a", "Basic b"):
                assert (await get(edge, "/", ("Authorization", user))).body == user.encode()
        assert (await get(edge)).body == b""
        assert len(web.requests) == 3


async def test_slow_readers_share_the_stored_response() -> None:
    """And so do readers of a part of it."""
    size, readers = 4_000_000, 20
    reply = ok(b"x" * size, ("Cache-Control", "max-age=60"))
    async with serving(cloudfront(cached()), reply) as (edge, _):
        await get(edge)
        before = psutil.Process().memory_info().rss
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(readers):
                client = await stack.enter_async_context(edge.client("distribution"))
                client.writer.transport.pause_reading()
                client.send(b"GET / HTTP/1.1\r\nHost: a\r\nRange: bytes=1-\r\n\r\n")
            await edge.until(lambda: edge.edge.snapshot().caches[0].hits == readers)
            assert psutil.Process().memory_info().rss - before < readers * size / 4


class Pouring:
    """An endless cacheable response. `sent` counts the bytes that were taken."""

    def __init__(self) -> None:
        self.sent = 0

    async def __call__(self, message: Message, reader: Any, writer: Any) -> None:
        head = b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n"
        writer.write(head)
        while not writer.is_closing():
            writer.write(b"186a0\r\n" + b"z" * 100_000 + b"\r\n")
            await writer.drain()
            self.sent += 100_000


async def test_a_slow_reader_of_a_response_that_grows_too_large_slows_the_origin() -> None:
    pouring = Pouring()
    async with (
        serving(cloudfront(cached()), pouring) as (edge, _),
        edge.client("distribution") as client,
    ):
        client.writer.transport.pause_reading()
        client.send(ASK)
        await edge.until(lambda: pouring.sent > 0)
        assert await standing(lambda: pouring.sent, 50_000_000) < 50_000_000
        client.writer.transport.abort()


async def test_responses_for_many_slow_readers_are_bounded() -> None:
    """Responses that are being stored count, too."""

    async def slowly(message: Message, reader: Any, writer: Any) -> None:
        head = b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 3900000\r\n\r\n"
        writer.write(head)
        for _ in range(39):
            writer.write(b"x" * 100_000)
            await writer.drain()  # an origin of this process holds little of what is not taken

    settings = EdgeSettings(cache_bytes=4_000_000, cached_object_bytes=4_000_000)
    async with serving(cloudfront(cached()), slowly, settings=settings) as (edge, web):
        before = psutil.Process().memory_info().rss
        async with contextlib.AsyncExitStack() as stack:
            clients = [
                await stack.enter_async_context(edge.client("distribution")) for _ in range(30)
            ]
            for number, client in enumerate(clients):
                client.writer.transport.pause_reading()
                client.send(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % number)
            await edge.until(lambda: len(web.requests) == 30)
            await asyncio.sleep(0.5)
            assert psutil.Process().memory_info().rss - before < 60_000_000
            for client in clients:
                client.writer.transport.resume_reading()
                assert len((await client.receive()).body) == 3_900_000


async def test_a_response_without_room_in_the_cache_is_streamed() -> None:
    """This includes responses that would have been compressed when complete."""
    page = b"<p>hello</p>" * 250

    async def halves(message: Message, reader: Any, writer: Any) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n"
        writer.write(head % len(page) + page[:2000])
        await gate.wait()
        writer.write(page[2000:])

    gate = asyncio.Event()
    policy = replace(CACHED, gzip=True)
    settings = EdgeSettings(cache_bytes=4500, cached_object_bytes=4000)
    blueprint = cloudfront(cached(policy=policy, compress=True))
    async with serving(blueprint, halves, settings=settings) as (edge, web):
        asked = [
            asyncio.create_task(get(edge, f"/{number}", ("Accept-Encoding", "gzip")))
            for number in range(3)
        ]
        await edge.until(lambda: len(web.requests) == 3)
        # The cache has taken two beginnings, and has given the third one up.
        await edge.until(lambda: len(cache(edge).fetches) == 2)
        gate.set()
        answers = await asyncio.gather(*asked)
        codings = [each.get("Content-Encoding") for each in answers]
        assert codings.count(None) in (1, 2)
        for each in answers:
            coded = each.get("Content-Encoding") == "gzip"
            assert (gzip.decompress(each.body) if coded else each.body) == page
