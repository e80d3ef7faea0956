"""Gates: each caller has its own address for a database, so that the caller is known.

A connection is relayed byte by byte while the network lets the caller through. Otherwise nothing
answers, as on AWS: the client waits until it gives up. Waiting connections continue when the way is
opened.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from bonkei.config import Enforce
from bonkei.services.faults.values import Trouble
from bonkei.services.faults.ways.carrying import NO_TROUBLE, Half

_PATIENCE = 127.0  # seconds: as long as Linux tries to connect (tcp_syn_retries, 6)
_SAID_AGAIN = 60.0
_MOST = 1_024  # connections of a gate
_HELD = 64 * 1024  # bytes that wait with a connection


@dataclass(frozen=True, slots=True)
class Way:
    """From `host` and `port` to `target`. `obstacle`: why the network closes the way; empty if it
    is open."""

    caller: str
    name: str
    host: str
    port: int
    target: tuple[str, int]
    obstacle: str = ""


class Gates:
    """Call `follow` with each blueprint, and always `stop`. `report` is called at once for an
    attempt on a closed way. With `enforce` "report", such a connection is relayed all the same."""

    def __init__(self, enforce: Enforce, report: Callable[[str], None]) -> None:
        self._enforce = enforce
        self._report = report
        self._open: dict[tuple[str, int], Gate] = {}
        self._troubles: Mapping[str, Trouble] = {}

    def disturb(self, troubles: Mapping[str, Trouble]) -> None:
        """Disturb the ways to these databases, by the name of the way, and no others."""
        self._troubles = dict(troubles)
        for gate in self._open.values():
            gate.disturb(self._troubles.get(gate.way.name, NO_TROUBLE))

    async def follow(self, ways: Iterable[Way]) -> None:
        """Have exactly these ways. Raises OSError if it cannot listen on an address."""
        wanted = {(way.host, way.port): way for way in ways}
        for key in set(self._open) - set(wanted):
            await self._open.pop(key).stop()
        for key, way in wanted.items():
            if key in self._open:
                self._open[key].change(way)
            else:
                gate = Gate(way, self._enforce, self._report)
                gate.disturb(self._troubles.get(way.name, NO_TROUBLE))
                await gate.start()
                self._open[key] = gate

    async def stop(self) -> None:
        for key in tuple(self._open):
            await self._open.pop(key).stop()


class Gate:
    """One address."""

    def __init__(self, way: Way, enforce: Enforce, report: Callable[[str], None]) -> None:
        self.way = way
        self._enforce = enforce
        self._report = report
        self._said = -_SAID_AGAIN
        self._server: asyncio.Server | None = None
        self.clients: set[_Client] = set()
        self.trouble = NO_TROUBLE

    def disturb(self, trouble: Trouble) -> None:
        """A refused connection is cut, even an existing one."""
        self.trouble = trouble
        if trouble.refused:
            for client in tuple(self.clients):
                client.abort()

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Client(self), self.way.host, self.way.port)

    async def stop(self) -> None:
        """Every connection is cut."""
        if self._server is not None:
            self._server.close()
        for client in tuple(self.clients):
            client.abort()
        if self._server is not None:
            await self._server.wait_closed()

    def change(self, way: Way) -> None:
        """Carried connections stay, like those that a security group tracks. Waiting ones
        continue when the way is open.
        """
        self.way = way
        if not self.is_closed:
            for client in tuple(self.clients):
                client.go()

    @property
    def is_closed(self) -> bool:
        return bool(self.way.obstacle) and self._enforce == "on"

    @property
    def is_full(self) -> bool:
        return len(self.clients) > _MOST

    def tried(self) -> None:
        """A closed way was tried."""
        now = time.monotonic()
        if not self.way.obstacle or now - self._said < _SAID_AGAIN:
            return
        self._said = now
        does = "times out" if self.is_closed else "would time out"
        way = self.way
        self._report(f"{way.caller} cannot reach {way.name}, and {does}: {way.obstacle}")


class _Client(Half):
    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self._gate = gate
        self._connecting: asyncio.Task[None] | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._held: list[bytes] = []  # bytes that were sent before the way was open

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._gate.clients.add(self)
        if self._gate.is_full or self._gate.trouble.refused:
            self.abort()
            return
        assert self.transport is not None  # noqa: S101 - set above
        self._gate.tried()
        if self._gate.is_closed:
            # It is still read, so that a client that gives up is noticed.
            self._patience = asyncio.get_running_loop().call_later(_PATIENCE, self.abort)
            return
        self.transport.pause_reading()
        self._begin()

    def go(self) -> None:
        """The way is open now."""
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
            if self.transport is not None:
                self.transport.pause_reading()
            self._begin()

    def data_received(self, data: bytes) -> None:
        if self.other is not None:
            self.other.write(data)
        elif self._connecting is None or not self._connecting.done():
            self._held.append(data)
            if sum(map(len, self._held)) > _HELD:
                self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._gate.clients.discard(self)
        for waits in (self._patience, self._connecting):
            if waits is not None:
                waits.cancel()

    def _begin(self) -> None:
        self._connecting = asyncio.ensure_future(self._connect())

    async def _connect(self) -> None:
        server = await self.reach(self._gate.way.target, lambda: self._gate.trouble)
        if server is None or self.transport is None:
            return
        if self._held:
            server.write(b"".join(self._held))
            self._held = []
        self.transport.resume_reading()
