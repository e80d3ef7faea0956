"""One HTTP/1.1 request on its own connection."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

_READ_LIMIT = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    status: int
    body: bytes


async def send(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes = b"",
    *,
    connect_timeout: float = 10.0,
    seconds: float = 60.0,
) -> HttpAnswer:
    """Raises OSError (or TimeoutError) when there is no answer, or the answer is not HTTP."""
    parts = urlsplit(url)
    host = parts.hostname or "127.0.0.1"
    tls = parts.scheme == "https"
    async with asyncio.timeout(connect_timeout):
        reader, writer = await asyncio.open_connection(
            host, parts.port or (443 if tls else 80), ssl=tls or None, limit=_READ_LIMIT
        )
    try:
        async with asyncio.timeout(seconds):
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            lines = [f"{method} {path} HTTP/1.1"]
            lines += [f"{name}: {value}" for name, value in headers.items()]
            if "host" not in {name.lower() for name in headers}:
                lines.append(f"Host: {parts.netloc}")
            lines += [f"Content-Length: {len(body)}", "Connection: close", "", ""]
            writer.write("\r\n".join(lines).encode("latin-1"))
            writer.write(body)
            await writer.drain()
            return await _answer(reader)
    except (ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise OSError(f"{url}: the answer is not whole: {error}") from error
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> HttpAnswer:
    while True:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split()[1])
        if status != 100:
            break
    headers = dict(_header(line) for line in head[1:] if ":" in line)
    if "chunked" in headers.get("transfer-encoding", "").lower():
        parts: list[bytes] = []
        while size := int((await reader.readline()).split(b";")[0], 16):
            parts.append(await reader.readexactly(size))
            await reader.readline()
        return HttpAnswer(status, b"".join(parts))
    if "content-length" in headers:
        return HttpAnswer(status, await reader.readexactly(int(headers["content-length"])))
    return HttpAnswer(status, await reader.read(_READ_LIMIT))


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip().lower(), value.strip()
