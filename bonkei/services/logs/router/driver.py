"""The container's side: sends each line to the router's socket, as Docker's fluentd log driver
does.

Source: "Fluentd logging driver" (docs.docker.com): container_id, container_name, source and log; a
line that was cut carries partial_message, partial_id, partial_ordinal and partial_last.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgpack

_AGAIN = 0.25  # seconds between two tries to reach the router
_LARGEST = 64 * 1024 * 1024  # bytes that wait for it, even if log-driver-buffer-limit allows more
_BATCH = 256 * 1024
_HIGH = 8 * 1024 * 1024  # bytes that wait, above which the program has to
PATIENCE = 10.0  # seconds without a byte that the router takes, after the container's end
LONGEST = 120.0  # seconds for the rest; Fargate's longest stopTimeout
DEFAULT_LINES = 1_048_576
"""The default of `log-driver-buffer-limit`: how many lines wait for the router."""


@dataclass(frozen=True, slots=True)
class Source:
    """The container of the lines. `tag`: `container-firelens-task`."""

    tag: str
    container_id: str
    container_name: str


class FluentdDriver:
    """Lines of one container to one router. Lines over the limit are lost, and their number is
    reported. Use it on the event loop; `close` sends the rest."""

    def __init__(
        self,
        source: Source,
        socket: Path,
        *,
        limit: int = DEFAULT_LINES,
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._source = source
        self._socket = socket
        self._limit = limit
        self._report = report
        self._packer = msgpack.Packer(use_bin_type=False, autoreset=True)
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._cut: dict[str, tuple[str, int]] = {}
        self._job: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._handed: list[bytes] = []
        self._closing = False
        self._was_reached = False
        self._has_space = asyncio.Event()
        self._has_space.set()
        self.lost = 0

    def write(self, stream: str, time: float, lines: Sequence[tuple[str, bool]]) -> None:
        """Take lines, each with whether the next one continues it. `time`: Unix seconds."""
        seconds = int(time)
        nanoseconds = int((time - seconds) * 1e9)
        moment = msgpack.ExtType(0, seconds.to_bytes(4, "big") + nanoseconds.to_bytes(4, "big"))
        for text, goes_on in lines:
            if not text and not goes_on and stream not in self._cut:
                continue  # Docker's drivers skip empty lines
            record: dict[str, Any] = {
                "container_id": self._source.container_id,
                "container_name": self._source.container_name,
                "source": stream,
                "log": text,
            }
            if goes_on or stream in self._cut:
                record |= self._partial(stream, last=not goes_on)
            self._add(self._packer.pack([self._source.tag, moment, record, {}]))
        if self._waiting and self._job is None:
            self._job = asyncio.get_running_loop().create_task(self._send())

    def _partial(self, stream: str, *, last: bool) -> dict[str, str]:
        identity, ordinal = self._cut.get(stream, (secrets.token_hex(32), 0))
        self._cut[stream] = (identity, ordinal + 1)
        if last:
            del self._cut[stream]
        return {
            "partial_message": "true",
            "partial_id": identity,
            "partial_ordinal": str(ordinal + 1),
            "partial_last": "true" if last else "false",
        }

    def _add(self, data: bytes) -> None:
        if len(self._waiting) >= self._limit or self._bytes + len(data) > _LARGEST:
            if not self.lost:
                self._report(f"{self._source.container_name}: log lines are lost: {self._socket}")
            self.lost += 1
            return
        self._waiting.append(data)
        self._bytes += len(data)
        if self._bytes > _HIGH:
            self._has_space.clear()

    async def writable(self) -> None:
        """Wait until more lines can be taken, if the router accepts lines. A program does not wait
        for a stopped router."""
        if self._writer is not None:
            await self._has_space.wait()

    async def _send(self) -> None:
        try:
            while self._waiting:
                if self._writer is None or self._writer.is_closing():
                    self._writer = await self._connect()
                    if self._writer is None:
                        return
                taken = self._handed = []
                size = 0
                while self._waiting and size < _BATCH:
                    taken.append(self._waiting.popleft())
                    size += len(taken[-1])
                try:
                    self._writer.write(b"".join(taken))
                    await self._writer.drain()
                except OSError:
                    self._waiting.extendleft(reversed(taken))
                    self._handed = []
                    self._writer = None
                    continue
                self._bytes -= size
                if self._bytes <= _HIGH:
                    self._has_space.set()
        finally:
            self._job = None
            self._has_space.set()

    async def _connect(self) -> asyncio.StreamWriter | None:
        self._has_space.set()
        while True:
            try:
                _, writer = await asyncio.open_unix_connection(self._socket)
            except OSError:
                if self._closing and self._was_reached:
                    return None
                await asyncio.sleep(_AGAIN)
            else:
                self._was_reached = True
                writer.transport.set_write_buffer_limits(0)  # drained means: the router has it
                return writer

    async def close(self, patience: float | None = None) -> None:
        """The container has ended: send the waiting lines, as long as the router takes some within
        each `patience` (seconds). One that was never reached may be starting, beside a short task;
        one that has gone is not awaited.

        Docker's driver waits without a bound; this one does not wait for a router that hangs."""
        self._closing = True
        if self._job is not None:
            await self._finish(self._job, PATIENCE if patience is None else patience)
        self.lost += len(self._waiting)
        if self._writer is not None:
            self.lost += _lines(self._handed, self._writer.transport.get_write_buffer_size())
            self._writer.transport.abort()
            with suppress(OSError):
                await self._writer.wait_closed()
        if self.lost:
            self._report(f"{self._source.container_name}: {self.lost} log lines were lost")

    async def _finish(self, job: asyncio.Task[None], patience: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST):
                left = -1
                while not job.done() and left != (left := self._left()):
                    await asyncio.wait({job}, timeout=patience)
        job.cancel()
        await asyncio.wait({job})

    def _left(self) -> int:
        """The bytes that the router has not taken."""
        handed = self._writer.transport.get_write_buffer_size() if self._writer is not None else 0
        return sum(map(len, self._waiting)) + handed


def _lines(handed: Sequence[bytes], rest: int) -> int:
    """How many of these lines the last bytes (`rest`) belong to."""
    count = 0
    for line in reversed(handed):
        if rest <= 0:
            break
        rest -= len(line)
        count += 1
    return count
