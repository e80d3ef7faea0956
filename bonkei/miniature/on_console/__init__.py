"""What the console shows of this miniature, and does with it: each family of topics joined once."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from bonkei.cloud.own.ecs import ServiceChange
from bonkei.config import Config
from bonkei.console import Json
from bonkei.console.views.inert import label
from bonkei.events import SecretRevealed
from bonkei.miniature.assembly import Assembly
from bonkei.miniature.changes import Changes
from bonkei.miniature.on_console.architecture import join_architecture
from bonkei.miniature.rehearsal.underway import Rehearsals
from bonkei.miniature.rollout.diagnosis import Judged
from bonkei.miniature.rollout.service_changes import FORCED
from bonkei.miniature.rooms.console.alarms import offer_alarms
from bonkei.miniature.rooms.console.data import DataSources, offer_data
from bonkei.miniature.rooms.console.metrics import offer_metrics
from bonkei.miniature.rooms.console.overview import Badge, Said, offer_overview
from bonkei.miniature.rooms.console.permissions import PermissionSources, offer_permissions
from bonkei.miniature.rooms.console.pipelines import offer_pipelines
from bonkei.miniature.rooms.console.pipelines.deeds import PipelineDeeds
from bonkei.miniature.rooms.console.pipelines.offer import PipelineSources
from bonkei.miniature.rooms.console.pipelines.shown import approvals
from bonkei.miniature.rooms.console.slack import offer_slack
from bonkei.miniature.rooms.console.tasks import TaskDeeds, TaskSources, offer_tasks
from bonkei.monitor.alarm.evaluation import State


def join_console(
    config: Config,
    assembly: Assembly,
    changes: Changes,
    judged: Callable[[], Judged],
    said: Said,
    rehearsals: Rehearsals,
) -> None:
    """Give the console its topics and actions. `judged`: how the miniature is."""
    console = assembly.console
    badges: dict[str, Badge] = {
        "tasks": lambda: _tasks_badge(assembly),
        "alarms": lambda: _alarms_badge(assembly),
        "pipelines": lambda: _pipelines_badge(assembly),
    }
    offer_overview(console, config, judged, said, badges)
    sources = TaskSources(
        lambda: assembly.blueprint, assembly.task_snapshot, assembly.usage, assembly.timeline
    )

    async def restart(arn: str) -> None:
        await changes.change(arn, FORCED)

    async def scale(arn: str, count: int) -> None:
        await changes.change(arn, ServiceChange(desired_count=count))

    deeds = TaskDeeds(lambda task: assembly.running().stop_task(task), restart, scale)
    offer_tasks(console, sources, deeds)
    _join_watching(assembly, rehearsals)
    _join_pipelines(config, assembly)
    _join_permissions(config, assembly)
    _join_data(assembly, said)
    join_architecture(config, assembly)


def _join_watching(assembly: Assembly, rehearsals: Rehearsals) -> None:
    console = assembly.console
    offer_metrics(console, lambda: assembly.monitor.monitor, time.time)
    offer_alarms(console, lambda: assembly.monitor.monitor, rehearsals, time.time)
    offer_slack(console, lambda: assembly.functions.inbox, lambda: assembly.functions.where)


def _alarms_badge(assembly: Assembly) -> Json:
    monitor = assembly.monitor.monitor
    states = [monitor.book.state(alarm.name).value for alarm in monitor.engine.alarms]
    count = states.count(State.ALARM)
    return {"text": str(count), "kind": "bad"} if count else None


def _tasks_badge(assembly: Assembly) -> Json:
    snapshot = assembly.task_snapshot()
    if snapshot is None:
        return None
    wanted = sum(each.desired_count for each in snapshot.services)
    healthy = sum(each.healthy_count for each in snapshot.services)
    return {"text": f"{healthy}/{wanted}", "kind": "" if healthy >= wanted else "warn"}


def _join_pipelines(config: Config, assembly: Assembly) -> None:
    room = assembly.pipelines

    async def call(service: str, target: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        return await assembly.aws.cloud.call("", service, target, given)

    deeds = PipelineDeeds(room.pipelines, call, config.root, room.repositories.directory)
    sources = PipelineSources(room.pipelines, lambda: assembly.builds.builds)
    offer_pipelines(assembly.console, sources, deeds)


def _pipelines_badge(assembly: Assembly) -> Json:
    """How many approvals wait for an answer."""
    room = assembly.pipelines.pipelines
    waiting = sum(len(list(approvals(each, room.book(each.name)))) for each in room.all)
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
        assembly.bus.publish(SecretRevealed(kind, name))
        said(f"console: the value of the {kind} {label(name)} was shown")

    sources = DataSources(
        lambda: assembly.blueprint,
        lambda: assembly.aws.cloud.looking,
        assembly.databases.snapshots,
        assembly.databases.reader,
        revealed,
    )
    offer_data(assembly.console, sources)
