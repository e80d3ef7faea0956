"""One side of a carried connection. Bytes and back-pressure pass to the other side, and trouble on
the way delays them. Bytes keep their order, also when the trouble ends."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable
from typing import cast

from bonkei.services.faults.values import Trouble

NO_TROUBLE = Trouble()
_HELD = 256 * 1024  # bytes on their way, before the sender has to wait


def delay_of(trouble: Trouble) -> float:
    """Seconds, somewhere within the jitter."""
    if not trouble.jitter:
        return trouble.latency
    return max(0.0, trouble.latency + random.uniform(-trouble.jitter, trouble.jitter))  # noqa: S311


def untroubled() -> Trouble:
    """The trouble of a way that nothing disturbs."""
    return NO_TROUBLE


class Half(asyncio.Protocol):
    """`trouble` returns the present trouble for the bytes that this side sends."""

    def __init__(self, trouble: Callable[[], Trouble] = untroubled) -> None:
        self.transport: asyncio.Transport | None = None
        self.other: asyncio.Transport | None = None
        self._trouble = trouble
        self._late: deque[tuple[float, bytes | None]] = deque()  # None: the end
        self._on_way = 0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    async def reach(
        self, target: tuple[str, int], trouble: Callable[[], Trouble]
    ) -> asyncio.Transport | None:
        """Connect to `target`, whose bytes have the `trouble`, and join it with this side. None:
        nothing listens there, or this side has gone meanwhile."""
        await asyncio.sleep(delay_of(trouble()))
        server = Half(trouble)
        try:
            await asyncio.get_running_loop().create_connection(lambda: server, *target)
        except OSError:
            self.abort()
            return None
        if self.transport is None or self.transport.is_closing() or server.transport is None:
            if server.transport is not None:
                server.transport.close()
            return None
        server.other, self.other = self.transport, server.transport
        return server.transport

    def data_received(self, data: bytes) -> None:
        if self.other is None:
            return
        latency = self._trouble().latency
        if latency or self._late:
            self._later(data)
        else:
            self.other.write(data)

    def eof_received(self) -> bool:
        if self._late or self._trouble().latency:
            self._later(None)
            return True
        return self._pass_end()

    def pause_writing(self) -> None:
        if self.other is not None:
            self.other.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None and not self.other.is_closing():
            self.other.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._late and exc is None:
            return  # bytes on their way arrive first, then the end
        self._forget()
        other, self.other = self.other, None
        if other is not None:
            other.close()

    def _later(self, data: bytes | None) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + delay_of(self._trouble())
        if self._late:
            due = max(due, self._late[-1][0])
        self._late.append((due, data))
        self._on_way += len(data or b"")
        if self._on_way > _HELD and self.transport is not None and not self.transport.is_closing():
            self.transport.pause_reading()
        if self._timer is None:
            self._timer = loop.call_at(due, self._deliver)

    def _deliver(self) -> None:
        self._timer = None
        loop = asyncio.get_running_loop()
        now = loop.time() + 1e-3
        while self._late and self._late[0][0] <= now:
            _, data = self._late.popleft()
            self._on_way -= len(data or b"")
            if data is None:
                self._pass_end()
            elif self.other is not None and not self.other.is_closing():
                self.other.write(data)
        if self._late:
            self._timer = loop.call_at(self._late[0][0], self._deliver)
        if self.transport is None or self.transport.is_closing():
            if not self._late and self.other is not None:
                self.other.close()
        elif self._on_way <= _HELD // 2:
            self.transport.resume_reading()

    def _pass_end(self) -> bool:
        """Whether this side stays open."""
        other = self.other
        if other is not None and not other.is_closing() and other.can_write_eof():
            other.write_eof()
            return True
        return False

    def _forget(self) -> None:
        self._late.clear()
        self._on_way = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
