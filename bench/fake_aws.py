"""The calls of S3 and CloudWatch Logs that a log router uses: an HTTP server that stores what it
gets. It can refuse, be slow or be down on demand."""

from __future__ import annotations

import asyncio
import gzip
import json
import ssl
import time
from dataclasses import dataclass, field
from typing import Any

from tests.support.ports import free_port

_HEAD = b"\r\n\r\n"


def _two_free_ports() -> int:
    """The first of two free ports, below the range of outgoing connections."""
    one, other = free_port(), free_port()
    while other != one + 1:
        one, other = other, free_port()
    return one


@dataclass(slots=True)
class FakeAws:
    """`status`: the answer to every call, which then has no effect; `delay`: seconds before each
    answer."""

    objects: dict[str, bytes] = field(default_factory=dict)
    events: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    groups: set[str] | None = None
    status: int = 0
    delay: float = 0.0
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    port: int = 0
    delays: list[float] = field(default_factory=list)
    _servers: list[asyncio.Server] = field(default_factory=list)
    _connections: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self, tls: ssl.SSLContext | None = None) -> None:
        """Listens on `port` without TLS, and with `tls` also on the next port. The kernel gives
        neither port to another program while this is down."""
        self.port = self.port or _two_free_ports()
        self._servers = [
            await asyncio.start_server(self._accept, "127.0.0.1", self.port, limit=2**25)
        ]
        if tls is not None:
            self._servers.append(
                await asyncio.start_server(
                    self._accept, "127.0.0.1", self.port + 1, limit=2**25, ssl=tls
                )
            )

    async def stop(self) -> None:
        for server in self._servers:
            server.close()
        self._servers = []
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    @property
    def is_up(self) -> bool:
        return bool(self._servers)

    def lines(self, prefix: str = "") -> list[dict[str, Any]]:
        """The JSON lines of all objects whose key has this beginning, in the order of their
        upload."""
        found = (body for key, body in self.objects.items() if key.startswith(prefix))
        texts = (gzip.decompress(b) if b[:2] == b"\x1f\x8b" else b for b in found)
        return [json.loads(line) for text in texts for line in text.splitlines()]

    def messages(self, stream: str) -> list[str]:
        return [e["message"] for (_, s), found in self.events.items() if s == stream for e in found]

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(_HEAD)).decode("latin-1").split("\r\n")
                headers = {
                    name.lower(): value.strip()
                    for name, _, value in (line.partition(":") for line in head[1:] if line)
                }
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                method, path, _ = head[0].split(" ", 2)
                await asyncio.sleep(self.delay)
                status, content = self._answer(method, path, headers, body)
                writer.write(
                    # The real Fluent Bit does not accept an answer without a request id.
                    f"HTTP/1.1 {status} X\r\nx-amzn-RequestId: 1\r\n"
                    f"Content-Length: {len(content)}\r\n\r\n".encode()
                    + content
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    def _answer(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, bytes]:
        self.calls.append((f"{method} {path}", headers))
        if self.status:
            code = "AccessDeniedException" if self.status < 500 else "InternalFailure"
            return self.status, json.dumps({"__type": code}).encode()
        if method == "PUT":
            self.objects[path.partition("?")[0].split("/", 2)[2]] = body
            return 200, b""
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        told = json.loads(body or b"{}")
        return self._logs(operation, told)

    def _logs(self, operation: str, told: dict[str, Any]) -> tuple[int, bytes]:
        group = str(told.get("logGroupName", ""))
        place = (group, str(told.get("logStreamName", "")))
        if operation == "CreateLogGroup" and self.groups is not None:
            self.groups.add(group)
        elif self.groups is not None and group not in self.groups:
            return 400, b'{"__type":"ResourceNotFoundException","message":"no group"}'
        elif operation == "CreateLogStream":
            if place in self.events:
                return 400, b'{"__type":"ResourceAlreadyExistsException"}'
            self.events[place] = []
        elif operation == "PutLogEvents":
            if place not in self.events:
                return 400, b'{"__type":"ResourceNotFoundException"}'
            self.events[place] += told["logEvents"]
            now = time.time()
            self.delays += [now - event["timestamp"] / 1000 for event in told["logEvents"]]
        return 200, b"{}"
