"""Serves Terraform's state over HTTP during one run.

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
from collections.abc import Iterator, Mapping
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer

from bonkei.base import kept
from bonkei.base.serving import Serving

_USER = "terraform"
_LONGEST_LINE = 1 << 16
_MOST_HEADERS = 100


class StateServer:
    """A context manager. `environment` has the settings for Terraform's http backend."""

    def __init__(self, file: Path, *, reads_twice: bool = False) -> None:
        """With `reads_twice`, the first answer is that there is no state. The library reads it when
        it opens the backend and again when it begins an operation, and only the last one counts.
        Decoding a state of 259 resources takes a tenth of a second."""
        self._password = secrets.token_urlsafe(32)
        self._server = _Server(State(file, readable=not reads_twice), self._password)
        self._serving = Serving(self._server, "state")

    def __enter__(self) -> StateServer:
        self._serving.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the server. Raises OSError when the disk still refuses Terraform's last state."""
        self._serving.stop()
        self._server.state.settle()

    @property
    def environment(self) -> dict[str, str]:
        """The backend's settings, as the variables that it reads."""
        return {
            "TF_HTTP_ADDRESS": f"http://127.0.0.1:{self._server.server_address[1]}/state",
            "TF_HTTP_USERNAME": _USER,
            "TF_HTTP_PASSWORD": self._password,
        }


class State:
    """Holds the file, and the state that the disk refused.

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
        return kept.unsealed(self._file.read_bytes()) if self._file.is_file() else None

    def write(self, content: bytes) -> bool:
        """Take in a state. Returns False for one that does not continue the present state."""
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


class _Server(ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, state: State, password: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.state = state
        self.credentials = b"Basic " + base64.b64encode(f"{_USER}:{password}".encode())


class _Handler(StreamRequestHandler):
    """Speaks as much HTTP as Terraform does. Python's own server for it takes 20 ms to load, and
    each plan would wait for that."""

    timeout = 30
    server: _Server

    def handle(self) -> None:
        with suppress(TimeoutError, ConnectionError):
            while self._serve_one():
                pass

    def _serve_one(self) -> bool:
        """Answer a request. Returns whether another one may follow on this connection."""
        method = self.rfile.readline(_LONGEST_LINE).partition(b" ")[0]
        headers = dict(self._headers())
        if not hmac.compare_digest(headers.get(b"authorization", b""), self.server.credentials):
            if method:
                self._answer(HTTPStatus.UNAUTHORIZED)
            return False
        state = self.server.state
        match method:
            case b"GET":
                content = state.read()
                found = HTTPStatus.NOT_FOUND if content is None else HTTPStatus.OK
                self._answer(found, content or b"")
            case b"POST":
                content = self._content(headers)
                if content is None:
                    return False
                taken = state.write(content)
                self._answer(HTTPStatus.OK if taken else HTTPStatus.CONFLICT)
            case b"DELETE":
                state.delete()
                self._answer(HTTPStatus.OK)
            case _:
                self._answer(HTTPStatus.NOT_IMPLEMENTED)
                return False
        return True

    def _content(self, headers: Mapping[bytes, bytes]) -> bytes | None:
        """Read the body. The result is None for half a state, because Terraform was killed while it
        sent it."""
        length = headers.get(b"content-length", b"")
        if not length.isdigit():
            return None
        content = self.rfile.read(int(length))
        return content if len(content) == int(length) else None

    def _headers(self) -> Iterator[tuple[bytes, bytes]]:
        for _ in range(_MOST_HEADERS):
            name, colon, value = self.rfile.readline(_LONGEST_LINE).partition(b":")
            if not colon:
                return
            yield name.lower(), value.strip()

    def _answer(self, status: HTTPStatus, body: bytes = b"") -> None:
        head = f"HTTP/1.1 {status} {status.phrase}\r\nContent-Length: {len(body)}\r\n\r\n"
        self.wfile.write(head.encode() + body)


def _write(file: Path, content: bytes) -> None:
    try:
        kept.write(file, kept.sealed(content))
    except OSError as error:  # which names no file when it is the writing that fails
        raise OSError(error.errno, error.strerror, str(file)) from error
