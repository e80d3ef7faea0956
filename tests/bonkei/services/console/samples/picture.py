"""A whole stack, drawn and alive: requests flow, some fail, a way is closed, a secret is masked."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from rows import rows_of

from bonkei.base.events import Bus, DeploymentStateChanged
from bonkei.blueprint import Blueprint, read
from bonkei.blueprint.state import Resource, State
from bonkei.miniature.console.estate import Estates
from bonkei.miniature.console.flow import Flow
from bonkei.miniature.console.health import Parts
from bonkei.miniature.console.picture import PictureSources, offer_picture
from bonkei.miniature.console.resource import ResourceSources, offer_definition, offer_resource
from bonkei.miniature.measures.traffic import Totals, Traffic
from bonkei.miniature.parts.ecs.timeline import Timeline
from bonkei.services.cloudwatch.metric.model import datum, metric_id
from bonkei.services.cloudwatch.metric.store import MetricStore
from bonkei.services.cloudwatch.values import AlarmSnapshot, MonitorSnapshot
from bonkei.services.console import Console
from bonkei.services.ecs.snapshot import (
    DeploymentSnapshot,
    ServiceSnapshot,
    TaskSnapshot,
    TasksSnapshot,
)
from bonkei.services.edge import EdgeSnapshot
from bonkei.services.edge.client.access import AccessRecord
from bonkei.services.edge.snapshot import (
    CacheState,
    ListenerState,
    RuleState,
    TargetGroupState,
    TargetState,
    WebAclState,
)
from bonkei.services.endpoint.cloud import CloudSnapshot
from bonkei.services.rds.snapshot import DatabaseSnapshot
from tests.bonkei.analysis.check.stack.whole import sound, state
from tests.bonkei.services.console.samples.world import MARKUP, Done

SECRET = "correct-horse-battery-staple"
NOW = 1_790_000_000.0
DEFINITIONS = Path(__file__).parent / "definitions"


def document() -> Any:
    """The sound stack of the checks, with a secret and a name that is markup."""
    resources = sound()
    resources["random_password.origin"] = {"id": "none", "result": SECRET, "length": 28}
    resources["aws_ssm_parameter.origin"] = {
        "id": "/app/origin",
        "arn": "arn:aws:ssm:eu-west-1:123456789012:parameter/app/origin",
        "name": "/app/origin",
        "type": "SecureString",
        "value": SECRET,
        "description": MARKUP,
    }
    return state(resources)


def resources() -> list[Resource]:
    return list(State.parse(document()).resources)


def blueprint() -> Blueprint:
    return read(document())


def edge(now: Blueprint, asked: int = 100) -> EdgeSnapshot:
    """After so many requests by the distribution; the balancer was never asked directly."""
    distribution, balancer = now.distributions[0], now.load_balancers[0]
    groups = tuple(
        TargetGroupState(
            group.arn,
            group.address,
            group.name,
            (TargetState("a" * 32, "127.0.0.1", 40001, "healthy", "", 0),),
        )
        for group in now.target_groups
    )
    acls = tuple(
        WebAclState(
            acl.arn, acl.address, acl.name, (RuleState("header", asked // 2, asked // 10, 0),)
        )
        for acl in now.web_acls
    )
    url, other = "http://127.0.0.1:8080/", "http://127.0.0.1:8081/"
    listening = balancer.listeners[0].address
    return EdgeSnapshot(
        listeners=(
            ListenerState("distribution", distribution.address, "site", url, "", 8080, 1, asked),
            ListenerState("load_balancer", listening, "alb", other, "", 8081, 1, 0),
        ),
        target_groups=groups,
        caches=(CacheState(distribution.address, 3, 4096, 60, 40, 0, 0),),
        web_acls=acls,
    )


def tasks(now: Blueprint) -> TasksSnapshot:
    service = now.services[0]
    deployment = DeploymentSnapshot("d", "PRIMARY", "app:1", "COMPLETED", 1, 0, 0)
    states = tuple(
        ServiceSnapshot(each.arn, each.name, 2, 2, 0, 2, (deployment,)) for each in now.services
    )
    task = TaskSnapshot(
        "a" * 32, f"service:{service.name}", "app:1", "RUNNING", "HEALTHY", "", "127.0.0.1:40001",
        (), NOW, 12.0, 90 * 2**20,
    )  # fmt: skip
    broken = replace(states[0], healthy_count=1)
    return TasksSnapshot((broken, *states[1:]), (task,), (), ())


def parts(now: Blueprint) -> Parts:
    databases = [
        DatabaseSnapshot(
            each.identifier, "available", "127.77.1.2:5432", "app", "PostgreSQL 18", 7, "", "", 4.0,
            2**26, (),
        )
        for each in now.database_clusters
    ]  # fmt: skip
    alarms = tuple(AlarmSnapshot(one.name, "ALARM", NOW, "2 > 1") for one in now.alarms)
    return Parts(
        lambda: now,
        lambda: edge(now),
        lambda: tasks(now),
        lambda: databases,
        lambda: CloudSnapshot("http://127.0.0.1:8083", "eu-west-1", "available", ()),
        lambda: MonitorSnapshot(alarms),
        lambda: (),
        lambda: SimpleNamespace(functions=()),
    )


def metrics(now: Blueprint) -> MetricStore:
    store = MetricStore()
    dimensions = {"ClusterName": "app", "ServiceName": now.services[0].name}
    for minute in range(120):
        at = NOW - 7200 + 60 * minute
        value = 20.0 + minute % 30
        metric = metric_id("AWS/ECS", "CPUUtilization", dimensions)
        store.put(datum(metric, at, value, "Percent"), at)
    return store


def record(now: Blueprint, number: int) -> AccessRecord:
    """Every tenth fails, every third is from the cache, every seventh is blocked."""
    is_hit, is_blocked = number % 3 == 1, number % 7 == 2
    reaches = not is_hit and not is_blocked
    group = now.services[0].targets[0].target_group_arn
    return AccessRecord(
        now.distributions[0].address, "127.0.0.1", 5, "GET", "/", "h", "ua",
        502 if number % 10 == 0 else 200, 0, 100, 0.01,
        target_group_arn=group if reaches else "", task_id="a" * 32 if reaches else "",
        cache_result="Hit" if is_hit else "Miss", blocked_by="header" if is_blocked else "",
    )  # fmt: skip


def offer(console: Console, _done: Done, _home: Path) -> None:
    now = blueprint()
    traffic = Traffic()
    traffic.follow(now)
    ticks = itertools.count(1)
    asked = [0]

    def clock() -> float:
        """A second passes with each look, and a hundred requests with it."""
        asked[0] += 100
        return float(next(ticks))

    def totals() -> Totals:
        for number in range(100):
            traffic.seen_together(rows_of(record(now, number)))
        return traffic.totals()

    closed = [("app", "database", "aws_security_group.database lets 10.0.1.0/24 in on no port")]
    sources = replace(parts(now), edge=lambda: edge(now, asked[0]))
    offer_picture(console, PictureSources(sources, Flow(clock), totals, lambda: closed, "on"))
    estates = Estates(resources, lambda _: [SECRET])
    offer_definition(console, lambda: now, estates, DEFINITIONS, DEFINITIONS.parent)
    bus = Bus()
    timeline = Timeline(bus, lambda: NOW)
    bus.publish(DeploymentStateChanged(now.services[0].arn, "app:1", "FAILED", MARKUP))
    store = metrics(now)
    offer_resource(console, ResourceSources(sources, estates, timeline, lambda: store, lambda: NOW))
