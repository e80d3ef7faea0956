"""Terraform's state over HTTP, for the time of one run.

The local backend writes the whole state after each resource: with two hundred resources that is
half of an apply's work. A remote state is written every 20 seconds and at the end, and the HTTP
backend is the simplest remote one. (What the miniature has in its state exists nowhere else, so
nothing is orphaned if Terraform is killed in between.)

Listens on loopback; the password is new each time and reaches Terraform in its environment.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from bonkei.serving import Serving

_USER = "terraform"


class StateServer:
    """A context manager; `environment`: the settings for Terraform's http backend."""

    def __init__(self, file: Path, *, reads_twice: bool = False) -> None:
        """`reads_twice`: as the library does, when it opens the backend and when it begins an
        operation, which starts from what was read last. So the first answer is that there is none:
        decoding a state of 259 resources takes a tenth of a second."""
        self._password = secrets.token_urlsafe(32)
        self._server = _Server(_State(file, readable=not reads_twice), self._password)
        self._serving = Serving(self._server, "state")

    def __enter__(self) -> StateServer:
        self._serving.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Raises OSError when the disk still refuses Terraform's last state."""
        self._serving.stop()
        self._server.state.settle()

    @property
    def environment(self) -> dict[str, str]:
        """The backend's settings, as the variables that it reads."""
        return {
            "TF_HTTP_ADDRESS": f"http://127.0.0.1:{self._server.server_port}/state",
            "TF_HTTP_USERNAME": _USER,
            "TF_HTTP_PASSWORD": self._password,
        }


class _State:
    """The file, and the state that the disk refused.

    After an error Terraform would write the whole state, with its secrets, to another file or the
    terminal. So Terraform gets no error; the user gets it at the end.
    """

    def __init__(self, file: Path, *, readable: bool) -> None:
        self._file = file
        self._held: bytes | None = None
        self._readable = readable
        self._was_read = False

    def read(self) -> bytes | None:
        if not self._readable:
            self._readable = True
            return None
        self._was_read = True
        if self._held is not None:
            return self._held
        return self._file.read_bytes() if self._file.is_file() else None

    def write(self, content: bytes) -> bool:
        """False for a state that does not continue the one that is there."""
        if not self._was_read and self._file.is_file():
            return False
        self._held = content
        with suppress(OSError):
            self.settle()
        return True

    def delete(self) -> None:
        self._held = None
        self._file.unlink(missing_ok=True)

    def settle(self) -> None:
        """Write the state that is not in the file yet."""
        if self._held is not None:
            _write(self._file, self._held)
            self._held = None


class _Server(ThreadingHTTPServer):
    def __init__(self, state: _State, password: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.state = state
        self.credentials = b"Basic " + base64.b64encode(f"{_USER}:{password}".encode())


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    server: _Server

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


def _write(file: Path, content: bytes) -> None:
    draft = file.with_suffix(".draft")
    try:
        draft.touch(mode=0o600)
        draft.write_bytes(content)
        draft.replace(file)
    except OSError as error:  # which names no file when it is the writing that fails
        raise OSError(error.errno, error.strerror, str(file)) from error
