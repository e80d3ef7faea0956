"""Topics and actions of pipelines for a console."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bonkei.miniature.console.pipelines import shown
from bonkei.miniature.console.pipelines.deeds import PipelineDeeds
from bonkei.miniature.console.pipelines.written import Plans, window
from bonkei.services.codepipeline.core.values import ActionRun, Execution
from bonkei.services.codepipeline.pipelines import Pipelines
from bonkei.services.console import Console, ConsoleError, Json

if TYPE_CHECKING:
    from bonkei.services.codebuild.builds import Builds


@dataclass(frozen=True, slots=True)
class PipelineSources:
    """`builds`: CodeBuild's builds, once they exist."""

    pipelines: Pipelines
    builds: Callable[[], Builds]
    plans: Plans = field(default_factory=Plans)


def offer_pipelines(console: Console, sources: PipelineSources, deeds: PipelineDeeds) -> None:
    """The topics `pipelines`, `pipelines.one`, `.run`, `.log` and `.plan`, and the actions."""
    part = sources.pipelines

    async def pipelines(_: Mapping[str, str]) -> Json:
        return shown.all_pipelines([(each, part.book(each.name)) for each in part.all])

    async def one(query: Mapping[str, str]) -> Json:
        name = query.get("pipeline", "")
        return shown.one_pipeline(part.pipeline(name), part.book(name))

    async def run(query: Mapping[str, str]) -> Json:
        name = query.get("pipeline", "")
        return shown.one_run(part.pipeline(name), _execution(part, query))

    async def log(query: Mapping[str, str]) -> Json:
        return await _log(sources, query)

    async def plan(query: Mapping[str, str]) -> Json:
        return await _plan(sources, query)

    console.topics(
        {
            "pipelines": pipelines,
            "pipelines.one": one,
            "pipelines.run": run,
            "pipelines.log": log,
            "pipelines.plan": plan,
        }
    )
    console.actions(
        {
            "pipeline.start": deeds.start,
            "pipeline.stop": deeds.stop,
            "pipeline.retry": deeds.retry,
            "pipeline.answer": deeds.answer,
        }
    )


async def _log(sources: PipelineSources, query: Mapping[str, str]) -> Json:
    """The log of one action's build, live while it runs."""
    name, run_id = query.get("pipeline", ""), query.get("run", "")
    before = query.get("before", "0")
    found = shown.find_action(sources.pipelines.book(name), run_id)
    if found is None or not found[2].external_id:
        raise ConsoleError("this action has no log", remedy="see its summary")
    run = found[2]
    file = sources.builds().log(run.external_id)
    end = int(before) if before.isdigit() else 0
    return await asyncio.to_thread(window, file, end, live=run.status == "InProgress")


async def _plan(sources: PipelineSources, query: Mapping[str, str]) -> Json:
    """The last plan that a build of the run has printed. The approval is about this plan."""
    name = query.get("pipeline", "")
    execution = _execution(sources.pipelines, query)
    pipeline = sources.pipelines.pipeline(name)
    builds = {
        (stage.name, action.name)
        for stage in pipeline.stages
        for action in stage.actions
        if action.provider == "CodeBuild"
    }
    for stage, run in reversed(_runs(execution)):
        if (stage, run.name) not in builds or not run.external_id:
            continue
        plan = await asyncio.to_thread(sources.plans.of, sources.builds().log(run.external_id))
        if plan is not None:
            return {"plan": plan, "stage": stage, "action": run.name, "run": run.id}
    return {"plan": None}


def _runs(execution: Execution) -> list[tuple[str, ActionRun]]:
    found = [(stage.name, run) for stage in execution.stages for run in stage.actions]
    return sorted(found, key=lambda each: each[1].started)


def _execution(part: Pipelines, query: Mapping[str, str]) -> Execution:
    name, id_ = query.get("pipeline", ""), query.get("execution", "")
    found = part.book(name).find(id_)
    if found is None:
        raise ConsoleError(f"{name} has no run {id_}", remedy="see the runs that there are")
    return found
