"""Lines from MiniStack's process to this process."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

_LONGEST = 256 * 1024  # bytes of a line


class Pipe:
    """Call `open` before the process starts, `begin` when it runs, and always `close`. `take` gets
    each line, without its end."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take
        self._ours = self._theirs = -1
        self._transport: asyncio.BaseTransport | None = None
        self._reading: asyncio.Task[None] | None = None

    def open(self) -> int:
        """The descriptor that the process writes to."""
        self._ours, self._theirs = os.pipe()
        return self._theirs

    async def begin(self) -> None:
        """The process has its end; read ours."""
        os.close(self._theirs)
        self._theirs = -1
        reader = asyncio.StreamReader(_LONGEST)
        file = os.fdopen(self._ours, "rb", 0)
        self._ours = -1
        self._transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), file
        )
        self._reading = asyncio.create_task(self._read(reader))

    def close(self) -> None:
        """Unread lines are lost."""
        for descriptor in (self._ours, self._theirs):
            if descriptor >= 0:
                os.close(descriptor)
        self._ours = self._theirs = -1
        if self._reading is not None:
            self._reading.cancel()
        if self._transport is not None:
            self._transport.close()
        self._reading = self._transport = None

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while True:
            try:
                line = await reader.readline()
            except ValueError:  # it was too long, and is dropped
                continue
            if not line:
                return
            self._take(line.rstrip(b"\n"))
