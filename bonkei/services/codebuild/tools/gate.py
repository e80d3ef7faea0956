"""The proxy for a build's downloads. It listens on loopback, and the usual environment variables
name it.

A buildspec's `curl` is unchanged, and contacts the vendor's host. For replaced archives, the
miniature answers instead, over TLS with a certificate that only builds trust. Other archives come
from the vendor. Requests to other hosts pass unchanged if the build's subnets have a route to the
internet. Otherwise they are refused.
"""

from __future__ import annotations

import base64
import select
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bonkei.base.serving import Serving
from bonkei.services.codebuild.tools.archives import HOSTS, Served, find

if TYPE_CHECKING:
    from bonkei.services.codebuild.tools.certificates import Authority

_SILENCE = 60.0  # seconds without a byte
_CONNECTIONS = 64
_LONGEST_HEAD = 32_768  # bytes
_TRUSTING = (
    *("CURL_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "GIT_SSL_CAINFO", "PIP_CERT"),
    "NODE_EXTRA_CA_CERTS",
)
_LOOPBACK = ("127.", "localhost", "::1", "[::1]", "0.0.0.0")  # noqa: S104 - compared only


@dataclass(frozen=True, slots=True)
class Guest:
    """A build that may use the gate. `obstacle`: why its subnets have no way to the internet. `say`
    gets a line for the build's log."""

    obstacle: str
    say: Callable[[str], None]


class Gate:
    """Call `start`, then `admit` for each build. `variables` of the environment lead a build
    here."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self._guests: dict[str, Guest] = {}
        self._slots = threading.BoundedSemaphore(_CONNECTIONS)
        self._serving: Serving | None = None
        self._port = 0

    def start(self) -> None:
        gate = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with suppress(OSError, ssl.SSLError), gate._slots:
                    gate.answer(self.request)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_: object) -> None:
                """The build notices a closed connection."""

        server = Server(("127.0.0.1", 0), Handler)
        self._port = server.server_address[1]
        self._serving = Serving(server, "gate")
        self._serving.start()

    def stop(self) -> None:
        if self._serving is not None:
            self._serving.stop()
            self._serving = None

    @property
    def authorities(self) -> Path:
        """The file with the authorities that a build trusts."""
        return self._authority.bundle

    def admit(self, guest: Guest) -> str:
        """The token by which the gate knows a build."""
        token = token_urlsafe(18)
        self._guests[token] = guest
        return token

    def dismiss(self, token: str) -> None:
        self._guests.pop(token, None)

    def variables(self, token: str) -> Mapping[str, str]:
        """For the build's environment: the gate's address, and the authorities to trust."""
        url = f"http://build:{token}@127.0.0.1:{self._port}"
        near = "127.0.0.1,localhost,::1"
        trusted = str(self.authorities)
        names = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
        return {
            **dict.fromkeys(names, url),
            "NO_PROXY": near,
            "no_proxy": near,
            **dict.fromkeys(_TRUSTING, trusted),
        }

    def answer(self, connection: socket.socket) -> None:
        """Serve one connection of a build until it ends."""
        connection.settimeout(_SILENCE)
        head = _read_head(connection)
        request, _, rest = head.partition("\r\n")
        words = request.split(" ")
        guest = self._guests.get(_token(rest))
        if len(words) != 3 or guest is None:
            _refuse(connection, 407, "this proxy is for builds of the miniature")
        elif words[0] == "CONNECT":
            self._tunnel(connection, words[1], guest)
        else:
            self._plain(connection, words[0], words[1], head, guest)

    def _tunnel(self, connection: socket.socket, where: str, guest: Guest) -> None:
        host, _, port = where.rpartition(":")
        if host not in HOSTS:
            self._pass_on(connection, host, int(port or 443), guest, b"")
            return
        if self._is_shut(connection, host, guest):
            return
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with self._authority.contexts[host].wrap_socket(connection, server_side=True) as secure:
            head = _read_head(secure)
            words = head.partition("\r\n")[0].split(" ")
            path = words[1] if len(words) == 3 else ""
            served = find(host, path.partition("?")[0])
            if served is None:
                self._fetch(secure, host, head, guest)
            else:
                guest.say(_told(host, served))
                _send(secure, words[0], served.content)

    def _plain(
        self, connection: socket.socket, method: str, url: str, head: str, guest: Guest
    ) -> None:
        parts = urlsplit(url)
        if parts.hostname is None or parts.scheme != "http":
            _refuse(connection, 400, "not an address")
            return
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        lines = [f"{method} {target or '/'} HTTP/1.1", *_without_proxy(head)]
        first = ("\r\n".join([*lines, "Connection: close"]) + "\r\n\r\n").encode("latin-1")
        self._pass_on(connection, parts.hostname, parts.port or 80, guest, first)

    def _is_shut(self, connection: socket.socket, host: str, guest: Guest) -> bool:
        """On AWS the packets would be lost, and the client would wait until it gives up."""
        if guest.obstacle:
            guest.say(f"No way to {host}: {guest.obstacle}")
            _refuse(connection, 504, f"no way to {host}: {guest.obstacle}")
        return bool(guest.obstacle)

    def _pass_on(
        self, connection: socket.socket, host: str, port: int, guest: Guest, first: bytes
    ) -> None:
        if host.startswith(_LOOPBACK):
            _refuse(connection, 403, "loopback is asked without the proxy")
            return
        if self._is_shut(connection, host, guest):
            return
        try:
            other = socket.create_connection((host, port), timeout=_SILENCE)
        except OSError as error:
            _refuse(connection, 502, f"{host}: {error}")
            return
        with other:
            if first:
                other.sendall(first)
            else:
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            _relay(connection, other)

    def _fetch(self, secure: ssl.SSLSocket, host: str, head: str, guest: Guest) -> None:
        """Send requests without an archive of the miniature to the vendor, with the usual
        checks."""
        guest.say(f"{host} is asked itself: the miniature replaces only its archives of tools")
        try:
            plain = socket.create_connection((host, 443), timeout=_SILENCE)
            other = ssl.create_default_context().wrap_socket(plain, server_hostname=host)
        except OSError as error:
            _refuse(secure, 502, f"{host}: {error}")
            return
        with other:
            other.sendall(f"{head}\r\n\r\n".encode("latin-1"))
            _relay(secure, other)


def _told(host: str, served: Served) -> str:
    return (
        f"{host} is answered by the miniature: its archive for {served.name} {served.version}, "
        f"which runs the {served.name} that this machine has"
    )


def _read_head(connection: socket.socket) -> str:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(4096)
        if not piece or len(data) > _LONGEST_HEAD:
            raise ConnectionAbortedError
        data += piece
    return data.partition(b"\r\n\r\n")[0].decode("latin-1")


def _token(headers: str) -> str:
    for line in headers.split("\r\n"):
        name, _, value = line.partition(":")
        if name.lower() == "proxy-authorization":
            with suppress(ValueError):
                text = base64.b64decode(value.strip().removeprefix("Basic ")).decode()
                return text.partition(":")[2]
    return ""


def _without_proxy(head: str) -> list[str]:
    dropped = ("proxy-", "connection:", "keep-alive:")
    return [line for line in head.split("\r\n")[1:] if not line.lower().startswith(dropped)]


def _send(connection: socket.socket, method: str, content: bytes) -> None:
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
        f"Content-Length: {len(content)}\r\nConnection: close\r\n\r\n"
    )
    connection.sendall(head.encode() + (b"" if method == "HEAD" else content))


def _refuse(connection: socket.socket, status: int, why: str) -> None:
    body = f"{why}\n".encode()
    head = (
        f"HTTP/1.1 {status} {'Refused' if status < 500 else 'No way'}\r\n"
        'Proxy-Authenticate: Basic realm="builds"\r\n'
        f"Content-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    connection.sendall(head.encode() + body)


def _relay(one: socket.socket, other: socket.socket) -> None:
    """In both directions, until both sides have ended."""
    ways = {one: other, other: one}
    while ways:
        pending = [each for each in ways if isinstance(each, ssl.SSLSocket) and each.pending()]
        ready = pending or select.select(list(ways), [], [], _SILENCE)[0]
        if not ready:
            return
        for source in ready:
            data = source.recv(65_536)
            if data:
                ways[source].sendall(data)
            else:
                return
