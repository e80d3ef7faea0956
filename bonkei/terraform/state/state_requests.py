"""The requests of Terraform's http backend.

Apart from the server of the state, because an HTTP server of Python takes long to load.
https://developer.hashicorp.com/terraform/language/backend/http
"""

from __future__ import annotations

import base64
import hmac
import socket
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bonkei.terraform.state.state_server import State


class Requests(ThreadingHTTPServer):
    """Answers those who know the credentials, `user:password`."""

    def __init__(self, listening: socket.socket, state: State, credentials: str) -> None:
        super().__init__(listening.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.state = state
        self.credentials = b"Basic " + base64.b64encode(credentials.encode())


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    server: Requests

    def do_GET(self) -> None:
        if self._is_allowed():
            content = self.server.state.read()
            found = HTTPStatus.NOT_FOUND if content is None else HTTPStatus.OK
            self._answer(found, content or b"")

    def do_POST(self) -> None:
        if self._is_allowed():
            content = self.rfile.read(int(self.headers["Content-Length"]))
            taken = self.server.state.write(content)
            self._answer(HTTPStatus.OK if taken else HTTPStatus.CONFLICT)

    def do_DELETE(self) -> None:
        if self._is_allowed():
            self.server.state.delete()
            self._answer(HTTPStatus.OK)

    def log_message(self, *_: object) -> None:
        """Log nothing: Terraform reports errors."""

    def _is_allowed(self) -> bool:
        given = (self.headers["Authorization"] or "").encode("latin-1")
        allowed = hmac.compare_digest(given, self.server.credentials)
        if not allowed:
            self.close_connection = True
            self._answer(HTTPStatus.UNAUTHORIZED)
        return allowed

    def _answer(self, status: HTTPStatus, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
