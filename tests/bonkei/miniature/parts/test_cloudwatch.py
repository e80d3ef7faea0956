"""What happened before "Ready" is not evidence for an alarm, and so for no deployment."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from aws import InMemoryAws
from rows import rows_of

from bonkei.base.events import Bus, LogEvent, LogEventsIngested
from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudwatch import Alarm, Metric
from bonkei.blueprint.elbv2 import Forward, Listener, LoadBalancer, WeightedTarget
from bonkei.blueprint.logs.log_group import MetricFilter
from bonkei.blueprint.storage import Queue
from bonkei.miniature.measures.measures import Shown
from bonkei.miniature.parts.cloudwatch import MonitorPart
from bonkei.services.cloudwatch.monitor import Monitor
from bonkei.services.edge.client.access import AccessRecord
from bonkei.services.edge.snapshot import EdgeSnapshot

BALANCER = "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/main/4567"
LISTENER = Listener("aws_lb_listener.http", "l", 80, "HTTP", Forward((WeightedTarget("g"),)))
SERVER_ERRORS = Metric(
    "AWS/ApplicationELB",
    "HTTPCode_ELB_5XX_Count",
    (("LoadBalancer", "app/main/4567"),),
    "Sum",
    60,
)
LOGGED = Metric("Logs", "Errors", (), "Sum", 60)


def alarm(name: str, metric: Metric) -> Alarm:
    return Alarm(
        address=f"aws_cloudwatch_metric_alarm.{name}",
        arn=f"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{name}",
        name=name,
        comparison="GreaterThanOrEqualToThreshold",
        threshold=1.0,
        evaluation_periods=1,
        datapoints_to_alarm=1,
        metric=metric,
        treat_missing_data="notBreaching",
    )


BLUEPRINT = Blueprint(
    load_balancers=(LoadBalancer("aws_lb.main", BALANCER, "main", "main.elb", (LISTENER,)),),
    alarms=(alarm("server-errors", SERVER_ERRORS), alarm("logged-errors", LOGGED)),
    metric_filters=(MetricFilter("f", "f", "/g", "ERROR", "Logs", "Errors", "1"),),
)


class Starting:
    """A monitor, while its miniature starts."""

    def __init__(self, directory: Path, clock: Callable[[], float] = time.time) -> None:
        self.bus = Bus()

        self.aws = InMemoryAws(answers={"GetQueueAttributes": lambda _: {}})
        shown = Shown(EdgeSnapshot, lambda: None, list)
        self.rig = MonitorPart(
            lambda around: Monitor(directory, self.bus, replace(around, clock=clock)),
            self.bus,
            shown,
            self.aws,
        )
        self.rig.follow(BLUEPRINT)

    def fails(self) -> None:
        """A page is requested, and there is no target yet."""
        given = (LISTENER.address, "127.0.0.1", 1, "GET", "/", "h", "", 503, 10, 90, 0.25)
        self.rig.measures.seen(rows_of(AccessRecord(*given)))

    def logs(self, at: float) -> None:
        found = LogEvent(int(at * 1000), "ERROR backend does not answer")
        self.bus.publish(LogEventsIngested("/g", "s", (found,)))

    def states(self) -> list[str]:
        self.rig.monitor.tick(time.time() // 60 * 60 + 60)
        return [self.rig.state_of(name) for name in ("server-errors", "logged-errors")]


@pytest.fixture
async def starting(tmp_path: Path) -> AsyncIterator[Starting]:
    found = Starting(tmp_path)
    yield found
    await found.rig.stop()
    await found.rig.close()


async def test_errors_of_the_start_ring_no_alarm(starting: Starting) -> None:
    """A browser polls meanwhile, and a log driver brings the last lines later."""
    at = time.time()
    starting.fails()
    starting.logs(at)
    starting.rig.begin()
    starting.logs(at)
    assert starting.states() == ["OK", "OK"]


async def test_an_error_of_the_first_millisecond_rings_no_alarm(tmp_path: Path) -> None:
    """A log event has whole milliseconds, so it may lie before the monitor's first moment."""
    made = time.time() // 1 + 0.0006
    starting = Starting(tmp_path, lambda: made)
    starting.logs(made + 0.0003)
    starting.rig.monitor.listen()
    starting.logs(made + 0.0003)
    assert starting.states() == ["OK", "OK"]
    await starting.rig.stop()
    await starting.rig.close()


async def test_errors_after_it_ring(starting: Starting) -> None:
    starting.rig.begin()
    starting.fails()
    starting.logs(time.time() + 0.001)
    assert starting.states() == ["ALARM", "ALARM"]


async def test_queues_are_measured_as_often_as_alarms_are_evaluated(starting: Starting) -> None:
    """Otherwise a rehearsal, a drill and compressed time would take the rest of a minute for
    missing data."""
    queue = Queue("q", "arn:aws:sqs:eu-west-1:123456789012:letters", "letters")
    starting.rig.follow(replace(BLUEPRINT, queues=(queue,)))

    async def asked(seconds: int) -> int:
        starting.aws.calls.clear()
        for _ in range(seconds):
            starting.rig.monitor.tick(time.time())
            await asyncio.sleep(0.01)
        return len(starting.aws.calls)

    assert await asked(3) == 0
    starting.rig.monitor.hurry({"server-errors": 1.0})
    assert await asked(3) == 3
    starting.rig.monitor.hurry({})
    assert await asked(3) == 0
