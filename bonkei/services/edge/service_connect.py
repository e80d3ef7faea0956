"""Service Connect: a listener for each service, at the name and port that its callers use.

"Service Connect" (Amazon ECS Developer Guide): a port is proxied as HTTP if its mapping has an
`appProtocol`, else as TCP. When a connection fails, two more tasks are tried, as
Service Connect's proxy does; its outlier detection is not simulated.
"""

from __future__ import annotations

import asyncio
from typing import cast

from bonkei.blueprint.ecs import ServiceConnect
from bonkei.services.edge.alb.target_head import framing
from bonkei.services.edge.capacity import Capacity, is_exhausted
from bonkei.services.edge.http.deadlines import NEVER, Deadlines
from bonkei.services.edge.http.exchange import Exchange, Flow, Prepared
from bonkei.services.edge.http.message import HOP_BY_HOP, Patience, Request, Response, reason
from bonkei.services.edge.http.page import service_page
from bonkei.services.edge.targets.delivery import Delivery
from bonkei.services.edge.targets.dispatch import Dispatch
from bonkei.services.edge.targets.target import Pool, Target

PER_REQUEST_TIMEOUT = 15.0
"""Seconds, "Service Connect configuration overview": the default of perRequestTimeout."""

IDLE_TIMEOUT = 300.0
TCP_IDLE_TIMEOUT = 3600.0
"""Seconds ("TimeoutConfiguration", Amazon ECS API Reference): the defaults of idleTimeout."""

_RETRIES = 2
_DROPPED = HOP_BY_HOP | {b"content-length", b"expect"}
_UNAVAILABLE = service_page(503, "no healthy upstream")
_UNREACHABLE = service_page(
    503,
    "upstream connect error or disconnect/reset before headers. reset reason: connection failure",
)
_NO_WAY = service_page(
    503,
    "upstream connect error or disconnect/reset before headers. reset reason: connection timeout",
)
_TIMEOUT = service_page(504, "upstream request timeout")


def _seconds(timeout: float | None, default: float) -> float:
    """0 turns a time-out off."""
    if timeout is None:
        return default
    return timeout or NEVER


class ServiceHandler:
    """Sends requests to a service's HTTP port, with its tasks in turn."""

    body_needed = 0

    def __init__(
        self, pool: Pool, settings: ServiceConnect, deadlines: Deadlines, name: str
    ) -> None:
        self.pool, self.name = pool, name
        self._own_host = b"Host: %b\r\n" % name.encode()  # HTTP/1.0 may have none
        self.idle_timeout = _seconds(settings.idle_timeout, IDLE_TIMEOUT)
        # Without a request time-out, the idle time-out ends the request.
        request = _seconds(settings.per_request_timeout, PER_REQUEST_TIMEOUT)
        seconds = self.idle_timeout if request == NEVER else request
        self._delivery = Delivery(
            deadlines,
            bad_gateway=_UNREACHABLE,
            unavailable=_UNAVAILABLE,
            patience=Patience(seconds, _TIMEOUT),
            connect_retries=_RETRIES,
        )

    def refusal(self, status: int) -> Response:
        return service_page(status, reason(status).decode(), close=True)

    def prepare(self, request: Request) -> Prepared:
        lines = [b"%b %b HTTP/1.1\r\n" % (request.method, request.target)]
        lines += [line for lower, _, line in request.headers if lower not in _DROPPED]
        if b"host" not in request.fields:
            lines.append(self._own_host)
        lines.append(framing(request))
        head = b"".join(lines)
        pool, delivery = self.pool, self._delivery

        def run(exchange: Exchange) -> Flow | None:
            target = pool.choose()
            if target is None:
                exchange.respond(_UNAVAILABLE)
                return None
            exchange.group_arn, exchange.task_id = pool.arn, target.task_id
            return Dispatch(request, head, exchange, exchange, pool, delivery).start(target)

        return run


class ClosedService(ServiceHandler):
    """The same for a caller without network access: its proxy finds no way to any task."""

    def prepare(self, request: Request) -> Prepared:  # noqa: ARG002 - none is read
        def run(exchange: Exchange) -> Flow | None:
            exchange.respond(_NO_WAY)
            return None

        return run


