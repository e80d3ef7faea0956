"""Hostile requests to a running program: garbage of every kind, partial or large."""

from __future__ import annotations

import asyncio
import random
import re
import socket
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

METHODS = (
    "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "PROPFIND",
    "FOO",
)  # fmt: skip
QUERIES = (
    "", "?", "?lang=%ff", "?next=//evil", "?next=%00", "?days=0", "?days=9999999999999999999999",
    "?state=x", "?state=all&limit=-1", "?before=x", "?before=9999-12-31T23:59:59.999999Z",
    "?before=0001-01-01T00:00:00%2B14:00", "?before=1e308", "?before=%00", "?" + "a&" * 5000,
    "?" + "%" * 100, "?a=\xff", "?" + "x" * 60_000,
)  # fmt: skip
BODIES = (
    b"", b"{}", b"{", b"[]", b"null", b"1e999", b'{"name":NaN}', b"9" * 5000, b"\xef\xbb\xbf{}",
    b'{"username":"\\u0000","password":"\\u0000"}', b'{"username":"\\ud800","password":"x"}',
    b'{"username":"a","password":"\\ud800"}', b'{"username":"\xff","password":"x"}',
    b'{"username":' + b"9" * 5000 + b',"password":1}', b'{"username":"a","password":"b"}',
    '{"username":"a","password":"b"}'.encode("utf-16"), b"[" * 60_000, b'{"a":' * 10_000,
    b"a=b&c=d", b"username=%00&password=%00&form_token=x", b"form_token=%ff", b"\xff\xfe\x00",
    b"a&" * 300, b"form_token=%ED%A0%80.x.y&username=a", b"x" * 70_000, b"x" * 140_000,
    b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b--\r\n",
)  # fmt: skip
TYPES = (
    b"", b"application/json", b"application/json; charset=utf-16", b"text/plain", b";;;", b"\xff",
    b"application/x-www-form-urlencoded", b"multipart/form-data", b"application/vnd.x+json",
    b"multipart/form-data; boundary=b", b"multipart/form-data; boundary=" + b"b" * 300,
)  # fmt: skip
_WEBSOCKET = (
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
)
HEADERS = (
    b"", b"Host: ", b"Host: evil\xff", b"Host: [::1", b"Cookie: visit=x", b"Cookie: \xff=\xff",
    b"Cookie: visit=eyJ9.x.y; __Host-visit=\xe3\x81", b"Cookie: " + b"a=b;" * 3000,
    b"Authorization: Bearer \xff", b"Authorization: Bearer", b"Authorization: Basic x",
    b"Authorization: Bearer " + b"x" * 8000, b"If-None-Match: *", b'If-None-Match: \xff"',
    b'If-Match: "\xff', b"Accept-Language: \xff,;;q=x", b"X-Forwarded-For: \xff,\xff",
    b"X-Forwarded-For: ,,", b"X-Forwarded-Host: [x\r\nOrigin: http://[x", b"Origin: http://[",
    b"Origin: https://\xe2\x84\x80/", b"Sec-Fetch-Site: \xff", b"X-Request-Id: \xff",
    b"X-Request-Id: a\x0bb", b"X-Amzn-Trace-Id: Root=1\x00", b"Range: bytes=-,-",
    b"Range: bytes=5-2,9999999-", b"Expect: 100-continue", b"Expect: \xff",
    _WEBSOCKET + b"x", _WEBSOCKET + b"dGhlIHNhbXBsZSBub25jZQ==",
    b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAARAAAAA",
    b"Content-Encoding: gzip", b"Transfer-Encoding: chunked", b"Content-Length: -1",
    b"Content-Length: 99999999999999999999", b"Content-Length: \xb2", b": x", b"A\x00: x",
    b"X: " + b"y" * 60_000, b"CloudFront-Forwarded-Proto: \xff",
)  # fmt: skip
_RESET_ON_CLOSE = b"\x01\0\0\0\0\0\0\0"


@dataclass(frozen=True, slots=True)
class Sent:
    raw: bytes
    leaves: bool  # without waiting for an answer


def nonsense(paths: Sequence[str], count: int, seed: int) -> Iterable[Sent]:
    """The same `count` requests each time. Some are cut in the middle, some have changed bytes."""
    chance = random.Random(seed)  # noqa: S311 - for tests, and the same each time
    for _ in range(count):
        raw = _request(chance, chance.choice(paths))
        fate = chance.choice(("whole", "whole", "whole", "half", "left", "changed"))
        if fate == "half":
            raw = raw[: chance.randrange(1, len(raw))]
        elif fate == "changed":
            mutable = bytearray(raw)
            for _ in range(chance.randrange(1, 6)):
                mutable[chance.randrange(min(len(mutable), 400))] = chance.randrange(256)
            raw = bytes(mutable)
        yield Sent(raw, leaves=fate in ("half", "left"))


def _request(chance: random.Random, path: str) -> bytes:
    method = chance.choice([*METHODS, "GET", "POST", "POST", "POST"])
    header, body = chance.choice([*HEADERS, b"", b"", b""]), chance.choice(BODIES)
    lines = [f"{method} {path}{chance.choice(QUERIES)} HTTP/1.1".encode("latin-1")]
    if not header.startswith(b"Host"):
        lines.append(b"Host: x")
    if header:
        lines.append(header)
    if kind := chance.choice(TYPES):
        lines.append(b"Content-Type: " + kind)
    if header.startswith(b"Transfer-Encoding"):
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
    elif not header.startswith(b"Content-Length"):
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def send(port: int, sent: Sent) -> int | None:
    """The answer's status; None if the server closes the connection, or does not answer at all."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        if len(sent.raw) % 2:  # half of those who leave reset the connection
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        try:
            connection.sendall(sent.raw)
            if sent.leaves:
                return None
            answer = connection.recv(4096)
        except (ConnectionError, TimeoutError):
            return None
    return _status(answer)


def _status(answer: bytes) -> int | None:
    found = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
    return int(found[1]) if found else None


def at_once(port: int, requests: Sequence[bytes]) -> Counter[int | None]:
    """Send each request over its own connection, all at once, and count the statuses."""

    async def ask(raw: bytes) -> int | None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(raw)
            return _status(await asyncio.wait_for(reader.readline(), 90))
        finally:
            writer.close()

    async def ask_all() -> list[int | None]:
        return await asyncio.gather(*(ask(raw) for raw in requests))

    return Counter(asyncio.run(ask_all()))


def upload(port: int, path: str, size: int) -> int:
    """The status for a client that sends a whole large body before it reads."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n"
        connection.sendall(head.encode() + b"Content-Type: application/json\r\n\r\n")
        for _ in range(size // 100_000):
            connection.sendall(b"x" * 100_000)
        return _status(connection.recv(4096)) or 0


def leave_amid(port: int, path: str) -> None:
    """Start to send a form, and leave."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
        connection.sendall(head.encode() + b"Content-Type: application/json\r\n\r\n{")
