"""The miniature's side: it answers commands while it runs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from bonkei.base.background import Background
from bonkei.base.errors import BonkeiError
from bonkei.miniature.control.protocol import LOG, OTHER, Report
from bonkei.miniature.control.socket_file import close_socket, open_socket
from bonkei.miniature.home import Home


@dataclass(frozen=True, slots=True)
class Call:
    """A command's call. `report` sends it progress; `service` is empty for most calls.

    `lent` is called when the caller closes the connection. The connection is kept until then,
    unless `over` is set earlier. `hears` gets each line that the caller sends meanwhile.
    """

    report: Report
    service: str = ""
    arguments: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    lent: list[Callable[[], None]] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    hears: list[Callable[[bytes], None]] = field(default_factory=list)


Handler = Callable[[Call], Awaitable[Any]]

_LONGEST_REQUEST = 64 * 1024


class ControlServer:
    """Answers on a socket while the miniature runs."""

    def __init__(self, home: Home, handlers: Mapping[str, Handler]) -> None:
        self._home = home
        self._handlers = handlers
        self._server: asyncio.Server | None = None
        self._open = Background()

    async def start(self) -> None:
        """Listen. A socket left over from a killed supervisor is replaced, because the lock is
        ours."""
        self._server = await asyncio.start_unix_server(
            self._begin, sock=open_socket(self._home), limit=_LONGEST_REQUEST
        )

    async def stop(self) -> None:
        if self._server is None:
            return
        self._server.close()
        await self._open.stop()
        close_socket(self._home)

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.start(self._serve(reader, writer))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked = self._understand(await reader.readline(), writer)
            if asked is not None:
                await self._answer(*asked, reader, writer)
        except (ConnectionError, ValueError, asyncio.CancelledError):
            pass  # the caller has disconnected, or sent no line, or the miniature stops
        finally:
            writer.close()

    def _understand(self, line: bytes, writer: asyncio.StreamWriter) -> tuple[Handler, Call] | None:
        try:
            request = json.loads(line)
            handler = self._handlers[request["call"]]
            arguments = dict(request.get("arguments", {}))
            service = str(request.get("service", ""))
        except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
            _say(writer, {"error": "the miniature does not know that call", "remedy": OTHER})
            return None
        return handler, Call(lambda text: _say(writer, {"progress": text}), service, arguments)

    async def _answer(
        self,
        handler: Handler,
        asked: Call,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        try:
            try:
                _say(writer, {"result": await handler(asked)})
            except BonkeiError as error:
                _say(writer, {"error": error.message, "remedy": error.remedy})
            except Exception as error:  # a full disk, or a bug: the caller gets an answer
                said = str(error) if isinstance(error, OSError) else repr(error)
                _say(writer, {"error": f"the miniature failed: {said}", "remedy": LOG})
                context = {"message": f"bonkei.miniature: a call: {error}", "exception": error}
                asyncio.get_running_loop().call_exception_handler(context)
            await writer.drain()
            if asked.lent:
                await _first(_hear(reader, asked), asked.over.wait())
        finally:
            for give_back in asked.lent:
                give_back()


async def _hear(reader: asyncio.StreamReader, asked: Call) -> None:
    """Until the caller closes the connection."""
    while line := await reader.readline():
        for hear in asked.hears:
            hear(line)


async def _first(*jobs: Coroutine[Any, Any, Any]) -> None:
    """Wait for one of them. The others continue."""
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _say(writer: asyncio.StreamWriter, message: Mapping[str, Any]) -> None:
    writer.write(json.dumps(message).encode() + b"\n")