class Relay:
    """Relays connections to a service's TCP port, each to one task."""

    def __init__(
        self, pool: Pool, settings: ServiceConnect, deadlines: Deadlines, *, is_closed: bool = False
    ) -> None:
        """`is_closed`: this caller has no network access, and each connection is cut."""
        self.pool = pool
        self.is_closed = is_closed
        self.idle_timeout = _seconds(settings.idle_timeout, TCP_IDLE_TIMEOUT)
        self.deadlines = deadlines
        self.connections: set[RelayClient] = set()
        self.capacity: Capacity | None = None  # set when it listens

    def close(self) -> None:
        """Do nothing: a TCP connection has no request that could end. `abort` cuts it."""

    def abort(self) -> None:
        """Cut every connection."""
        for connection in tuple(self.connections):
            connection.abort()


class _Half(asyncio.Protocol):
    """One side of a relayed connection; passes bytes and back-pressure to the other side."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.other: _Half | None = None
        self.ended = False  # it will send nothing more
        self._early: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.touch()
        if self.other is not None and self.other.transport is not None:
            self.other.transport.write(data)
        else:
            self._early.append(data)  # bytes that were read before reading could be paused

    def eof_received(self) -> bool:
        """If one side closes a connection, the other side stays open, as in TCP."""
        self.ended = True
        other = self.other
        if other is None or other.transport is None:
            return True
        if other.ended or other.transport.is_closing():
            return False
        other.transport.write_eof()
        return True

    def join(self, other: _Half) -> None:
        """Both sides are connected. Pass on the bytes that one of them has already sent."""
        self.other = other
        if other.transport is None:
            return
        if self._early:
            other.transport.write(b"".join(self._early))
            self._early = []
        if self.ended:
            other.transport.write_eof()

    def pause_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        other = self.other.transport if self.other is not None else None
        if other is not None and not other.is_closing():
            other.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        other, self.other = self.other, None
        if other is not None and other.transport is not None:
            other.transport.close()

    def touch(self) -> None:
        """Bytes passed: start the idle time-out again."""


class RelayClient(_Half):
    """The client's side. It chooses the task, and watches the idle time-out."""

    def __init__(self, relay: Relay) -> None:
        super().__init__()
        self._relay = relay
        self._target: Target | None = None
        self._connecting: asyncio.Task[None] | None = None
        self.deadline = NEVER

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        capacity = self._relay.capacity
        if capacity is not None and not capacity.admit(self):
            self.abort()
            return
        cast(asyncio.Transport, transport).pause_reading()
        self._relay.connections.add(self)
        self._relay.deadlines.watch(self)
        self._connecting = asyncio.ensure_future(self._connect())

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.leave()
        self._relay.deadlines.forget(self)
        if self._connecting is not None:
            self._connecting.cancel()
        if self._target is not None:
            self._target.finish()
            self._target = None

    idle = False  # the relay cannot see whether the protocol inside is idle

    def leave(self) -> None:
        """Give its place back."""
        self._relay.connections.discard(self)
        if self._relay.capacity is not None:
            self._relay.capacity.give_back(self)

    def touch(self) -> None:
        self.deadline = self._relay.deadlines.time() + self._relay.idle_timeout

    def expired(self, now: float) -> None:  # noqa: ARG002
        self.abort()

    def abort(self) -> None:
        """Cut both sides."""
        if self.transport is not None:
            self.transport.abort()

    async def _connect(self) -> None:
        tried: tuple[Target, ...] = ()
        loop = asyncio.get_running_loop()
        while len(tried) <= _RETRIES and not self._relay.is_closed:
            target = self._relay.pool.choose(tried)
            if target is None:
                break
            tried = (*tried, target)
            if target.is_squatted:
                continue
            server = _RelayServer(self)
            try:
                await loop.create_connection(
                    lambda half=server: half,  # type: ignore[misc]
                    target.endpoint.host,
                    target.endpoint.port,
                )
            except OSError as error:
                if is_exhausted(error):
                    target.kept.exhausted()
                continue
            if target.is_squatted:  # it was taken meanwhile
                server.leave()
                continue
            self._connecting = None
            self._target = target
            target.outstanding += 1
            self.join(server)
            self.touch()
            if self.transport is not None:
                self.transport.resume_reading()
            return
        self._connecting = None
        self.abort()


class _RelayServer(_Half):
    def __init__(self, client: RelayClient) -> None:
        super().__init__()
        self.other = client

    def touch(self) -> None:
        if self.other is not None:
            self.other.touch()

    def leave(self) -> None:
        """Cut this side alone."""
        self.other = None
        if self.transport is not None:
            self.transport.abort()
