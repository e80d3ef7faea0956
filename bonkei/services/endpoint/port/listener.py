"""One port for HTTP and HTTPS, with a limit on connections.

The first byte of a connection shows its kind: 0x16 begins a TLS handshake (RFC 8446, section 5.1)
and no HTTP method.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress

from aiohttp import web

from bonkei.services.endpoint.errors import CloudError
from bonkei.services.endpoint.port.connection import Connection, Connections, connection_of
from bonkei.services.endpoint.settings import HOST, Limits

_CLOSED = 32  # of the oldest connections, beyond the limit
_GRACE = 5.0  # seconds for the calls in progress when it stops
_GONE = 499  # nginx's status for a client that has closed its connection
_HANDSHAKE = b"\x16"
_PATIENCE = 10.0  # seconds for a first byte, and for a handshake
_PAUSE = 0.05  # seconds until there may be room again
_LOOKS = 10
"""Pauses in which a new client may send nothing. They are counted, because neither of the two goes
on while the whole machine stands still."""
_BACKLOG = 1_024
_BUFFER = 128 * 1024  # bytes of a connection in the system, in each direction

Serve = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Listener:
    """`serve` answers a call. `tls`: None until a certificate exists. `report` is called once when
    the system refuses connections. Connections above the limit wait in the system's queue. The
    oldest idle connections are closed to make room. If none is idle, those with almost no traffic
    are closed."""

    def __init__(self, serve: Serve, report: Callable[[str], None], limits: Limits) -> None:
        self._serve = serve
        self._report = report
        self._limits = limits
        self._server: Connections | None = None
        self._socket: socket.socket | None = None
        self._accepting: asyncio.Task[None] | None = None
        self._opening: dict[asyncio.Task[None], Connection] = {}
        self._quiet: set[asyncio.Task[None]] = set()  # those that have sent nothing
        self._has_reported = False
        self.tls: ssl.SSLContext | None = None

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1]) if self._socket is not None else 0

    @property
    def connections(self) -> int:
        """The number of open connections."""
        served = set(self._server.open) if self._server is not None else set()
        return len(served.union(self._opening.values()))

    def start(self, port: int) -> None:
        """Listen on the running loop. Raises CloudError if the port is taken."""
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            for buffer in (
                socket.SO_RCVBUF,
                socket.SO_SNDBUF,
            ):  # or the system gives each megabytes
                listening.setsockopt(socket.SOL_SOCKET, buffer, _BUFFER)
            listening.setblocking(False)
            listening.bind((HOST, port))
            listening.listen(_BACKLOG)
        except OSError as error:
            listening.close()
            raise CloudError(
                f"the AWS endpoint cannot listen on {HOST}:{port}: {error.strerror}",
                remedy="let BONKEI_CLOUD_PORT name another port",
            ) from None
        self._socket = listening
        self._server = Connections(self._answer, self._limits)
        self._accepting = asyncio.create_task(self._accept(listening, self._server))

    async def stop(self) -> None:
        """Accept no new connection; the open ones finish their calls."""
        ending = [*self._opening, *([self._accepting] if self._accepting else [])]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._server is not None:
            self._server.pre_shutdown()
            await self._server.shutdown(_GRACE)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        connection = connection_of(request)
        connection.is_busy = True
        try:
            response = await self._serve(request)
            if not request.content.is_eof() and not response.prepared:
                response.force_close()  # a refused client may not send the rest
        except ConnectionError:
            return web.Response(status=_GONE)  # no client gets it
        else:
            return response
        finally:
            connection.is_busy = False

    async def _accept(self, listening: socket.socket, server: Connections) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._room(server)
            try:
                connection, _ = await loop.sock_accept(listening)
            except OSError as error:
                self._complain(error)
                await asyncio.sleep(_PAUSE)
                continue
            protocol = server()
            task = loop.create_task(self._open(connection, protocol))
            self._opening[task] = protocol
            task.add_done_callback(self._opening.pop)

    async def _room(self, server: Connections) -> None:
        """Returns when there is room for one more connection. It closes the oldest connections that
        are idle now and were idle a pause ago. A new connection might be about to send its first
        call."""
        stall = self._limits.stall
        before, quiet = set[Connection](), dict[asyncio.Task[None], int]()
        while self.connections >= self._limits.connections:
            now = asyncio.get_running_loop().time()
            idle = [one for one in server.open if not one.is_busy]
            slow = [one for one in server.open if one.is_busy and one.is_slow(now, stall)]
            for connection in ([one for one in idle if one in before] or slow)[:_CLOSED]:
                connection.abort()
            for task, looks in quiet.items():
                if looks >= _LOOKS and task in self._quiet:
                    task.cancel()
            before, quiet = set(idle), {task: quiet.get(task, 0) + 1 for task in self._quiet}
            await asyncio.sleep(_PAUSE)

    def _complain(self, error: OSError) -> None:
        if not self._has_reported:
            self._has_reported = True
            self._report(f"the AWS endpoint cannot take a connection: {error.strerror}")

    async def _open(self, connection: socket.socket, protocol: Connection) -> None:
        """Hand the connection to the server, as HTTP or HTTPS."""
        loop = asyncio.get_running_loop()
        try:
            tls = await self._is_tls(connection)
            if tls and self.tls is None:
                connection.close()
                return
            await loop.connect_accepted_socket(
                lambda: protocol,
                connection,
                ssl=self.tls if tls else None,
                ssl_handshake_timeout=_PATIENCE if tls else None,
            )
        except (OSError, TimeoutError, ssl.SSLError):
            with suppress(OSError):
                connection.close()
        except asyncio.CancelledError:
            connection.close()
            raise

    async def _is_tls(self, connection: socket.socket) -> bool:
        """TimeoutError when it sends nothing."""
        connection.setblocking(False)
        with suppress(BlockingIOError):
            return connection.recv(1, socket.MSG_PEEK) == _HANDSHAKE
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - it runs as one
        self._quiet.add(task)
        try:
            async with asyncio.timeout(min(_PATIENCE, self._limits.idle)):
                await _readable(connection)
        finally:
            self._quiet.discard(task)
        return connection.recv(1, socket.MSG_PEEK) == _HANDSHAKE


async def _readable(connection: socket.socket) -> None:
    """Wait until it has sent something, without reading it."""
    loop = asyncio.get_running_loop()
    readable = loop.create_future()
    loop.add_reader(connection, _settle, readable)
    try:
        await readable
    finally:
        loop.remove_reader(connection)


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
