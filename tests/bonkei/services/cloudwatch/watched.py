"""A monitor whose clock a test sets, and its messages to others."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from bonkei.base.errors import BonkeiError
from bonkei.base.events import Bus
from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudwatch import Alarm, Metric
from bonkei.services.cloudwatch.metric.model import Datum, datum, metric_id
from bonkei.services.cloudwatch.monitor import Monitor
from bonkei.services.cloudwatch.values import Around

T = 1_800_000_000.0
TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"
M = metric_id("AWS/ECS", "CPUUtilization", {"ServiceName": "backend"})


def alarm(**more: Any) -> Alarm:
    settings: dict[str, Any] = {
        "address": "aws_cloudwatch_metric_alarm.cpu",
        "arn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:cpu",
        "name": "cpu",
        "comparison": "GreaterThanOrEqualToThreshold",
        "threshold": 80.0,
        "evaluation_periods": 2,
        "datapoints_to_alarm": 2,
        "metric": Metric(M.namespace, M.name, M.dimensions, "Average", 60),
        "alarm_actions": (TOPIC,),
        "ok_actions": (TOPIC,),
        "description": "CPU is high",
    }
    return Alarm(**(settings | more))


class World:
    """A monitor, its clock, and its messages to others."""

    def __init__(self, directory: Path | None = None, *alarms: Alarm, **blueprint: Any) -> None:
        self.now = T
        self.bus = Bus()
        self.acted: list[tuple[str, str, dict[str, Any]]] = []
        self.events: list[dict[str, Any]] = []
        self.failing = False
        self.measured: list[Datum] = []
        around = Around(lambda _now, _step: self.measured, self.act, self.events.append, self.clock)
        self.monitor = Monitor(directory, self.bus, around)
        self.monitor.listen()
        self.follow(*alarms, **blueprint)

    def follow(self, *alarms: Alarm, **blueprint: Any) -> None:
        self.monitor.follow(Blueprint(alarms=alarms, **blueprint), frozenset())

    def clock(self) -> float:
        return self.now

    async def act(self, arn: str, subject: str, message: str) -> None:
        if self.failing:
            raise BonkeiError("no such topic")
        self.acted.append((arn, subject, json.loads(message)))

    async def minute(self, *values: float, of: Datum | None = None) -> str:
        for value in values:
            self.monitor.put(of or datum(M, self.now + 1, value, "Percent"))
        self.now += 60 / self.monitor.compression
        self.monitor.tick(self.now)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return self.monitor.book.state("cpu").value
