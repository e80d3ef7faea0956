"""Makes the parts of an engine from its configuration, and its HTTP server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bonkei.services.logs.router.aws import AwsClient, CredentialsProvider
from bonkei.services.logs.router.configuration import values
from bonkei.services.logs.router.configuration.model import Section
from bonkei.services.logs.router.outputs import Output
from bonkei.services.logs.router.outputs.cloudwatch import CloudWatchOutput
from bonkei.services.logs.router.outputs.s3 import S3Output

LEVELS = {"off": 0, "error": 1, "warn": 2, "info": 3, "debug": 4, "trace": 5}


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """The settings of `service`; times in seconds."""

    flush: float
    grace: float
    level: int
    storage: Path
    base: float
    cap: float

    @classmethod
    def read(cls, service: Section) -> EngineSettings:
        return cls(
            values.decimal(service, "flush", 1.0),
            values.decimal(service, "grace", 5.0),
            LEVELS.get(service.text("log_level", "info"), 3),
            Path(service.text("storage.path")),
            values.decimal(service, "scheduler.base", 5.0),
            values.decimal(service, "scheduler.cap", 2000.0),
        )


def make_output(
    section: Section, credentials: CredentialsProvider, report: Callable[[str, str], None]
) -> Output:
    """Raises RouterError for settings that cannot be understood."""

    def client(service: str) -> AwsClient:
        return AwsClient(service, section.text("region"), section.text("endpoint"), credentials)

    if section.name.lower() == "s3":
        return S3Output.make(section, client("s3"), report)
    return CloudWatchOutput.make(section, client("logs"), report)


# The HTTP server of `http_server: on`, for health checks. Source: "Monitoring".

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
