"""The only way in: connections that Bonkei hands over, and requests for the services in SERVICES.

Bonkei's end is `bonkei/services/endpoint/backing/channel.py`. MiniStack would listen on a port, and
it has pages of its own and about a hundred further services, some of which run programs.
"""

import os
import signal
import socket

from hypercorn.config import Config, Sockets
from ministack import app
from ministack.services import s3


class _Channel(socket.socket):
    """Each message has the descriptor of a connection. To asyncio it is a socket that listens."""

    def listen(self, _backlog=0):
        """It listens since its start."""

    def accept(self):
        told, descriptors, _, _ = socket.recv_fds(self, 1, 1)
        if not told:  # Bonkei has gone
            signal.raise_signal(signal.SIGTERM)
            raise ConnectionAbortedError
        if not descriptors:  # none was free
            raise ConnectionAbortedError
        connection = socket.socket(fileno=descriptors[0])
        try:
            connection.send(b"\0")
        except OSError as error:  # the caller has given up
            connection.close()
            raise ConnectionAbortedError from error
        return connection, ""


def _take_connections():
    """MiniStack would listen on a port, for every process of this machine."""
    channel = _Channel(fileno=int(os.environ["CONNECTIONS_FD"]))
    channel.setblocking(False)
    Config.create_sockets = lambda _: Sockets([], [channel], [])


def _have_no_pages():
    """Paths and hosts of other services, and MiniStack's own pages, come before the services."""
    serve = app.app

    async def nothing(*_values, **_named):
        return None

    async def serve_services(scope, receive, send):
        if not scope.get("path", "").startswith("/_ministack/"):
            await serve(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    app._handle_pre_body_request = nothing
    app._handle_post_body_shortcuts = nothing
    app._handle_special_data_plane_request = nothing
    app.app = serve_services


def _let_buckets_decide_about_origins():
    """MiniStack would let every web page read every answer."""
    dispatch = app._dispatch_service_request

    async def dispatch_alone(method, path, headers, body, query_params, request_id):
        status, answered, content = await dispatch(
            method, path, headers, body, query_params, request_id
        )
        for name in [each for each in answered if each.lower().startswith("access-control-")]:
            del answered[name]
        service = app.detect_service(method, path, headers, query_params)
        if service == "s3" and (target := app._s3_cors_target("", path)):
            answered |= s3.cors_response_headers(target[0], method, headers)
        return status, answered, content

    app._dispatch_service_request = dispatch_alone


def install():
    """Call it before anything is answered. MiniStack itself reads SERVICES."""
    _take_connections()
    _have_no_pages()
    _let_buckets_decide_about_origins()
