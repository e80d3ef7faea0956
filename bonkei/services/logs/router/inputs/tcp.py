"""Input `tcp`, for ECS's health check. Source: pipeline/inputs/tcp."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

from bonkei.services.logs.router.configuration import values
from bonkei.services.logs.router.configuration.model import Section
from bonkei.services.logs.router.inputs import Ingest
from bonkei.services.logs.router.parsing.json_text import parse_json
from bonkei.services.logs.router.records import Event

_READ = 1024 * 1024


class TcpInput:
    """JSON objects, one a line."""

    def __init__(self, section: Section, ingest: Ingest) -> None:
        self._host = section.text("listen", "0.0.0.0")  # noqa: S104 - Fluent Bit's default
        self._port = values.number(section, "port", 5170)
        self._tag = section.text("tag", "tcp.0")
        self._ingest = ingest
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, self._host, self._port)

    def pause(self, *, paused: bool) -> None:
        """There is nothing to do: a health check is not a record."""

    async def drain(self) -> None:
        self.close()

    def close(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        rest = b""
        while data := await reader.read(_READ):
            *lines, rest = (rest + data).split(b"\n")
            self._take(lines)
        self._take([rest])
        writer.close()

    def _take(self, lines: Iterable[bytes]) -> None:
        found = (parse_json(line.decode("utf-8", "replace")) for line in lines)
        events: list[Event] = [(time.time_ns(), record) for record in found if record is not None]
        if events:
            self._ingest(self._tag, events)
