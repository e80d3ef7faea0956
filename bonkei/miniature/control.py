"""How the commands reach a running miniature: one JSON line each way over a private Unix socket.

Request `{"call": NAME}`, with `"service": NAME` for what concerns one; answers
`{"progress": TEXT}` any number of times, then `{"result": VALUE}` or
`{"error": MESSAGE, "remedy": TEXT}`.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import psutil

from bonkei.errors import BonkeiError
from bonkei.miniature.control_socket import close_socket, find_socket, open_socket
from bonkei.miniature.home import Home, MiniatureError, holder

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Call:
    """What a command asks. `report` tells it what goes on; `service` is empty for most calls."""

    report: Report
    service: str = ""


Handler = Callable[[Call], Awaitable[Any]]

_LONGEST_REQUEST = 64 * 1024
AT_ONCE = 30.0  # seconds for an answer that needs no work, however busy the machine


class ControlServer:
    """Answers on a socket as long as the miniature runs."""

    def __init__(self, home: Home, handlers: Mapping[str, Handler]) -> None:
        self._home = home
        self._handlers = handlers
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen; a socket left over from a killed supervisor is replaced (the lock is ours)."""
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
            await self._answer(await reader.readline(), writer)
            await writer.drain()
        except (ConnectionError, ValueError):
            pass  # the caller went away, or sent no line: nobody is left to tell
        finally:
            if task is not None:
                self._open.discard(task)
            writer.close()

    async def _answer(self, line: bytes, writer: asyncio.StreamWriter) -> None:
        def say(message: Mapping[str, Any]) -> None:
            writer.write(json.dumps(message).encode() + b"\n")

        try:
            request = json.loads(line)
            handler = self._handlers[request["call"]]
            asked = Call(lambda text: say({"progress": text}), str(request.get("service", "")))
        except (ValueError, KeyError, TypeError, AttributeError):
            say({"error": "the miniature does not know that call", "remedy": "use one version"})
            return
        try:
            say({"result": await handler(asked)})
        except BonkeiError as error:
            say({"error": error.message, "remedy": error.remedy})


def call(
    home: Home,
    name: str,
    report: Report = lambda _: None,
    *,
    service: str = "",
    limit: float = 300.0,
) -> Any:
    """Ask the miniature that runs from `home`, and wait up to `limit` seconds for each of its
    words. MiniatureError when none answers or it says no."""
    _require_awake(home)
    for answer in _answers(home, {"call": name, "service": service}, limit):
        if "progress" in answer:
            report(str(answer["progress"]))
        elif "error" in answer:
            raise MiniatureError(str(answer["error"]), remedy=str(answer.get("remedy", "")))
        else:
            return answer["result"]
    raise MiniatureError(
        "the miniature ended before it answered",
        remedy="see the last lines of `bonkei logs bonkei`",
    )


def _require_awake(home: Home) -> None:
    """Ctrl-Z does not stop a miniature: it only keeps it from answering anybody."""
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


def _answers(home: Home, request: Mapping[str, str], limit: float) -> Iterator[dict[str, Any]]:
    with socket.socket(socket.AF_UNIX) as connection:
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
                remedy="see what it is at with `bonkei logs bonkei`, and try again",
            ) from None
        except OSError:
            raise MiniatureError(
                "no miniature runs here", remedy="start it with `bonkei up`"
            ) from None
