"""The load, seen from the supervisor: a process that sends requests, and the lines that it
writes."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from bonkei.services.faults.drill import requests, scenario
from bonkei.services.faults.drill.report import Second
from bonkei.services.faults.errors import FaultError

_LINE = 1024 * 1024  # bytes
_PATIENCE = 3.0  # seconds for requests in flight, when the load is ended early


class Sending(Protocol):
    """A load that can be sent once."""

    async def run(self, begun: Callable[[float], None], second: Callable[[Second], None]) -> None:
        """Run until all requests are answered. `begun`: Unix time. When cancelled, it reports its
        results so far, and ends."""
        ...


class LoadProcess:
    """A `Sending`. `url` stands before each path; it is empty where the paths are whole URLs."""

    def __init__(self, load: scenario.Load, url: str, seconds: float) -> None:
        self._given = {
            "url": url, "paths": load.paths, "rate": load.rate, "timeout": load.timeout,
            "seconds": seconds,
        }  # fmt: skip

    async def run(self, begun: Callable[[float], None], second: Callable[[Second], None]) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", str(requests.__file__), json.dumps(self._given),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE, start_new_session=True, limit=_LINE,
        )  # fmt: skip
        assert process.stdout is not None  # noqa: S101 - it was asked for
        reading = asyncio.create_task(_read(process.stdout, begun, second))
        failed = asyncio.create_task(_last_words(process))
        try:
            await asyncio.shield(reading)
        except asyncio.CancelledError:
            if process.stdin is not None:
                process.stdin.close()
            with suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE):
                    await asyncio.shield(reading)
            raise
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            code, words = await _ended(process), await failed
        if code:
            raise FaultError(f"the load could not be sent: {words or f'exit code {code}'}")


async def _ended(process: asyncio.subprocess.Process) -> int:
    """The process's exit code. It should end after its output. If it does not, it is killed."""
    try:
        async with asyncio.timeout(_PATIENCE):
            return await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        return await process.wait()


async def _read(
    stream: asyncio.StreamReader,
    begun: Callable[[float], None],
    second: Callable[[Second], None],
) -> None:
    async for line in stream:
        found = json.loads(line)
        if "begun" in found:
            begun(float(found["begun"]))
        else:
            second(second_of(found))


async def _last_words(process: asyncio.subprocess.Process) -> str:
    if process.stderr is None:
        return ""
    text = (await process.stderr.read()).decode(errors="replace").strip()
    return text.rpartition("\n")[2][:300]


def second_of(found: dict[str, Any]) -> Second:
    return Second(
        int(found["second"]),
        int(found["sent"]),
        {str(status): int(count) for status, count in found["answers"].items()},
        {str(why): int(count) for why, count in found["failed"].items()},
        {int(number): int(count) for number, count in found["latency"].items()},
    )
