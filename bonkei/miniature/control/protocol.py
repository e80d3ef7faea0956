"""The protocol between commands and a running miniature: JSON lines over a private Unix socket.

Request: `{"call": NAME}`, with `"service": NAME` for calls about a service and `"arguments": {…}`
for calls with arguments. Answer: `{"progress": TEXT}` any number of times, then `{"result": VALUE}`
or
`{"error": MESSAGE, "remedy": TEXT}`. Resources that a result lends (`Call.lent`) belong to the
caller until one of the two closes the connection.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import psutil

from bonkei.errors import BonkeiError
from bonkei.miniature.control.socket_file import close_socket, find_socket, open_socket
from bonkei.miniature.home import Home, MiniatureError, holder

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Call:
    """A command's call. `report` sends it progress; `service` is empty for most calls.

    `lent` is called when the caller closes the connection. The connection is kept until then,
    unless `over` is set earlier.
    """

    report: Report
    service: str = ""
    arguments: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    lent: list[Callable[[], None]] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)


Handler = Callable[[Call], Awaitable[Any]]

_LONGEST_REQUEST = 64 * 1024
OTHER = "it was started by another version of Bonkei: `bonkei down`, then `bonkei up`"
_LOG = "see the last lines of `bonkei logs bonkei`"
AT_ONCE = 30.0  # seconds for an answer that needs no work, however busy the machine is


class ControlServer:
    """Answers on a socket while the miniature runs."""

    def __init__(self, home: Home, handlers: Mapping[str, Handler]) -> None:
        self._home = home
        self._handlers = handlers
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen. A socket left over from a killed supervisor is replaced, because the lock is
        ours."""
        self._server = await asyncio.start_unix_server(
            self._serve, sock=open_socket(self._home), limit=_LONGEST_REQUEST
        )

    async def stop(self) -> None:
        if self._server is None:
            return
        self._server.close()
        for task in tuple(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        close_socket(self._home)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._open.add(task)
        try:
            asked = self._understand(await reader.readline(), writer)
            if asked is not None:
                await self._answer(*asked, reader, writer)
        except (ConnectionError, ValueError, asyncio.CancelledError):
            pass  # the caller has disconnected, or sent no line, or the miniature stops
        finally:
            if task is not None:
                self._open.discard(task)
            writer.close()

    def _understand(self, line: bytes, writer: asyncio.StreamWriter) -> tuple[Handler, Call] | None:
        try:
            request = json.loads(line)
            handler = self._handlers[request["call"]]
            arguments = dict(request.get("arguments", {}))
            service = str(request.get("service", ""))
        except (ValueError, KeyError, TypeError, AttributeError):
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
                _say(writer, {"error": f"the miniature failed: {said}", "remedy": _LOG})
                context = {"message": f"bonkei.miniature: a call: {error}", "exception": error}
                asyncio.get_running_loop().call_exception_handler(context)
            await writer.drain()
            if asked.lent:
                await _first(reader.read(), asked.over.wait())
        finally:
            for give_back in asked.lent:
                give_back()


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


def call(
    home: Home,
    name: str,
    report: Report = lambda _: None,
    *,
    service: str = "",
    arguments: Mapping[str, Any] | None = None,
    limit: float = 300.0,
) -> Any:
    """Call the miniature that runs from `home`, and wait up to `limit` seconds for each line.
    Raises MiniatureError if it does not answer or refuses."""
    with borrow(home, name, report, service=service, arguments=arguments, limit=limit) as (made, _):
        return made


@contextmanager
def borrow(
    home: Home,
    name: str,
    report: Report = lambda _: None,
    *,
    service: str = "",
    arguments: Mapping[str, Any] | None = None,
    limit: float = 300.0,
) -> Iterator[tuple[Any, socket.socket]]:
    """Like `call`. The lent resources are ours in the `with` block. If the miniature takes them
    back, the connection ends earlier."""
    _require_awake(home)
    request = {"call": name, "service": service, "arguments": dict(arguments or {})}
    with socket.socket(socket.AF_UNIX) as connection:
        for answer in _answers(connection, home, request, limit):
            if "progress" in answer:
                report(str(answer["progress"]))
            elif "error" in answer:
                raise MiniatureError(str(answer["error"]), remedy=str(answer.get("remedy", "")))
            else:
                result = answer["result"]
                break
        else:
            raise MiniatureError(
                "the miniature ended before it answered",
                remedy=_LOG,
            )
        connection.settimeout(None)
        yield result, connection


def _require_awake(home: Home) -> None:
    """Ctrl-Z does not end a miniature. It only stops its answers."""
    process = holder(home)
    try:
        suspended = process and psutil.Process(process).status() == psutil.STATUS_STOPPED
    except psutil.Error:
        return
    if suspended:
        raise MiniatureError(
            f"the miniature is suspended (process {process}), as by Ctrl-Z",
            remedy=f"let it go on: `fg` in its terminal, or kill -CONT {process}",
        )


def _answers(
    connection: socket.socket, home: Home, request: Mapping[str, Any], limit: float
) -> Iterator[dict[str, Any]]:
    connection.settimeout(limit)
    try:
        connection.connect(str(find_socket(home) or ""))
        connection.sendall(json.dumps(request).encode() + b"\n")
        with connection.makefile("r", encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)
    except TimeoutError:
        raise MiniatureError(
            f"the miniature did not answer within {limit:.0f} s",
            remedy="read its log with `bonkei logs bonkei`, and try again",
        ) from None
    except OSError as error:
        if process := holder(home):
            raise MiniatureError(
                f"the miniature (process {process}) cannot be reached: {error.strerror}",
                remedy="it may just be starting or stopping; see `bonkei logs bonkei`",
            ) from None
        raise MiniatureError("no miniature runs here", remedy="start it with `bonkei up`") from None
