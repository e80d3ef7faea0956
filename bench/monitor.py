"""The cost of one minute of monitoring: 2,000 metrics are stored, and 200 alarms evaluated."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from bonkei.base.events import Bus
from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudwatch import Alarm, Metric
from bonkei.services.cloudwatch.metric.model import Datum, datum, metric_id
from bonkei.services.cloudwatch.monitor import Monitor
from bonkei.services.cloudwatch.values import Around

METRICS = 2_000
ALARMS = 200
MINUTES = 60
BEGIN = 1_800_000_000.0


def main() -> None:
    """Print seconds of one CPU for each minute, and their share of a core."""
    seconds = asyncio.run(_measure())
    print("| metrics | alarms | CPU a minute | of a core |\n|---|---|---|---|")
    print(f"| {METRICS} | {ALARMS} | {seconds * 1000:.0f} ms | {100 * seconds / 60:.2f} % |")


async def _measure() -> float:
    metrics = [metric_id("Own", "Latency", {"Path": str(n)}) for n in range(METRICS)]
    alarms = tuple(
        Alarm(
            f"a.{n}",
            f"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{n}",
            str(n),
            "GreaterThanThreshold",
            50.0,
            3,
            3,
            metric=Metric("Own", "Latency", metrics[n].dimensions, "p99" if n % 2 else "Average"),
        )
        for n in range(ALARMS)
    )
    now = BEGIN

    def measured(moment: float, _step: float) -> list[Datum]:
        return [datum(one, moment - 1, float(n % 100)) for n, one in enumerate(metrics)]

    async def act(_arn: str, _subject: str, _message: str) -> None: ...

    with tempfile.TemporaryDirectory() as folder:
        around = Around(measured, act, lambda _event: None, lambda: now)
        monitor = Monitor(Path(folder), Bus(), around)
        monitor.follow(Blueprint(alarms=alarms), frozenset())
        begun = time.process_time()
        for _ in range(MINUTES):
            now += 60
            monitor.tick(now)
        used = time.process_time() - begun
        await monitor.stop()
    return used / MINUTES
