"""Clients that send and do not read: their unread responses do not fill the memory."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import re
import select
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import psutil
import pytest
import uvloop

from bonkei.blueprint import Blueprint
from bonkei.blueprint.elbv2 import FixedResponse, PathPattern, Redirect
from tests.bonkei.services.edge.definitions import (
    SECRET,
    behavior,
    distribution,
    header_acl,
    load_balancer,
    rule,
    stack,
)
from tests.bonkei.services.edge.distributions import cached
from tests.bonkei.services.edge.support import Message, ok, serving

CONNECTIONS, PAGES = 20, 7
ALLOWED = 12 * 2**20
"""Bytes by which a process may grow that answers them."""

_KERNEL = 16 * 1024
"""Bytes that the kernel is to hold for a client: what small answers it takes, no one else holds."""

_SEGMENT = 1_400
"""Bytes of a packet, as between two machines. The kernel takes some tens of packets from the edge.
Of the loopback interface's 64 KiB each, they would be thousands of answers.
"""

VERIFY = b"X-Origin-Verify: " + SECRET.encode() + b"\r\n"


def blueprint() -> Blueprint:
    """One layer of each kind that answers without a target."""
    fixed = rule(1, FixedResponse(200, "text/plain", "fixed"), PathPattern(("/fixed/*",)))
    redirect = rule(
        2,
        Redirect(301, "#{protocol}", "#{host}", "#{port}", "/x/#{path}", "#{query}"),
        PathPattern(("/redirect/*",)),
    )
    refusing = behavior("/get-only/*", allowed_methods=("GET", "HEAD"))
    return stack(
        distributions=(distribution(cached("/history/*"), refusing, behavior()),),
        load_balancers=(load_balancer(fixed, redirect),),
        web_acls=(header_acl(),),
    )


async def page(message: Message, reader: Any, writer: Any) -> None:
    """7 KB with a number that identifies them."""
    body = f"<{message.target}>".encode() + b"x" * 7000
    await ok(body, ("Cache-Control", "max-age=3600"))(message, reader, writer)


def serve(ready: Connection) -> None:
    """A process of its own, so that its memory is the edge's."""

    async def run() -> None:
        async with serving(blueprint(), page) as (edge, _):
            for number in range(PAGES):
                await edge.get(f"/history/{number}", kind="distribution")
            ready.send((edge.port("distribution"), edge.port("load_balancer")))
            await asyncio.Event().wait()

    uvloop.run(run())


@dataclass(frozen=True)
class Served:
    process: psutil.Process
    ports: dict[str, int]

    def grown(self, before: int) -> int:
        return int(self.process.memory_info().rss) - before


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    child.start()
    try:
        assert ours.poll(60)
        ports = dict(zip(("distribution", "load_balancer"), ours.recv(), strict=True))
        assert child.pid is not None
        yield Served(psutil.Process(child.pid), ports)
    finally:
        child.kill()
        child.join()


@dataclass(frozen=True)
class Kind:
    """A synchronous answer: its address, and the pattern that identifies each answer."""

    listener: str
    request: bytes
    told: bytes  # a pattern that each answer has once
    says: bytes = b"%d"
    requests: int = 5_000  # on each connection: tens of megabytes in small answers


GET = b"GET %b HTTP/1.1\r\nHost: localhost\r\n%b\r\n"
KINDS = {
    "cached": Kind(
        "distribution", GET % (b"/history/%d", b""), rb"</history/(\d)>", requests=25_000
    ),
    "a part": Kind(
        "distribution", GET % (b"/history/%d", b"Range: bytes=1-10\r\n"), rb"\n/history/(\d)"
    ),
    "method not allowed": Kind(
        "distribution", b"POST /get-only/%d HTTP/1.1\r\nHost: localhost\r\n\r\n",
        rb"HTTP/1.1 (\d{3}) ", b"403",
    ),
    "blocked": Kind("load_balancer", GET % (b"/%d", b""), rb"HTTP/1.1 (\d{3}) ", b"403"),
    "fixed": Kind("load_balancer", GET % (b"/fixed/%d", VERIFY), rb"HTTP/1.1 (\d{3}) ", b"200"),
    "redirect": Kind("load_balancer", GET % (b"/redirect/%d", VERIFY), rb"/x/redirect/(\d)\r"),
}  # fmt: skip


class Sender:
    """A client that sends as much as it can, and reads nothing until it is told to."""

    def __init__(self, port: int, kind: Kind) -> None:
        self._kind = kind
        self._pieces = [kind.request % number for number in range(PAGES)]
        count, rest = divmod(kind.requests, PAGES)
        data = b"".join(self._pieces) * count + b"".join(self._pieces[:rest])
        self._unsent = memoryview(data)
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _KERNEL)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _SEGMENT)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setblocking(False)

    def send(self) -> None:
        if self._unsent:
            with contextlib.suppress(BlockingIOError):
                self._unsent = self._unsent[self.socket.send(self._unsent) :]

    @property
    def wants(self) -> bool:
        return bool(self._unsent)

    def read_all(self) -> list[bytes]:
        """The identifying parts of the answers, in order."""
        found: list[bytes] = []
        left = b""
        while len(found) < self._kind.requests:
            writers = [self.socket] if self.wants else []
            readable, writable, _ = select.select([self.socket], writers, [], 60)
            assert readable or writable, f"nothing comes any more after {len(found)} answers"
            if writable:
                self.send()
            if readable:
                received = self.socket.recv(2**20)
                assert received, f"the connection ended after {len(found)} answers"
                data = left + received
                matches = list(re.finditer(self._kind.told, data))
                found += [match[1] for match in matches]
                left = data[matches[-1].end() :] if matches else data
        return found


def send_until_all_wait(senders: list[Sender]) -> None:
    """Wait until no one can send more, as long as the edge needs to read."""
    while True:
        waiting = [each.socket for each in senders if each.wants]
        _, writable, _ = select.select([], waiting, [], 0.5)
        if not writable:
            return
        for each in senders:
            if each.socket in writable:
                each.send()


def answer(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 60) as client:
        client.sendall(request)
        return client.recv(65536)


@pytest.mark.parametrize("name", KINDS)
def test_a_client_that_does_not_read_takes_no_memory_and_loses_no_answer(
    name: str, served: Served
) -> None:
    kind = KINDS[name]
    port = served.ports[kind.listener]
    before = int(served.process.memory_info().rss)
    senders = [Sender(port, kind) for _ in range(CONNECTIONS)]
    try:
        send_until_all_wait(senders)
        assert served.grown(before) < ALLOWED
        assert answer(port, kind.request % 0).startswith(b"HTTP/1.1 ")  # others are served
        told = senders[0].read_all()
        said = [kind.says % number if b"%" in kind.says else kind.says for number in range(PAGES)]
        assert told == [said[number % PAGES] for number in range(kind.requests)]
        assert served.grown(before) < ALLOWED
    finally:
        for each in senders:
            each.socket.close()
