"""Health checks over the network, with one loop for each target."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import httptools

from bonkei.base.events import Endpoint
from bonkei.blueprint.elbv2 import TargetHealthCheck
from bonkei.services.edge.targets.target import Target
from bonkei.services.edge.targets.target_health import (
    FAILED,
    MISMATCH,
    TIMEOUT,
    Outcome,
    after,
    matches,
)

SQUATTED = Outcome(False, FAILED, "Another program listens on the task's port")

Probe = Callable[[Endpoint, TargetHealthCheck], Awaitable[Outcome]]


async def probe(endpoint: Endpoint, check: TargetHealthCheck) -> Outcome:
    """One check: a GET on a separate connection, judged by its status alone."""
    try:
        async with asyncio.timeout(check.timeout):
            status = await _status(endpoint, check.path)
    except TimeoutError:
        return Outcome(False, TIMEOUT, "Request timed out")
    except (OSError, EOFError, httptools.HttpParserError, httptools.HttpParserUpgrade):
        return Outcome(False, FAILED, "Health checks failed")
    if matches(check.matcher, status):
        return Outcome(True)
    return Outcome(False, MISMATCH, f"Health checks failed with these codes: [{status}]")


async def _status(endpoint: Endpoint, path: str) -> int:
    reader, writer = await asyncio.open_connection(endpoint.host, endpoint.port)
    try:
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: {endpoint.host}:{endpoint.port}\r\n"
            "Connection: close\r\nUser-Agent: ELB-HealthChecker/2.0\r\n"
            "Accept-Encoding: gzip, compressed\r\n\r\n".encode()
        )
        head = _Head()
        while not head.complete:
            data = await reader.read(65536)
            if not data:
                raise EOFError
            head.parser.feed_data(data)
        return int(head.parser.get_status_code())
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


class _Head:
    def __init__(self) -> None:
        self.complete = False
        self.parser = httptools.HttpResponseParser(self)

    def on_headers_complete(self) -> None:
        self.complete = self.complete or not 100 <= self.parser.get_status_code() < 200


class HealthChecker:
    """Checks one target as long as it is registered. Calls `changed` when the target's state
    changes, and `checked` after each check.

    While a target is `initial`, it is probed every `initial_interval`. A success counts at once,
    and failures count once an interval. The results are the same as on AWS, which checks from
    several nodes. But a process that starts in a second need not wait for a whole interval.
    """

    def __init__(
        self,
        target: Target,
        check: TargetHealthCheck,
        changed: Callable[[Target], None],
        initial_interval: float,
        probe: Probe = probe,
        checked: Callable[[Target, Outcome], None] = lambda _target, _outcome: None,
    ) -> None:
        self._checked = checked
        self.check = check
        self._target = target
        self._changed = changed
        self._initial_interval = initial_interval
        self._probe = probe
        self._task = asyncio.ensure_future(self._run())

    def stop(self) -> asyncio.Task[None]:
        """Stop checking. The returned task ends when a check in progress is over."""
        self._task.cancel()
        return self._task

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        counted = loop.time()
        while True:
            begun = loop.time()
            outcome = await self._probe(self._target.endpoint, self.check)
            if outcome.passed and self._target.is_squatted:
                outcome = SQUATTED
            initial = self._target.health.state == "initial"
            if outcome.passed or not initial or begun - counted >= self.check.interval:
                counted = begun
                self._observe(outcome)
            self._checked(self._target, outcome)
            initial = self._target.health.state == "initial"
            interval = min(self._initial_interval, self.check.interval) if initial else None
            await asyncio.sleep(max(0.0, begun + (interval or self.check.interval) - loop.time()))

    def _observe(self, outcome: Outcome) -> None:
        before = self._target.health
        check = self.check
        now = after(
            before, outcome, healthy=check.healthy_threshold, unhealthy=check.unhealthy_threshold
        )
        self._target.health = now
        if (now.state, now.reason) != (before.state, before.reason):
            self._changed(self._target)
