"""Joins the console's topics and actions with this miniature: each family of topics once."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from bonkei.blueprint import Blueprint
from bonkei.config import Config
from bonkei.miniature.assembly import Assembly
from bonkei.miniature.changes import Changes
from bonkei.miniature.console.alarms import offer_alarms
from bonkei.miniature.console.data import DataSources, offer_data
from bonkei.miniature.console.estate import Estates
from bonkei.miniature.console.faults import FaultSources, offer_faults
from bonkei.miniature.console.flow import Flow
from bonkei.miniature.console.health import Parts
from bonkei.miniature.console.logs import Desk, LogSources, offer_logs
from bonkei.miniature.console.metrics import offer_metrics
from bonkei.miniature.console.overview import Badge, Said, offer_overview
from bonkei.miniature.console.permissions import PermissionSources, offer_permissions
from bonkei.miniature.console.picture import PictureSources, offer_picture
from bonkei.miniature.console.pipelines import offer_pipelines
from bonkei.miniature.console.pipelines.deeds import PipelineDeeds
from bonkei.miniature.console.pipelines.offer import PipelineSources
from bonkei.miniature.console.pipelines.shown import approvals
from bonkei.miniature.console.requests import failed_badge, offer_requests
from bonkei.miniature.console.resource import ResourceSources, offer_definition, offer_resource
from bonkei.miniature.console.search import offer_search
from bonkei.miniature.console.signals import offer_signals
from bonkei.miniature.console.slack import offer_slack
from bonkei.miniature.console.tasks import TaskDeeds, TaskSources, offer_tasks
from bonkei.miniature.console.traffic import offer_traffic
from bonkei.miniature.control.faults import ask_of
from bonkei.miniature.home import Home
from bonkei.miniature.rehearsal.underway import Rehearsals
from bonkei.miniature.rollout.diagnosis import Judged
from bonkei.miniature.rollout.service_changes import FORCED
from bonkei.services.cloudwatch.alarm.evaluation import State
from bonkei.services.console import Json
from bonkei.services.console.views.inert import label
from bonkei.services.ecs.api.values import ServiceChange


def join_console(
    config: Config,
    assembly: Assembly,
    changes: Changes,
    judged: Callable[[], Judged],
    said: Said,
    rehearsals: Rehearsals,
) -> None:
    """Give the console its topics and actions. `judged`: the state of the miniature."""
    console = assembly.console
    badges: dict[str, Badge] = {
        "tasks": lambda: _tasks_badge(assembly),
        "requests": lambda: failed_badge(assembly.recorder),
        "alarms": lambda: _alarms_badge(assembly),
        "pipelines": lambda: _pipelines_badge(assembly),
        "faults": lambda: _faults_badge(assembly),
    }
    desk = _join_watching(Home(config.home), assembly, rehearsals)
    offer_overview(console, config, judged, said, badges, desk.badge, lambda: assembly.blueprint)
    _join_tasks(assembly, changes)
    _join_pipelines(config, assembly)
    _join_permissions(config, assembly)
    _join_data(assembly, said)
    offer_requests(console, assembly.recorder, assembly.request_world())
    _join_architecture(config, assembly)
    _join_faults(assembly, changes)
    offer_search(console)


def _secrets(assembly: Assembly, blueprint: Blueprint) -> list[str]:
    """The values that no page may show."""
    found = [assembly.parts.vault.get(each.arn) for each in blueprint.secrets]
    return [value for value in found if value]


def _join_tasks(assembly: Assembly, changes: Changes) -> None:
    sources = TaskSources(
        lambda: assembly.blueprint, assembly.tasks.snapshot, assembly.usage, assembly.timeline
    )

    async def restart(arn: str) -> None:
        await changes.change(arn, FORCED)

    async def scale(arn: str, count: int) -> None:
        await changes.change(arn, ServiceChange(desired_count=count))

    deeds = TaskDeeds(lambda task: assembly.tasks.running().stop_task(task), restart, scale)
    offer_tasks(assembly.console, sources, deeds)


def _tasks_badge(assembly: Assembly) -> Json:
    snapshot = assembly.tasks.snapshot()
    if snapshot is None:
        return None
    wanted = sum(each.desired_count for each in snapshot.services)
    healthy = sum(each.healthy_count for each in snapshot.services)
    return {"text": f"{healthy}/{wanted}", "kind": "" if healthy >= wanted else "warn"}


def _join_watching(home: Home, assembly: Assembly, rehearsals: Rehearsals) -> Desk:
    """Logs, metrics, alarms and the inbox."""
    console = assembly.console
    logs = LogSources(
        home.logs,
        lambda: assembly.logs.store,
        assembly.bus,
        lambda: assembly.aws.cloud.looking,
        lambda: [each.name for each in assembly.blueprint.buckets],
        lambda: _secrets(assembly, assembly.blueprint),
        lambda: assembly.logs.queries,
        lambda: assembly.blueprint.query_definitions,
    )
    desk = offer_logs(console, logs)
    offer_metrics(console, lambda: assembly.monitor.monitor, time.time)
    offer_signals(
        console,
        lambda: assembly.monitor.monitor,
        lambda: assembly.blueprint,
        assembly.recorder.look,
        time.time,
    )
    offer_traffic(console, lambda: assembly.monitor.monitor, time.time)
    offer_alarms(console, lambda: assembly.monitor.monitor, rehearsals, time.time)
    offer_slack(console, lambda: assembly.functions.inbox, lambda: assembly.functions.where)
    return desk


def _alarms_badge(assembly: Assembly) -> Json:
    """How many are in ALARM."""
    monitor = assembly.monitor.monitor
    states = [monitor.book.state(alarm.name).value for alarm in monitor.engine.alarms]
    count = states.count(State.ALARM)
    return {"text": str(count), "kind": "bad"} if count else None


def _join_pipelines(config: Config, assembly: Assembly) -> None:
    part = assembly.pipelines
    deeds = PipelineDeeds(part.pipelines, assembly.aws, config.root, part.repositories.directory)
    sources = PipelineSources(part.pipelines, lambda: assembly.builds.builds)
    offer_pipelines(assembly.console, sources, deeds)


def _pipelines_badge(assembly: Assembly) -> Json:
    """How many approvals wait for an answer."""
    part = assembly.pipelines.pipelines
    waiting = sum(len(list(approvals(each, part.book(each.name)))) for each in part.all)
    return {"text": str(waiting), "kind": "warn"} if waiting else None


def _join_permissions(config: Config, assembly: Assembly) -> None:
    sources = PermissionSources(
        lambda: assembly.blueprint,
        lambda: assembly.aws.cloud,
        config.enforce,
        config.definitions,
        config.root,
    )
    offer_permissions(assembly.console, sources)


def _join_data(assembly: Assembly, said: Said) -> None:
    def revealed(kind: str, name: str) -> None:
        said(f"console: the value of the {kind} {label(name)} was shown")

    sources = DataSources(
        lambda: assembly.blueprint,
        lambda: assembly.aws.cloud.looking,
        assembly.databases.snapshot,
        assembly.databases.reader,
        revealed,
    )
    offer_data(assembly.console, sources)


def _join_architecture(config: Config, assembly: Assembly) -> None:
    """The picture, and the page about each resource in it."""
    parts = Parts(
        lambda: assembly.blueprint,
        assembly.edge.snapshot,
        assembly.tasks.snapshot,
        assembly.databases.snapshot,
        assembly.aws.snapshot,
        assembly.monitor.snapshot,
        assembly.pipelines.snapshot,
        assembly.functions.snapshot,
        assembly.caches.snapshot,
    )

    def closed() -> list[tuple[str, str, str]]:
        return [(one.source, one.target, one.why) for one in assembly.network.snapshot().obstacles]

    totals = assembly.monitor.measures.totals
    offer_picture(assembly.console, PictureSources(parts, Flow(), totals, closed, config.enforce))
    estates = Estates(assembly.stacks.resources, partial(_secrets, assembly))
    offer_definition(
        assembly.console, lambda: assembly.blueprint, estates, config.definitions, config.root
    )
    offer_resource(
        assembly.console,
        ResourceSources(parts, estates, assembly.timeline, lambda: assembly.monitor.monitor.store),
    )


def _join_faults(assembly: Assembly, changes: Changes) -> None:
    part = assembly.faults
    sources = FaultSources(part.faults, part.drills, part.targets, ask_of, changes.started)
    offer_faults(assembly.console, sources)


def _faults_badge(assembly: Assembly) -> Json:
    """The number of current faults. Other problems may be their effect."""
    count = len(assembly.faults.faults.snapshot().active)
    return {"text": str(count), "kind": "warn"} if count else None
