"""Shared by the edge's tests: a target that can misbehave, a raw client, and a running edge."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import httptools

from bonkei.base.events import (
    Bus,
    Endpoint,
    Event,
    TargetDeregistered,
    TargetHealthChanged,
    TargetRegistered,
)
from bonkei.blueprint import Blueprint
from bonkei.services.edge import Edge, EdgeSettings
from bonkei.services.edge.snapshot import ListenerState


@dataclass
class Message:
    """A request as a target received it, or a response as a client received it."""

    method: str = ""
    target: str = ""
    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)
    informational: list[int] = field(default_factory=list)

    def get(self, name: str) -> str | None:
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(values) if values else None

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]


class _Parse:
    def __init__(self, kind: type) -> None:
        self.message = Message()
        self.begun = False
        self.done = False
        self.head = False
        self.length = 0  # of the body, where a header says it
        self.keep_alive = True
        self.parser = kind(self)

    def on_message_begin(self) -> None:
        self.begun = True

    def on_url(self, url: bytes) -> None:
        self.message.target += url.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        self.message.headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        self.head = True
        if isinstance(self.parser, httptools.HttpRequestParser):
            self.message.method = self.parser.get_method().decode()
        else:
            self.message.status = self.parser.get_status_code()
            self.length = int(self.message.get("content-length") or 0)
            self.done = self.message.status == 101

    def on_body(self, data: bytes) -> None:
        self.message.body += data

    def on_message_complete(self) -> None:
        if self.message.status and self.message.status < 200 and self.message.status != 101:
            informational = [*self.message.informational, self.message.status]
            self.message = Message(informational=informational)
            self.begun = self.head = False
            return
        self.done = True
        self.keep_alive = self.parser.should_keep_alive()


Reply = Callable[[Message, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def ok(body: bytes = b"ok", *headers: tuple[str, str], status: str = "200 OK") -> Reply:
    """A target that gives every request the same answer."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    head = f"HTTP/1.1 {status}\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode()

    async def reply(
        message: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(head + (b"" if message.method == "HEAD" else body))

    return reply


def raw(data: bytes, *, close: bool = True) -> Reply:
    """A target that answers with these bytes and closes the connection."""

    async def reply(
        message: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(data)
        if close:
            writer.close()

    return reply


class Target:
    """A real server. `reply` answers requests, except /health: it is always 200 while `healthy`.
    The server keeps the requests and counts the connections.
    """

    def __init__(self, reply: Reply | None = None) -> None:
        self.reply = reply or ok()
        self.requests: list[Message] = []
        self.checks = 0
        self.connections = 0
        self.healthy = True
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Target:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for writer in tuple(self._writers):
            writer.transport.abort()
        await self._server.wait_closed()

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint("127.0.0.1", self.port)

    @property
    def connected(self) -> int:
        """How many connections it has, those of health checks included."""
        return len(self._writers)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        counted = False
        try:
            while not writer.is_closing():
                parse = _Parse(httptools.HttpRequestParser)
                while not parse.done:
                    data = await reader.read(65536)
                    if not data:
                        return
                    try:
                        parse.parser.feed_data(data)
                    except httptools.HttpParserUpgrade:
                        parse.done = True
                if parse.message.target == "/health":
                    self.checks += 1
                    status = "200 OK" if self.healthy else "500 Oops"
                    writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
                else:
                    self.connections += not counted
                    counted = True
                    self.requests.append(parse.message)
                    await self.reply(parse.message, reader, writer)
                if writer.is_closing():
                    return
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            self._writers.discard(writer)


class Client:
    """A connection that can send any bytes."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._host, self._port = host, port

    async def __aenter__(self) -> Client:
        self.reader, self.writer = await asyncio.open_connection(self._host, self._port)
        self._left = b""
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def receive(self, *, head_only: bool = False) -> Message:
        """The next response. EOFError when the connection ends before the response is complete."""
        parse = _Parse(httptools.HttpResponseParser)
        while True:
            data, self._left = self._left, b""
            if not data:
                data = await asyncio.wait_for(self.reader.read(65536), 60)
            if not data:
                if parse.head and parse.message.get("content-length") is None:
                    return parse.message
                raise EOFError(parse.message)
            self._left = _first(parse, data)
            if parse.done or (head_only and parse.head):
                return parse.message

    async def request(
        self,
        target: str = "/",
        *headers: tuple[str, str],
        method: str = "GET",
        body: bytes | None = None,
        host: str = "site.example",
    ) -> Message:
        lines = [f"{method} {target} HTTP/1.1", f"Host: {host}"]
        lines += [f"{name}: {value}" for name, value in headers]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join([*lines, "", ""]).encode() + (body or b""))
        return await self.receive(head_only=method == "HEAD")

    async def closed(self, seconds: float = 60) -> bytes:
        """All bytes until the connection ends."""
        data, self._left = self._left, b""
        async with asyncio.timeout(seconds):
            try:
                while chunk := await self.reader.read(65536):
                    data += chunk
            except ConnectionError:
                pass
        return data


def _first(parse: _Parse, data: bytes) -> bytes:
    """Feed the parser up to the end of the message, so that it does not take the next one.
    Return the rest.
    """
    position = 0
    with contextlib.suppress(httptools.HttpParserUpgrade):
        while position < len(data) and not parse.done:
            start, position = position, position + _certain(parse, data, position)
            parse.parser.feed_data(data[start:position])
    return data[position:]


def _certain(parse: _Parse, data: bytes, position: int) -> int:
    """How many of the bytes from there on are of this message: a whole head, a body whose length is
    known, or else a single one.
    """
    if not parse.begun and (end := data.find(b"\r\n\r\n", position)) >= 0:
        return end + 4 - position
    return max(1, parse.length - len(parse.message.body)) if parse.head else 1


class Running:
    """An edge with its bus and the events that it published, and shortcuts to both."""

    def __init__(self, edge: Edge, bus: Bus) -> None:
        self.edge = edge
        self.bus = bus
        self.events: list[Event] = []
        bus.subscribe(Event, self.events.append)

    def listener(self, kind: str = "load_balancer") -> ListenerState:
        """The first of a kind. `requests`: whose heads the edge has read."""
        return next(each for each in self.edge.snapshot().listeners if each.kind == kind)

    def port(self, kind: str = "load_balancer") -> int:
        return self.listener(kind).port

    def client(self, kind: str = "load_balancer") -> Client:
        return Client(self.port(kind))

    async def get(
        self, target: str = "/", *headers: tuple[str, str], kind: str = "load_balancer", **more: Any
    ) -> Message:
        async with self.client(kind) as client:
            return await client.request(target, *headers, **more)

    def register(self, group: str, target: Target, task: str = "task-1") -> None:
        self.bus.publish(TargetRegistered(f"arn:tg/{group}", task, target.endpoint))

    def deregister(self, group: str, task: str = "task-1") -> None:
        self.bus.publish(TargetDeregistered(f"arn:tg/{group}", task))

    async def join(self, group: str, target: Target, task: str = "task-1") -> None:
        """Register a target and wait until it is healthy."""
        self.register(group, target, task)
        await self.until(lambda: self.state(group, task) == "healthy")

    def state(self, group: str, task: str = "task-1") -> str | None:
        for each in self.edge.snapshot().target_groups:
            for target in each.targets:
                if each.name == group and target.task_id == task:
                    return target.state
        return None

    def health_events(self) -> list[tuple[str, str]]:
        return [
            (event.task_id, event.state)
            for event in self.events
            if isinstance(event, TargetHealthChanged)
        ]

    @staticmethod
    async def until(condition: Callable[[], bool], seconds: float = 60) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.01)


async def standing(count: Callable[[], int], below: int) -> int:
    """The count when it has not changed for a while, or is not below the limit any more."""
    found = -1
    async with asyncio.timeout(60):
        while found != count() < below:
            found = count()
            await asyncio.sleep(0.3)
    return count()


@contextlib.asynccontextmanager
async def running(
    blueprint: Blueprint,
    settings: EdgeSettings | None = None,
    *,
    hosts: tuple[str, ...] = ("*",),
    **more: Any,
) -> Any:
    """An edge on free ports that answers for every host name."""
    bus = Bus()
    settings = settings or EdgeSettings()
    settings = replace(
        settings,
        distribution_port=0,
        load_balancer_port=0,
        initial_probe_interval=0.02,
        hosts=hosts,
    )
    edge = Edge(bus, settings, **more)
    await edge.start(blueprint)
    try:
        yield Running(edge, bus)
    finally:
        await edge.stop(0.2)


@contextlib.asynccontextmanager
async def serving(
    blueprint: Blueprint,
    reply: Reply | None = None,
    *,
    settings: EdgeSettings | None = None,
    **more: Any,
) -> Any:
    """An edge (as `running`) whose group `web` has one healthy target with this reply."""
    async with running(blueprint, settings, **more) as edge, Target(reply) as target:
        await edge.join("web", target)
        yield edge, target
