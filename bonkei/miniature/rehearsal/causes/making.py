"""The cause of a plan, and its description."""

from __future__ import annotations

from collections.abc import Sequence

from bonkei.blueprint.cloudwatch import Alarm
from bonkei.blueprint.ecs import Service
from bonkei.blueprint.rds import DatabaseCluster
from bonkei.miniature.rehearsal.causes.base import Quiet
from bonkei.miniature.rehearsal.causes.function import Refused
from bonkei.miniature.rehearsal.causes.injected import Data, Records
from bonkei.miniature.rehearsal.causes.letters import LETTERS, Letters
from bonkei.miniature.rehearsal.causes.load import Load
from bonkei.miniature.rehearsal.causes.requests import Around, Asking
from bonkei.miniature.rehearsal.causes.sessions import (
    Outage,
    RefusedSignIn,
    Server,
    Statement,
    Work,
)
from bonkei.miniature.rehearsal.causes.tasks import (
    Killed,
    MoreTasks,
    NoStart,
    Slow,
    Suspended,
    Targets,
)
from bonkei.miniature.rehearsal.choice import filter_of
from bonkei.miniature.rehearsal.plan import Plan, is_called
from bonkei.miniature.rehearsal.values import Cause, Means, RehearsalError, World
from bonkei.services.cloudwatch.rehearsal import values

_AT_ONCE = 20  # requests


def said(plan: Plan, alarm: Alarm, name: str) -> str:
    """The action in one line. `name`: that of the service, the cluster, the queue or the
    function."""
    found = {
        "processor": f"processor time, really used beside each task of {name}",
        "memory": f"memory, really used beside each task of {name}",
        "statement": f"a statement that PostgreSQL refused: it logged an ERROR in {name}",
        "refused sign-in": f"a sign-in that PostgreSQL refused: it logged a FATAL in {name}",
        "database processor": f"sessions of {name} that really count",
        "outage": f"all connections of {name} really taken: its programs got none",
        "firewall": "requests around the distribution, blocked by the web ACL",
        "letter": f"messages that really waited in {name}",
        "no start": f"a task of {name} that could not start: its program wrote why",
        "more tasks": f"so many tasks of {name} really running: {plan.number:g}",
        "slow": f"tasks of {name} really suspended for {plan.number:g} s at a time",
        "suspended": f"tasks of {name} really suspended, then killed: they answered no check",
        "killed": f"tasks of {name} really killed, and requests that found no task",
        "webhook": f"a webhook that refused the messages of {name}",
        "records": f"records written to {plan.subject}",
    }.get(plan.kind)
    if found is None:
        data = values(alarm, bad=True) or {}
        shown = ", ".join(f"{metric.name} {value:g}" for metric, (value, _) in data.items())
        found = f"injected metric data: {shown}"
    return f"{found} ({plan.why})" if plan.why else found


def name_of(plan: Plan, world: World) -> str:
    """The name of the plan's subject."""
    blueprint = world.blueprint()
    named = [
        *((one.arn, one.name) for one in blueprint.services),
        *((one.arn, one.identifier) for one in blueprint.database_clusters),
        *((one.arn, one.name) for one in blueprint.queues),
        *((one.arn, one.name) for one in blueprint.functions),
    ]
    return dict(named).get(plan.subject, plan.subject)


def make(plan: Plan, alarms: Sequence[Alarm], world: World) -> Cause:
    """The cause for the alarms that share a plan. Raises RehearsalError if it is impossible now."""
    first = alarms[0]
    if plan.kind == "injected":
        return Data(alarms, world.monitor)
    if plan.kind == "records":
        found = filter_of(first, world.blueprint())
        if found is None:
            raise RehearsalError("the metric filter is gone")
        return Records(found, first.threshold or 0, first.arn, world.aws)
    if plan.kind == "firewall" and world.firewall is not None:
        return Around(world.firewall, max(one.threshold or 0 for one in alarms))
    if world.means is None:
        raise RehearsalError("there is nothing here to do it with")
    if plan.kind == "letter":
        means, directory = world.means, world.monitor.directory
        journal = directory / LETTERS if directory is not None else None
        return Letters(plan.subject, plan.number, world.aws, means.look, journal)
    if plan.kind == "webhook":
        webhook = world.means.webhook
        return Refused(plan.subject, plan.number, webhook, world.aws)
    clusters = {one.arn: one for one in world.blueprint().database_clusters}
    if plan.subject in clusters:
        return _of_database(plan, clusters[plan.subject], alarms, world, world.means)
    services = {one.arn: one for one in world.blueprint().services}
    if plan.subject in services:
        return _of_service(plan, services[plan.subject], world, world.means)
    raise RehearsalError(f"{plan.subject} is gone from the definitions")


def _of_database(
    plan: Plan, cluster: DatabaseCluster, alarms: Sequence[Alarm], world: World, means: Means
) -> Cause:
    server = Server.find(cluster, means.databases(), means.vault)
    made: Quiet
    if plan.kind == "statement":
        made = Statement(server)
    elif plan.kind == "refused sign-in":
        made = RefusedSignIn(server)
    elif plan.kind == "database processor":
        made = Work(server, int(plan.number))
    else:
        made = Outage(server, _asking(_paths(world, means), world, means, alarms, 6.0))
    return made


def _of_service(plan: Plan, service: Service, world: World, means: Means) -> Cause:
    blueprint = world.blueprint()
    if plan.kind in ("processor", "memory"):
        return Load(plan.kind, service, plan.number, means.tasks, blueprint)
    if plan.kind == "more tasks":
        return MoreTasks(service, int(plan.number), world.aws)
    if plan.kind == "no start":
        return NoStart(service, blueprint, world.aws)
    targets = Targets(service, means.tasks)
    if plan.kind == "suspended":
        return Suspended(targets)
    paths = [
        path for name, every in means.paths.items() if is_called(service, name) for path in every
    ]
    if plan.kind == "slow":
        seconds = plan.number + 5
        return Slow(targets, plan.number, _asking(paths, world, means, (), seconds))
    return Killed(targets, _asking(paths or ["/"], world, means, (), 2.0))


def _paths(world: World, means: Means) -> list[str]:
    return [
        path
        for name, every in means.paths.items()
        if any(is_called(service, name) for service in world.blueprint().services)
        for path in every
    ]


def _asking(
    paths: Sequence[str], world: World, means: Means, alarms: Sequence[Alarm], seconds: float
) -> Asking:
    most = max((one.threshold or 0 for one in alarms if one.threshold), default=0)
    amount = int(min(200, max(_AT_ONCE, 2 * min(most, 100))))
    return Asking(means.edge(), world.blueprint(), paths, amount, seconds)
