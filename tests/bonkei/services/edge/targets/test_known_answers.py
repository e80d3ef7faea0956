"""A response with a known head is passed on whole, unless its pieces say otherwise."""

from __future__ import annotations

import asyncio

import pytest

from bonkei.services.edge.http.deadlines import Deadlines
from bonkei.services.edge.http.message import Headers, Tunnel
from bonkei.services.edge.http.response_head import ResponseHead
from bonkei.services.edge.targets.upstream import KeptConnections, TargetConnection

HEAD = b"HTTP/1.1 200 OK\r\nServer: a\r\nContent-Length: 0"
END = b"\r\n\r\n"


class Asked:
    """A request, and what it has heard of its response."""

    head_only = False
    sent_all = True

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.names: list[bytes] = []

    def head(self, status: int, reason: bytes, headers: Headers, length: int | None) -> None:
        self.names = [name for name, _, _ in headers]
        self.heard.append(f"{status} {length}")

    def whole(self, head: ResponseHead, body: bytes) -> None:
        self.names = [name for name, _, _ in head.headers]
        self.heard.append(f"whole {head.status} {len(body)}")

    def body_received(self, data: bytes) -> None:
        self.heard.append(f"body {len(data)}")

    def ended(self) -> None:
        self.heard.append("ended")

    def lost(self, *, reused: bool, silent: bool) -> None:
        self.heard.append("lost")

    def timed_out(self, *, begun: bool) -> None: ...
    def switch(self, headers: Headers, connection: Tunnel) -> Tunnel | None: ...
    def flush(self) -> None: ...
    def pause_client(self) -> None: ...
    def resume_client(self) -> None: ...


class Open(asyncio.Transport):
    def write(self, data: object) -> None: ...
    def close(self) -> None: ...
    def abort(self) -> None: ...
    def is_closing(self) -> bool:
        return False


def connected(known: bytes = HEAD) -> TargetConnection:
    """A connection over which a response with this head has come some times."""
    kept = KeptConnections(8, lambda: None)
    deadlines = Deadlines(asyncio.get_running_loop())
    connection = TargetConnection(kept, Asked(), deadlines, 60.0)
    connection.connection_made(Open())
    for _ in range(3):
        asked = Asked()
        connection.ask(asked, b"", 60.0)
        connection.data_received(known + END)
        assert asked.heard == ["whole 200 0"]
        assert kept.idle.pop() is connection
    deadlines.close()
    return connection


@pytest.mark.parametrize(
    "pieces", [(HEAD, END), (HEAD + END[:2], END[2:]), (HEAD + END[:3], b"\n")]
)
async def test_a_known_head_is_complete_with_its_empty_line(pieces: tuple[bytes, bytes]) -> None:
    connection, asked = connected(), Asked()
    connection.ask(asked, b"", 60.0)
    connection.data_received(pieces[0])
    assert asked.heard == []
    connection.data_received(pieces[1])
    assert asked.heard in (["whole 200 0"], ["200 0", "ended"])


async def test_a_known_head_may_be_the_beginning_of_another() -> None:
    connection, asked = connected(), Asked()
    connection.ask(asked, b"", 60.0)
    connection.data_received(HEAD)
    connection.data_received(b"\r\nX-Last: 1" + END)
    assert asked.names == [b"server", b"x-last"]


async def test_a_known_head_with_more_behind_it_is_no_whole_response() -> None:
    connection, asked = connected(), Asked()
    connection.ask(asked, b"", 60.0)
    connection.data_received(HEAD + END + b"HTTP/1.1 200 OK\r\n")
    assert not connection._kept.idle
