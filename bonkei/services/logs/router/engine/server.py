"""The HTTP server of `http_server: on`, for health checks. Source: "Monitoring"."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

Answer = Callable[[str], "tuple[int, Any] | None"]
_READ = 5.0  # seconds for a request's head


async def serve(host: str, port: int, answer: Answer) -> asyncio.Server:
    """`answer` returns a status and a body (JSON, or plain text), or None."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_READ):
                head = await reader.readuntil(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].decode("latin-1").partition("?")[0]
            status, content = answer(path.rstrip("/") or "/") or (404, {"error": "not found"})
            body = content if isinstance(content, str) else json.dumps(content)
            kind = "text/plain" if isinstance(content, str) else "application/json"
            writer.write(
                f"HTTP/1.1 {status} {'OK' if status == 200 else 'Error'}\r\n"
                f"Content-Type: {kind}\r\nContent-Length: {len(body.encode())}\r\n"
                f"Connection: close\r\n\r\n{body}".encode()
            )
            await writer.drain()
        except (OSError, ValueError, IndexError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    return await asyncio.start_server(handle, host, port)
