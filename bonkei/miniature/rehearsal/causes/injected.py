"""Records and metric data that the rehearsal itself writes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress

from bonkei.base.aws_service import Aws
from bonkei.blueprint.cloudwatch import Alarm
from bonkei.blueprint.logs.log_group import MetricFilter
from bonkei.miniature.rehearsal.causes.aws import call
from bonkei.miniature.rehearsal.causes.base import Quiet
from bonkei.miniature.rehearsal.values import RehearsalError
from bonkei.services.cloudwatch.alarm.points import identity
from bonkei.services.cloudwatch.metric.model import Datum
from bonkei.services.cloudwatch.monitor import Monitor
from bonkei.services.cloudwatch.rehearsal import record_for, values

STREAM = "bonkei-rehearsal"


class Data(Quiet):
    """Writes bad data once a second, then good data. Measured data of the same metrics is held
    back."""

    def __init__(self, alarms: Sequence[Alarm], monitor: Monitor) -> None:
        self._alarms = alarms
        self._monitor = monitor
        self._last = (0, False)

    async def push(self) -> None:
        self._inject(bad=True)

    async def calm(self) -> None:
        self._inject(bad=False)

    def _inject(self, *, bad: bool) -> None:
        now = time.time()
        if self._last == (int(now), bad):
            return
        self._last = (int(now), bad)
        for alarm in self._alarms:
            units = {identity(metric): metric.unit or "None" for metric in alarm.metrics()}
            for metric, sample in (values(alarm, bad=bad) or {}).items():
                unit = units[metric]
                self._monitor.inject(Datum(metric, now, (sample,), unit=unit, resolution=1))


class Records(Quiet):
    """Records that a metric filter counts, in a separate stream that is removed at the end."""

    def __init__(self, found: MetricFilter, count: float, arn: str, aws: Aws) -> None:
        self._filter = found
        self._count = int(count) + 1
        self._arn = arn
        self._aws = aws
        self._begun = False

    async def begin(self) -> None:
        self._begun = True
        with suppress(RehearsalError):  # one that was killed has left it
            await self._logs("CreateLogStream")

    async def push(self) -> None:
        record = record_for(self._filter.pattern) or ""
        event = {"timestamp": int(time.time() * 1000), "message": record}
        await self._logs("PutLogEvents", logEvents=[event] * self._count)

    async def end(self) -> None:
        if self._begun:
            self._begun = False
            with suppress(RehearsalError):
                await self._logs("DeleteLogStream")

    async def _logs(self, operation: str, **given: object) -> None:
        group = self._filter.log_group_name
        await call(
            self._aws, "logs", operation, self._arn,
            logGroupName=group, logStreamName=STREAM, **given,
        )  # fmt: skip
