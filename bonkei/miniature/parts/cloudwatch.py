"""The monitor as the supervisor uses it. It measures the parts, and acts through the services."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from bonkei.base.aws_service import Aws, AwsService
from bonkei.base.events import Bus
from bonkei.blueprint import Blueprint
from bonkei.miniature.measures.deliveries import counted
from bonkei.miniature.measures.measures import MEASURED, Measures, Shown
from bonkei.miniature.measures.queues import QueueDepths
from bonkei.miniature.parts.ecs.events import EcsEvents, FindTask
from bonkei.miniature.rehearsal.causes.letters import LETTERS, take_back
from bonkei.miniature.rehearsal.values import Means, Request, World
from bonkei.services.cloudwatch.actions import AlarmActions
from bonkei.services.cloudwatch.api import cloudwatch
from bonkei.services.cloudwatch.metric.model import Datum
from bonkei.services.cloudwatch.monitor import Monitor
from bonkei.services.cloudwatch.values import Around, MonitorSnapshot
from bonkei.services.codepipeline.pipelines import Pipelines
from bonkei.services.eventbridge.api import eventbridge, scheduler
from bonkei.services.eventbridge.bus import EventBus
from bonkei.services.eventbridge.targets import EventTargets

MakeMonitor = Callable[[Around], Monitor]


class MonitorPart:
    """Call `follow` with each blueprint. `store_rests`: as in `QueueDepths`. `find_task`: for the
    events of tasks."""

    name = "monitor"

    def __init__(
        self,
        make: MakeMonitor,
        bus: Bus,
        shown: Shown,
        aws: Aws,
        store_rests: Callable[[], bool] = lambda: False,
        find_task: FindTask = lambda _: None,
    ) -> None:
        self._aws = aws
        self.measures = Measures(bus, shown)
        self.events = EventBus(EventTargets(aws).deliver, count=counted(self._put))
        self._ecs = EcsEvents(bus, self.events, find_task)
        around = Around(self._measure, AlarmActions(aws), self.events.put)
        self.monitor = make(around)
        if self.monitor.directory is not None:
            self.events.catalogue.open(self.monitor.directory / "rules.json")
        self._taking_back: asyncio.Task[None] | None = None
        self._measuring: asyncio.Task[None] | None = None
        self._queues = QueueDepths(aws, self.monitor.put, store_rests)
        self.answers: Mapping[str, AwsService] = {
            "cloudwatch": cloudwatch(self.monitor),
            "events": eventbridge(self.events),
            "scheduler": scheduler(self.events),
        }

    def _put(self, one: Datum) -> None:
        self.monitor.put(one)

    def _measure(self, now: float, seconds: float) -> Iterator[Datum]:
        """Where a period is shorter than declared, the queues are measured as often, too: an alarm
        would take the time in between for missing data."""
        is_shorter = self.monitor.is_hurried or self.monitor.compression > 1
        if is_shorter and (self._measuring is None or self._measuring.done()):
            self._measuring = asyncio.create_task(self._queues.measure(now))
        return self.measures.minute(now, seconds)

    def follow(self, blueprint: Blueprint) -> None:
        """Follow the declared alarms and metric filters."""
        self.measures.follow(blueprint)
        self.monitor.follow(blueprint, MEASURED)
        self.events.follow((*blueprint.event_rules, *blueprint.schedules))
        self._ecs.follow(blueprint)
        self._queues.follow(blueprint.queues)

    def begin(self) -> None:
        """Minutes pass from now on. Before this, a part that has not started is not a reason for an
        alarm, and neither are the errors of its clients."""
        self.measures.forget(time.time())
        self.monitor.start()
        self.events.start()
        self._queues.start()
        if self.monitor.directory is not None:
            left = take_back(self.monitor.directory / LETTERS, self._aws)
            self._taking_back = asyncio.create_task(left)

    def world(
        self,
        blueprint: Callable[[], Blueprint],
        firewall: Request | None,
        means: Means | None,
        pipelines: Pipelines | None = None,
    ) -> World:
        """The surroundings for reading and rehearsing alarms."""
        return World(self.monitor, blueprint, self._aws, firewall, means, self.events, pipelines)

    def state_of(self, alarm: str) -> str:
        """OK, ALARM or INSUFFICIENT_DATA; empty if there is no such alarm."""
        states = {each.name: each.state for each in self.monitor.snapshot().alarms}
        return str(states.get(alarm, ""))

    async def look(self) -> None:
        """Measure the queues now, for a caller that cannot wait for the minute."""
        await self._queues.measure(time.time())

    def snapshot(self) -> MonitorSnapshot:
        """For `bonkei status`."""
        found = self.monitor.snapshot()
        return replace(found, notes=(*found.notes, *self.events.notes()))

    async def stop(self) -> None:
        """No minute passes any more. Programs and functions are answered until `close`."""
        jobs = [job for job in (self._taking_back, self._measuring) if job is not None]
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
        self.measures.stop()
        self._ecs.stop()
        await self.events.stop()
        await self._queues.stop()
        await self.monitor.rest()

    async def close(self) -> None:
        """All known data is on disk."""
        self.monitor.close()
