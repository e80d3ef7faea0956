"""One request on its way to a target: connection, body, response, failures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bonkei.services.edge.capacity import is_exhausted
from bonkei.services.edge.http.exchange import Exchange
from bonkei.services.edge.http.message import (
    IDEMPOTENT,
    Headers,
    Request,
    Response,
    Sink,
    Tunnel,
    answer,
)
from bonkei.services.edge.http.message import reason as usual_reason
from bonkei.services.edge.http.response_head import ResponseHead
from bonkei.services.edge.targets.delivery import Delivery
from bonkei.services.edge.targets.target import Pool, Target
from bonkei.services.edge.targets.upstream import TargetConnection

CONNECT_TIMEOUT = 10.0
"""Seconds to establish a connection to a target ("HTTP 504: Gateway timeout", Troubleshoot your
Application Load Balancers)."""


ResponseHeaders = Callable[[Headers], Headers]


class Dispatch:
    """Sends one request to one target and the response to the sink. A `Flow`.

    A request is repeated on a new connection only if the old one had been idle and was closed
    before a byte of the response, the method is idempotent, and no body has been sent.
    """

    __slots__ = (
        "_answered", "_body", "_connecting", "_connection", "_delivery", "_done", "_exchange",
        "_excluded", "_head", "_headers", "_patience", "_paused", "_pool", "_request", "_retries",
        "_sink", "_size", "_target", "_tunnel", "head_only", "sent_all",
    )  # fmt: skip

    def __init__(
        self,
        request: Request,
        head: bytes,
        exchange: Exchange | None,
        sink: Sink,
        pool: Pool,
        delivery: Delivery,
        headers: ResponseHeaders | None = None,
    ) -> None:
        self._request = request
        self._head = head
        self._exchange = exchange
        self._sink = sink
        self._pool = pool
        self._delivery = delivery
        self._headers = headers
        own, patience = delivery.patience, request.patience
        self._patience = own if patience is None or own.seconds <= patience.seconds else patience
        self.head_only = request.method == b"HEAD"
        self.sent_all = not request.has_body
        self._target: Target | None = None
        self._connection: TargetConnection | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._body: list[bytes] | None = None  # held until the target is connected
        self._size = self._retries = 0
        self._excluded: tuple[Target, ...] = ()
        self._paused = self._done = self._tunnel = self._answered = False

    def start(self, target: Target) -> Dispatch | None:
        """Send the head. Returns None if the sink was answered at once."""
        self._target = target
        target.outstanding += 1
        if self._pool.obstacle:  # AWS waits for the connection first; here the reason is known
            self._fail(self._delivery.patience.response)
            return None
        idle = target.kept.idle
        while idle:
            connection = idle.pop()
            if not connection.is_closing():
                self._connection = connection
                connection.ask(self, self._head, self._patience.seconds)
                return self
        self._connecting = asyncio.ensure_future(self._connect(target))
        return self

    async def _connect(self, target: Target) -> None:
        if target.is_squatted:
            self._unreachable(target)
            return
        loop = asyncio.get_running_loop()
        endpoint = target.endpoint
        delivery, patience = self._delivery, self._patience
        connection = TargetConnection(target.kept, self, delivery.deadlines, patience.seconds)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                await loop.create_connection(lambda: connection, endpoint.host, endpoint.port)
        except asyncio.CancelledError:
            connection.connection_lost(None)  # of one just made, uvloop closes it and says nothing
            raise
        except TimeoutError:
            self._fail(delivery.patience.response)
            connection.connection_lost(None)  # as above
            return
        except OSError as error:
            if is_exhausted(error):
                target.kept.exhausted()
            self._unreachable(target)
            return
        self._connecting = None
        if self._done:
            connection.abort()
        elif target.is_squatted:  # it was taken meanwhile
            connection.abort()
            self._unreachable(target)
        else:
            self._connected(connection)

    def _connected(self, connection: TargetConnection) -> None:
        self._connection = connection
        if self._body:
            connection.write(self._head + b"".join(self._body))
            self._body = None
            if self._exchange is not None:
                self._exchange.resume_client()
        else:
            connection.write(self._head)
        if self._paused:
            connection.pause_reading()
        elif self.sent_all or self._request.websocket:
            connection.await_response(self._patience.seconds)

    def _unreachable(self, target: Target) -> None:
        delivery = self._delivery
        self._connecting = None
        self._excluded = (*self._excluded, target)
        if len(self._excluded) <= delivery.connect_retries:
            other = self._pool.choose(self._excluded)
            if other is not None:
                target.finish()
                self._retried(other)
                self.start(other)
                return
        self._fail(delivery.bad_gateway)

    def _retried(self, target: Target) -> None:
        self._retries += 1
        if self._exchange is not None:
            self._exchange.task_id = target.task_id
            self._exchange.retries = self._retries

    # The request's body.

    def upload(self, data: bytes) -> None:
        if self._done:
            return
        if self._request.chunked:
            data = b"%x\r\n%b\r\n" % (len(data), data)
        self._send(data)

    def uploaded(self) -> None:
        if self._done:
            return
        self.sent_all = True
        if self._request.chunked:
            self._send(b"0\r\n\r\n")
        if self._connection is not None and not self._paused:
            self._connection.await_response(self._patience.seconds)

    def _send(self, data: bytes) -> None:
        self._size += len(data)
        if self._connection is not None:
            self._connection.write(data)
            return
        if self._body is None:
            self._body = []
        self._body.append(data)
        if self._size > 64 * 1024 and self._exchange is not None:
            self._exchange.pause_client()

    # The response.

    def head(self, status: int, reason: bytes, headers: Headers, length: int | None) -> None:
        """The response's head."""
        self._answered = True
        if self._headers is not None:
            headers = self._headers(headers)
        self._sink.head(status, reason or usual_reason(status), headers, length)

    def whole(self, head: ResponseHead, body: bytes) -> None:
        """The response in one piece."""
        exchange = self._exchange
        if self._sink is exchange and self._headers is None:
            if self._finish():
                exchange.whole(head, body)
            return
        self._connection = None  # the next request may have it already
        self.head(head.status, head.reason, head.headers, head.length)
        if body:
            self._sink.body(body)
        self.ended()

    def body_received(self, data: bytes) -> None:
        """The next bytes of the response's body."""
        self._sink.body(data)

    def flush(self) -> None:
        """For now there is no more of the response."""
        self._sink.flush()

    def ended(self) -> None:
        """The response, or the tunnel, is complete."""
        if self._finish():
            self._sink.end()

    def switch(self, headers: Headers, connection: Tunnel) -> Tunnel | None:
        """The target agreed to a WebSocket: the client's end of the tunnel, None if it left."""
        if self._done or not self._request.websocket or self._exchange is None:
            return None
        if self._headers is not None:
            headers = self._headers(headers)
        tunnel = self._sink.switch(headers)
        if tunnel is None:
            return None
        self._tunnel = True
        self._exchange.open_tunnel(connection)
        return tunnel

    def lost(self, *, reused: bool, silent: bool) -> None:
        """The connection ended before the response was complete, or its bytes were malformed."""
        if self._done:
            return
        connection, self._connection = self._connection, None
        target = self._target
        if (
            reused
            and silent
            and connection is not None
            and target is not None
            and self._request.method in IDEMPOTENT
            and not self._request.has_body
        ):
            self._retried(target)
            self._connecting = asyncio.ensure_future(self._connect(target))
            return
        self._fail(self._delivery.bad_gateway)

    def timed_out(self, *, begun: bool) -> None:
        """The target sent nothing for the idle time-out."""
        self._connection = None
        if begun:
            self._abort()
        else:
            self._fail(self._patience.response)

    def _fail(self, response: Response) -> None:
        """Answer with an error, or cut off a response that has begun."""
        if not self._finish():
            return
        if self._answered:
            self._sink.abort()
        else:
            answer(self._sink, response, head_only=self.head_only)

    def _abort(self) -> None:
        if self._finish():
            self._sink.abort()

    def _finish(self) -> bool:
        if self._done:
            return False
        self._done = True
        self._connection = None
        if self._target is not None:
            self._target.finish()
        return True

    # The client.

    def cancel(self) -> None:
        connection = self._connection
        if not self._finish():
            return
        if self._connecting is not None:
            self._connecting.cancel()
        elif connection is not None:
            if self._tunnel:
                connection.close()
            else:
                connection.abort()

    def pause(self) -> None:
        self._paused = True
        if self._connection is not None:
            self._connection.pause_reading()

    def resume(self) -> None:
        self._paused = False
        if self._connection is not None:
            self._connection.resume_reading()

    def pause_client(self) -> None:
        """The target takes the body more slowly than it comes."""
        if self._exchange is not None:
            self._exchange.pause_client()

    def resume_client(self) -> None:
        """The counterpart of `pause_client`."""
        if self._exchange is not None:
            self._exchange.resume_client()
