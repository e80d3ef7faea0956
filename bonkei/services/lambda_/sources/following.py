"""The pollers of the event sources in the definitions."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bonkei.base.aws_service import Aws
from bonkei.blueprint.lambda_.event_source import EventSource
from bonkei.blueprint.lambda_.function import Function
from bonkei.services.lambda_.sources.filtering import problem
from bonkei.services.lambda_.sources.queue import Invoke, QueuePoller
from bonkei.services.lambda_.sources.stream import SendDiscarded, StreamPoller

Poller = QueuePoller | StreamPoller


@dataclass(frozen=True, slots=True)
class Ways:
    """How to call queues and streams, invoke functions, and forward records that were given up."""

    aws: Aws
    invoke: Invoke
    send: SendDiscarded
    report: Callable[[str], None]


class EventSources:
    """`directory`: where the streams' positions are kept."""

    def __init__(self, directory: Path, ways: Ways, pace: float) -> None:
        self._directory = directory
        self._ways = ways
        self._pace = pace
        self._pollers: list[Poller] = []
        self._refused: set[EventSource] = set()

    async def follow(
        self, declared: tuple[EventSource, ...], functions: Mapping[str, Function]
    ) -> None:
        """Start one poller for each polled source of a function. `functions`: by ARN."""
        wanted = {
            (source, functions[source.function].role_arn)
            for source in declared
            if source.enabled and source.function in functions and self._is_possible(source)
        }
        for poller in [each for each in self._pollers if each.key not in wanted]:
            self._pollers.remove(poller)
            await poller.stop()
        for source, role in wanted - {each.key for each in self._pollers}:
            poller = self._make(source, role)
            self._pollers.append(poller)
            poller.start()

    async def stop(self) -> None:
        await asyncio.gather(*(each.stop() for each in self._pollers))

    def _is_possible(self, source: EventSource) -> bool:
        if why := problem(source.filters):
            if source not in self._refused:
                self._refused.add(source)
                self._ways.report(f"{source.address} is not polled: {why}")
            return False
        return True

    def _make(self, source: EventSource, role: str) -> Poller:
        ways = self._ways
        if ":sqs:" in source.source:
            return QueuePoller(source, role, ways.aws, ways.invoke, ways.report)
        name = hashlib.sha256(f"{source.source} {source.function}".encode()).hexdigest()[:16]
        place = self._directory / f"{name}.position"
        return StreamPoller(
            source, role, ways.aws, ways.invoke, ways.send, ways.report, place, self._pace
        )
