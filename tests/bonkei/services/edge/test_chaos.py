"""Badly behaved clients and targets, and changing definitions, all at once: nothing remains of
them.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable
from typing import Any

from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudfront import CachePolicy, CustomErrorResponse
from bonkei.blueprint.elbv2 import FixedResponse, PathPattern
from tests.bonkei.services.edge.definitions import (
    behavior,
    distribution,
    forward,
    load_balancer,
    rule,
    stack,
    target_group,
)
from tests.bonkei.services.edge.distributions import cached
from tests.bonkei.services.edge.support import Message, Running, Target, running

SECONDS = 3.0
MANY = 100
"""Requests that the targets get at least, however long a busy machine takes for them."""
BRIEF = CachePolicy("brief", 0, 1, 60, gzip=True, brotli=True)
CONTROLS = (b"max-age=1", b"no-store", b"max-age=0, stale-while-revalidate=5", b"max-age=0")
STATUSES = (b"200 OK", b"200 OK", b"200 OK", b"404 Gone", b"500 Oops", b"304 Same", b"204 None")
PATHS = (b"/c/1", b"/c/2", b"/c/3", b"/api/x", b"/y", b"/refused")
METHODS = (b"GET", b"GET", b"GET", b"HEAD", b"POST", b"OPTIONS")
HEADERS = (
    b"", b"", b"Accept-Encoding: br, gzip\r\n", b"Range: bytes=1-5\r\n", b'If-None-Match: "1"\r\n',
    b"Connection: close\r\n", b"Expect: 100-continue\r\n", b"Ho\0st: b\r\n",
    b"Connection: upgrade\r\nUpgrade: websocket\r\n",
)  # fmt: skip


def blueprint(turn: int) -> Blueprint:
    kept = cached("/c/*", BRIEF, compress=True, cached_methods=("GET", "HEAD", "OPTIONS"))
    errors = (CustomErrorResponse(404, 0.1, 200, "/c/1"),) if turn % 2 else ()
    refused = rule(20, FixedResponse(403, "text/plain", "no"), PathPattern(("/refused",)))
    api = rule(10, forward("api"), PathPattern(("/api/*",)))
    return stack(
        distributions=(distribution(kept, behavior(), custom_error_responses=errors),),
        load_balancers=(load_balancer(api, refused, idle_timeout=1.0),),
        target_groups=(
            target_group("api"),
            target_group("web", stickiness=0 if turn % 3 else 60, deregistration_delay=0.1),
        ),
    )


class Rude(Target):
    """Answers in every valid way, and in some invalid ones."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__(self.answer)
        self.chance = chance

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(RuntimeError):  # a write after the edge has closed the connection
            await super()._serve(reader, writer)

    async def answer(self, message: Message, reader: Any, writer: Any) -> None:
        chance = self.chance
        status, control = chance.choice(STATUSES), chance.choice(CONTROLS)
        body = b"y" * chance.choice((0, 3, 2000, 70_000, 300_000))
        head = b'HTTP/1.1 %b\r\nCache-Control: %b\r\nContent-Type: text/html\r\nETag: "1"\r\n' % (
            status,
            control,
        )
        sized = b"Content-Length: %d\r\n\r\n" % len(body)
        await asyncio.sleep(chance.choice((0, 0, 0.02)))
        way = chance.randrange(10)
        if message.method == "HEAD" or status[:3] in (b"204", b"304"):
            writer.write(head + sized + body[: chance.choice((0, 0, 0, 10))])
        elif way < 4:
            writer.write(head + sized + body)
        elif way < 7:
            writer.write(head + b"Transfer-Encoding: chunked\r\n\r\n")
            if body:
                writer.write(b"%x\r\n%b\r\n" % (len(body), body))
            await writer.drain()
            writer.write(chance.choice((b"0\r\n\r\n", b"0\r\n\r\n", b"0\r\n\r\nmore", b"x")))
        elif way == 7:
            writer.write(
                b"HTTP/1.1 103 Early\r\n\r\n" + head + b"Connection: close\r\n" + sized + body
            )
        elif way == 8:
            writer.write(head + b"\r\n" + body)
            writer.close()
        else:
            writer.write((head + sized + body)[: len(head) + len(body) // 2])
            writer.close()


def asked(chance: random.Random) -> bytes:
    """A request, more or less valid."""
    method = chance.choice(METHODS)
    head = b"%b %b HTTP/1.%b\r\nHost: a\r\n" % (
        method, chance.choice(PATHS), chance.choice((b"1", b"1", b"0"))
    )  # fmt: skip
    head += chance.choice(HEADERS)
    body = b"z" * chance.choice((0, 10, 100_000, 400_000)) if method != b"GET" else b""
    if body and chance.random() < 0.5:
        head += b"Transfer-Encoding: chunked\r\n"
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    elif body:
        head += b"Content-Length: %d\r\n" % len(body)
    whole = head + b"\r\n" + body
    return whole[: chance.randrange(len(whole))] if chance.random() < 0.1 else whole


GoesOn = Callable[[], bool]


async def rude_client(edge: Running, kind: str, chance: random.Random, goes_on: GoesOn) -> None:
    while goes_on():
        # uvloop raises RuntimeError for a write after the edge has closed the connection.
        with contextlib.suppress(ConnectionError, RuntimeError, TimeoutError):
            async with edge.client(kind) as client:
                for _ in range(chance.randrange(1, 6)):
                    request = asked(chance)
                    middle = chance.randrange(len(request) + 1)
                    client.send(request[:middle])
                    await asyncio.sleep(chance.choice((0, 0, 0.005)))
                    client.send(request[middle:])
                    if chance.random() < 0.7:
                        async with asyncio.timeout(chance.choice((0.02, 0.2))):
                            await client.reader.read(chance.choice((1, 65536)))
                if chance.random() < 0.5:
                    client.writer.transport.abort()


async def changing(edge: Running, web: Target, goes_on: GoesOn) -> None:
    """Change definitions, and register and deregister a task."""
    turn = 0
    while goes_on():
        await asyncio.sleep(0.2)
        turn += 1
        await edge.edge.apply(blueprint(turn))
        if turn % 4 == 0:
            edge.deregister("web", "task-2")
        elif turn % 4 == 2:
            edge.register("web", web, "task-2")


async def test_nothing_remains_of_bad_clients_and_bad_targets() -> None:
    told: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: told.append(context))
    chance = random.Random(7)  # noqa: S311 - the same each time, as far as the clock allows
    async with running(blueprint(0)) as edge, Rude(chance) as one, Rude(chance) as two:
        await edge.join("web", one)
        await edge.join("api", two)
        end = loop.time() + SECONDS

        def goes_on() -> bool:
            return loop.time() < end or len(one.requests) + len(two.requests) <= MANY

        clients = [
            rude_client(edge, kind, chance, goes_on)
            for kind in ("distribution", "load_balancer")
            for _ in range(10)
        ]
        await asyncio.gather(changing(edge, two, goes_on), *clients)

        def left() -> int:
            state = edge.edge.snapshot()
            in_flight = sum(t.outstanding for g in state.target_groups for t in g.targets)
            return in_flight + sum(each.connections for each in state.listeners)

        await edge.until(lambda: left() == 0)
    assert told == []
