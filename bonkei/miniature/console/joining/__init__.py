"""Joins the console's topics and actions with this miniature: each family of topics once."""

from __future__ import annotations

from collections.abc import Callable

from bonkei.config import Config
from bonkei.miniature.assembly import Assembly
from bonkei.miniature.changes import Changes
from bonkei.miniature.console.joining.acting import join_acting, pipelines_badge
from bonkei.miniature.console.joining.architecture import join_architecture
from bonkei.miniature.console.joining.faults import faults_badge, join_faults
from bonkei.miniature.console.joining.watching import alarms_badge, join_watching
from bonkei.miniature.console.overview import Badge, Said, offer_overview
from bonkei.miniature.console.requests import offer_requests
from bonkei.miniature.console.tasks import TaskDeeds, TaskSources, offer_tasks
from bonkei.miniature.home import Home
from bonkei.miniature.rehearsal.underway import Rehearsals
from bonkei.miniature.rollout.diagnosis import Judged
from bonkei.miniature.rollout.service_changes import FORCED
from bonkei.services.console import Json
from bonkei.services.ecs.api import ServiceChange


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
        "alarms": lambda: alarms_badge(assembly),
        "pipelines": lambda: pipelines_badge(assembly),
        "faults": lambda: faults_badge(assembly),
    }
    offer_overview(console, config, judged, said, badges, lambda: assembly.blueprint)
    sources = TaskSources(
        lambda: assembly.blueprint, assembly.tasks.snapshot, assembly.usage, assembly.timeline
    )

    async def restart(arn: str) -> None:
        await changes.change(arn, FORCED)

    async def scale(arn: str, count: int) -> None:
        await changes.change(arn, ServiceChange(desired_count=count))

    deeds = TaskDeeds(lambda task: assembly.tasks.running().stop_task(task), restart, scale)
    offer_tasks(console, sources, deeds)
    join_watching(Home(config.home), assembly, rehearsals)
    join_acting(config, assembly, said)
    offer_requests(console, assembly.recorder, assembly.request_world())
    join_architecture(config, assembly)
    join_faults(assembly, changes)


def _tasks_badge(assembly: Assembly) -> Json:
    snapshot = assembly.tasks.snapshot()
    if snapshot is None:
        return None
    wanted = sum(each.desired_count for each in snapshot.services)
    healthy = sum(each.healthy_count for each in snapshot.services)
    return {"text": f"{healthy}/{wanted}", "kind": "" if healthy >= wanted else "warn"}
