"""The queries that were started, and what they found.

Quotas: "CloudWatch Logs quotas", https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/
cloudwatch_limits_cwl.html. AWS keeps results for seven days; here the last ones are kept.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import uuid4

from bonkei.base.background import Background
from bonkei.services.logs.errors import LogsError, invalid
from bonkei.services.logs.queries.search import Search

_RUN = (sys.executable, "-P", "-m", "bonkei.services.logs.queries")
_MOST_AT_ONCE = 30
_AT_WORK = 2  # processes; the others wait
_KEPT = 50
_KEPT_BYTES = 64 << 20


@dataclass(slots=True)
class Started:
    """`status`: as GetQueryResults has it. `created`: milliseconds. `output`: a Result as JSON, if
    it is complete."""

    search: Search
    created: int
    status: str = "Scheduled"
    output: bytes = b""
    process: asyncio.subprocess.Process | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_running(self) -> bool:
        return self.status in ("Scheduled", "Running")

    @property
    def result(self) -> Mapping[str, Any]:
        """The members of a Result; empty while it runs."""
        found: Mapping[str, Any] = json.loads(self.output) if self.output else {}
        return found


class Queries:
    """Runs each query in a process. Call `stop` at the end."""

    def __init__(self) -> None:
        self._queries: dict[str, Started] = {}
        self._background = Background()
        self._room = asyncio.Semaphore(_AT_WORK)

    def __iter__(self) -> Iterator[tuple[str, Started]]:
        """The latest first."""
        return iter(tuple(self._queries.items())[::-1])

    def start(self, search: Search, now: int) -> str:
        """Returns the query's id. Raises LogsError when too many run."""
        if sum(each.is_running for each in self._queries.values()) >= _MOST_AT_ONCE:
            raise LogsError("LimitExceededException", f"{_MOST_AT_ONCE} queries run already.")
        identifier, started = str(uuid4()), Started(search, now)
        self._queries[identifier] = started
        self._background.start(self._run(started))
        return identifier

    def get(self, identifier: str) -> Started:
        """Raises LogsError (ResourceNotFoundException)."""
        if identifier not in self._queries:
            raise LogsError("ResourceNotFoundException", "The specified query does not exist.")
        return self._queries[identifier]

    def cancel(self, identifier: str) -> None:
        """Raises LogsError if the query has ended."""
        started = self.get(identifier)
        if not started.is_running:
            raise invalid(f"The query {identifier} has ended: its status is {started.status}.")
        started.status = "Cancelled"
        started.ended.set()
        _kill(started)

    async def answer(self, search: Search, now: int) -> Started:
        """Wait for the query's end. Cancelled, it stops the query. Raises LogsError."""
        identifier = self.start(search, now)
        started = self.get(identifier)
        try:
            await started.ended.wait()
        finally:
            if started.is_running:
                self.cancel(identifier)
        return started

    async def stop(self) -> None:
        await self._background.stop()

    async def _run(self, started: Started) -> None:
        async with self._room:
            if not started.is_running:
                return
            started.status = "Running"
            pipe = asyncio.subprocess.PIPE
            # In a session of its own: Ctrl-C is for the miniature, which then ends it.
            started.process = await asyncio.create_subprocess_exec(
                *_RUN, stdin=pipe, stdout=pipe, stderr=None, start_new_session=True
            )
            try:
                given = json.dumps(asdict(started.search)).encode()
                output, _ = await started.process.communicate(given)
            finally:
                _kill(started)
                await started.process.wait()
        if started.status == "Running":
            _ended(started, output)
            started.ended.set()
        self._forget()

    def _forget(self) -> None:
        ended = [name for name, each in self._queries.items() if not each.is_running]
        size = sum(len(self._queries[name].output) for name in ended)
        while len(ended) > 1 and (len(ended) > _KEPT or size > _KEPT_BYTES):
            size -= len(self._queries.pop(ended.pop(0)).output)


def _ended(started: Started, output: bytes) -> None:
    code = started.process.returncode if started.process else None
    started.status = {0: "Complete", -signal.SIGXCPU: "Timeout", -signal.SIGKILL: "Timeout"}.get(
        code if code is not None else 1, "Failed"
    )
    if started.status == "Complete":
        started.output = output


def _kill(started: Started) -> None:
    if started.process is not None:
        with suppress(ProcessLookupError):
            started.process.kill()
