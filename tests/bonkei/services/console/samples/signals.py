"""An hour of a load balancer, of a busy service behind it, and of its database."""

from __future__ import annotations

import math
import time
from functools import cache
from pathlib import Path

from bonkei.base.events import Bus
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Service, ServiceTarget
from bonkei.blueprint.elbv2 import LoadBalancer, TargetGroup, TargetHealthCheck
from bonkei.miniature.console.signals import offer_signals
from bonkei.miniature.console.traffic import offer_traffic
from bonkei.services.cloudwatch.metric.model import Datum, datum, metric_id
from bonkei.services.cloudwatch.monitor import Monitor
from bonkei.services.cloudwatch.values import Around
from bonkei.services.console import Console
from tests.bonkei.services.console.samples.world import Done

_ELB = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:"
_ECS = "arn:aws:ecs:ap-northeast-1:123456789012:"
_GROUP = f"{_ELB}targetgroup/statuspage-backend/2"
BLUEPRINT = Blueprint(
    load_balancers=(
        LoadBalancer("aws_lb.this", f"{_ELB}loadbalancer/app/statuspage/1", "statuspage", "x", ()),
    ),
    target_groups=(
        TargetGroup("aws_lb_target_group.backend", _GROUP, "statuspage-backend", 8000, "HTTP",
                    TargetHealthCheck()),
    ),
    services=(
        Service("aws_ecs_service.backend", f"{_ECS}service/main/statuspage-backend",
                "statuspage-backend", f"{_ECS}cluster/main", "x", 2,
                (ServiceTarget(_GROUP, "backend", 8000),)),
    ),
)  # fmt: skip


def busy(now: float) -> Monitor:
    async def act(_arn: str, _subject: str, _message: str) -> None: ...

    monitor = Monitor(None, Bus(), Around(lambda _n, _s: (), act, lambda _e: None, lambda: now))
    balancer = {"LoadBalancer": "app/statuspage/1"}
    behind = balancer | {"TargetGroup": "targetgroup/statuspage-backend/2"}
    service = {"ClusterName": "main", "ServiceName": "statuspage-backend"}
    database = {"DBClusterIdentifier": "statuspage-database"}
    for back in range(60, 0, -1):
        at, wave = now - 60 * back, 1 + math.sin(back / 6)
        for dimensions in (balancer, behind):
            requests = metric_id("AWS/ApplicationELB", "RequestCount", dimensions)
            monitor.put(Datum(requests, at, ((1.0, round(300 * wave) + 20.0),), unit="Count"))
            times = metric_id("AWS/ApplicationELB", "TargetResponseTime", dimensions)
            monitor.put(datum(times, at, 0.08 + 0.1 * wave, "Seconds"))
            if back in (12, 13):
                failed = metric_id("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", dimensions)
                monitor.put(Datum(failed, at, ((1.0, back + 5.0),), unit="Count"))
        cpu = metric_id("AWS/ECS", "CPUUtilization", service)
        monitor.put(datum(cpu, at, 40 + 25 * wave, "Percent"))
        cpu = metric_id("AWS/RDS", "CPUUtilization", database)
        monitor.put(datum(cpu, at, 5 + 3 * wave, "Percent"))
    return monitor


def offer(console: Console, _done: Done, _home: Path) -> None:
    now = time.time()
    monitor = cache(lambda: busy(now))
    offer_traffic(console, monitor, lambda: now)
    offer_signals(console, monitor, lambda: BLUEPRINT, lambda: None, lambda: now)
