"""The four signals from a real store of metrics, and the traffic that a time is chosen by."""

from __future__ import annotations

from typing import Any

import pytest

from bonkei.base.events import Bus
from bonkei.blueprint import Blueprint
from bonkei.miniature.console.metrics import Lines
from bonkei.miniature.console.signals import MINUTES, rows
from bonkei.miniature.console.traffic import traffic_of
from bonkei.services.cloudwatch.metric.model import Datum, MetricId, datum, metric_id
from bonkei.services.cloudwatch.monitor import Monitor
from bonkei.services.cloudwatch.values import Around
from tests.bonkei.services.console.samples.signals import BLUEPRINT

NOW = 1_790_000_000.0 // 60 * 60 + 30
BALANCER = {"LoadBalancer": "app/statuspage/1"}
BACKEND = BALANCER | {"TargetGroup": "targetgroup/statuspage-backend/2"}


@pytest.fixture
def monitor() -> Monitor:
    async def act(_arn: str, _subject: str, _message: str) -> None: ...

    return Monitor(None, Bus(), Around(lambda _n, _s: (), act, lambda _e: None, lambda: NOW))


def of_balancer(name: str, dimensions: dict[str, str]) -> MetricId:
    return metric_id("AWS/ApplicationELB", name, dimensions)


async def found(monitor: Monitor, blueprint: Blueprint = BLUEPRINT) -> dict[str, Any]:
    data: Any = await rows(monitor, blueprint, Lines(MINUTES), NOW)
    return {row["name"]: row for row in data["rows"]}


async def test_nothing_is_measured_at_first(monitor: Monitor) -> None:
    assert await found(monitor) == {}


async def test_the_worst_minute_of_each_signal(monitor: Monitor) -> None:
    requests, times = (
        of_balancer("RequestCount", BACKEND),
        of_balancer("TargetResponseTime", BACKEND),
    )
    for back, count in ((50, 3), (20, 7), (1, 2)):
        monitor.put(Datum(requests, NOW - 60 * back, ((1.0, float(count)),), unit="Count"))
    slow = ((0.1, 98.0), (2.0, 2.0))
    monitor.put(Datum(times, NOW - 60 * 10, slow, unit="Seconds"))
    monitor.put(datum(times, NOW, 0.2, "Seconds"))
    row = (await found(monitor))["statuspage-backend"]
    assert (row["kind"], row["group"]) == ("service", "statuspage-backend")
    assert (row["traffic"]["worst"], row["traffic"]["at"]) == (7, MINUTES - 21)
    assert row["traffic"]["line"].count(None) == MINUTES - 3
    assert row["latency"]["worst"] == pytest.approx(2.0, rel=0.1)
    assert (row["latency"]["at"], row["latency"]["statistic"]) == (MINUTES - 11, "p99")
    assert row["errors"]["worst"] == 0  # AWS has no metric of them until there is one
    assert row["saturation"] is None


async def test_errors_of_targets_and_of_the_balancer_add_up(monitor: Monitor) -> None:
    for name, count in (("HTTPCode_Target_5XX_Count", 2), ("HTTPCode_ELB_5XX_Count", 3)):
        metric = of_balancer(name, BALANCER)
        monitor.put(Datum(metric, NOW - 120, ((1.0, float(count)),), unit="Count"))
    errors = (await found(monitor))["statuspage"]["errors"]
    assert (errors["worst"], errors["metric"]) == (5, "HTTPCode_ELB_5XX_Count")


async def test_the_fuller_of_processor_and_memory_counts(monitor: Monitor) -> None:
    service = {"ClusterName": "main", "ServiceName": "statuspage-backend"}
    for name, value in (("CPUUtilization", 31.0), ("MemoryUtilization", 88.0)):
        monitor.put(datum(metric_id("AWS/ECS", name, service), NOW - 60, value, "Percent"))
    other = metric_id("AWS/ECS", "CPUUtilization", service | {"ClusterName": "other"})
    monitor.put(datum(other, NOW, 99.0, "Percent"))
    database = metric_id("AWS/RDS", "CPUUtilization", {"DBClusterIdentifier": "orders"})
    monitor.put(datum(database, NOW, 12.0, "Percent"))
    every = await found(monitor)
    saturation = every["statuspage-backend"]["saturation"]
    assert (saturation["worst"], saturation["metric"]) == (88, "MemoryUtilization")
    assert (every["orders"]["kind"], every["orders"]["saturation"]["worst"]) == ("database", 12)


def test_the_traffic_of_an_hour_and_of_all_times(monitor: Monitor) -> None:
    metric = of_balancer("RequestCount", BALANCER)
    for back in (30 * 3600, 90, 30):
        monitor.put(Datum(metric, NOW - back, ((1.0, 4.0),), unit="Count"))
    monitor.put(Datum(of_balancer("RequestCount", BACKEND), NOW, ((1.0, 9.0),), unit="Count"))
    hour: Any = traffic_of(monitor.store, "", NOW)
    assert (len(hour["times"]), hour["period"]) == (60, 60)
    assert (sum(hour["requests"]), sum(hour["errors"])) == (8, 0)
    every: Any = traffic_of(monitor.store, "0", NOW)
    assert sum(every["requests"]) == 12
    assert 0 <= NOW - 30 * 3600 - every["times"][0] <= every["period"]
    assert len(every["times"]) <= 180
    day: Any = traffic_of(monitor.store, "nonsense", NOW)
    assert len(day["times"]) == 60
