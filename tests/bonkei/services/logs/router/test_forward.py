"""Input `forward` at its end: it still reads what was sent before."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgpack
import pytest

from bonkei.services.logs.router.configuration.model import Place, Property, Section
from bonkei.services.logs.router.inputs import ForwardInput
from bonkei.services.logs.router.records import Event


@dataclass
class Forwarded:
    """An input that listens on `path`, and what it has taken."""

    path: Path
    taken: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        place = Place(Path("f.conf"), 1)
        paths = (Property("unix_path", str(self.path), place),)
        self.input = ForwardInput(Section("input", paths, place), self._take, self._lose)

    def _take(self, _tag: str, events: Sequence[Event]) -> None:
        self.taken += [str(record["log"]) for _, record in events]

    def _lose(self, count: int, why: str) -> None:
        self.lost.append(f"{count} {why}")

    def connect(self) -> socket.socket:
        """A connection of a program, which the kernel has, but which is not accepted yet."""
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(self.path))
        return client


def message(text: str) -> bytes:
    return bytes(msgpack.packb(["t", 1, {"log": text}]))


@pytest.fixture
async def forwarded(tmp_path: Path) -> AsyncIterator[Forwarded]:
    made = Forwarded(tmp_path / "s")
    await made.input.start()
    yield made
    await made.input.close()


async def test_a_connection_that_is_not_accepted_yet_is_read(forwarded: Forwarded) -> None:
    with forwarded.connect() as client:
        client.sendall(message("last words"))
    await forwarded.input.drain()
    assert forwarded.taken == ["last words"]


async def test_what_came_while_the_router_stood_still_is_read(forwarded: Forwarded) -> None:
    """The silence was the router's own."""
    with forwarded.connect() as client:
        client.sendall(message("one"))
        async with asyncio.timeout(60):
            while not forwarded.taken:
                await asyncio.sleep(0.01)
        draining = asyncio.create_task(forwarded.input.drain())
        await asyncio.sleep(0.02)
        client.sendall(message("two"))
        time.sleep(0.3)
        await draining
    assert forwarded.taken == ["one", "two"]


async def test_an_open_connection_does_not_hold_the_end(forwarded: Forwarded) -> None:
    with forwarded.connect() as client:
        client.sendall(message("one") + message("half")[:3])
        await asyncio.wait_for(forwarded.input.drain(), 60)
    assert forwarded.taken == ["one"]


NO_RECORDS = (
    ["t", 1, "not a map"],
    ["t", float("nan"), {"log": "a time that is not a number"}],
    ["t", "now", {"log": "a time that is a text"}],
    ["t", float("inf"), {"log": "a time without an end"}],
    ["t", [[1, {"log": "a message of several records"}]]],
    ["t", 1],
)


async def test_only_a_message_that_is_not_a_record_is_lost(forwarded: Forwarded) -> None:
    with forwarded.connect() as client:
        client.sendall(message("before"))
        for each in NO_RECORDS:
            client.sendall(msgpack.packb(each))
        client.sendall(message("after"))
        await forwarded.input.drain()
    assert forwarded.taken == ["before", "after"]
    assert len(forwarded.lost) == len(NO_RECORDS)
    assert all(each.startswith("1 ") for each in forwarded.lost)


async def test_the_end_of_a_connection_is_told(forwarded: Forwarded) -> None:
    """What speaks another protocol is disconnected, after the records before it."""
    with forwarded.connect() as client:
        client.sendall(message("before") + b"GET / HTTP/1.1\r\n\r\n")
        await forwarded.input.drain()
    assert forwarded.taken == ["before"]
    assert forwarded.lost == ["0 a connection is closed: not a message of the forward protocol"]
