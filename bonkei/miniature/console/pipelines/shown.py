"""Pipelines, their stages and their runs for a page. Times are in Unix seconds.

A running time has no end. The page itself continues to count, and an unchanged state is not sent
again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bonkei.blueprint.codepipeline import Pipeline, PipelineAction, Stage
from bonkei.services.codepipeline.core.values import (
    ActionRun,
    Book,
    ConditionRun,
    Execution,
    StageRun,
)
from bonkei.services.codepipeline.core.waiting import waiting
from bonkei.services.codepipeline.snapshot import describe
from bonkei.services.console.values import Json
from bonkei.services.console.views.inert import label, visible

RUNS = 30
_OVER = ("Succeeded", "Failed", "Stopped", "Superseded", "Cancelled", "Abandoned", "Skipped")
_WORDS = 2_000
"""Characters of a summary or an error."""


def all_pipelines(found: Sequence[tuple[Pipeline, Book]]) -> Json:
    """For `pipelines`: each with its stages, its last run, and the approvals that wait."""
    return {"pipelines": [_pipeline(pipeline, book) for pipeline, book in found]}


def one_pipeline(pipeline: Pipeline, book: Book) -> Json:
    """For `pipelines.one`: every action of each stage, and the runs, newest first."""
    runs = sorted(book.executions, key=lambda each: -each.number)
    return {
        **_pipeline(pipeline, book),
        "version": book.version,
        "stages": [_stage(each, book) for each in pipeline.stages],
        "runs": [_run(each) for each in runs[:RUNS]],
        "more": max(0, len(runs) - RUNS),
    }


def one_run(pipeline: Pipeline, execution: Execution) -> Json:
    """For `pipelines.run`: everything that has run, in order, including all attempts of retried
    actions."""
    declared = {
        (stage.name, action.name): action for stage in pipeline.stages for action in stage.actions
    }
    return {
        **_run(execution),
        "pipeline": pipeline.name,
        "variables": [[label(name), label(value)] for name, value in execution.variables],
        "revisions": [
            {"action": each.action, "id": each.id, "summary": visible(each.summary, _WORDS)}
            for each in execution.revisions
        ],
        "stages": [
            {
                "name": stage.name,
                "status": stage.status,
                "started": stage.entered,
                "ended": _end(stage.status, stage.updated),
                "summary": visible(stage.summary, _WORDS),
                "conditions": [_condition(each) for each in stage.conditions],
                "actions": [
                    _action_run(run, declared.get((stage.name, run.name)), execution, stage.name)
                    for run in stage.actions
                ],
            }
            for stage in execution.stages
        ],
    }


def approvals(pipeline: Pipeline, book: Book) -> Iterator[dict[str, Json]]:
    """The approvals that wait for an answer."""
    for stage in pipeline.stages:
        inside = book.latest_in(stage.name)
        run = inside.stage_run(stage.name) if inside is not None else None
        if inside is None or run is None:
            continue
        for action in stage.actions:
            latest = run.latest(action.name)
            if latest is not None and latest.token and latest.status == "InProgress":
                yield {
                    "execution": inside.id,
                    "stage": stage.name,
                    "action": action.name,
                    "run": latest.id,
                    "summary": visible(latest.summary, _WORDS),
                    "started": latest.started,
                    "expires": latest.expires,
                }


def find_action(book: Book, run_id: str) -> tuple[Execution, StageRun, ActionRun] | None:
    """An action's run by its id."""
    for execution in book.executions:
        for stage in execution.stages:
            for run in stage.actions:
                if run.id == run_id:
                    return execution, stage, run
    return None


def _pipeline(pipeline: Pipeline, book: Book) -> dict[str, Json]:
    last = max(book.executions, key=lambda each: each.number, default=None)
    return {
        "name": pipeline.name,
        "address": pipeline.address,
        "type": pipeline.type,
        "mode": pipeline.execution_mode,
        "detail": label(describe(pipeline.name, book).detail),
        "last": _run(last) if last is not None else None,
        "stages": [_short_stage(each, book) for each in pipeline.stages],
        "approvals": list(approvals(pipeline, book)),
        "from_commit": any(
            each.provider in ("CodeCommit", "CodeStarSourceConnection")
            for each in pipeline.stages[0].actions
        ),
    }


def _short_stage(stage: Stage, book: Book) -> dict[str, Json]:
    inside = book.latest_in(stage.name)
    run = inside.stage_run(stage.name) if inside is not None else None
    return {"name": stage.name, "status": run.status if run is not None else ""}


def _stage(stage: Stage, book: Book) -> Json:
    inside, closed = book.latest_in(stage.name), book.transition(stage.name)
    run = inside.stage_run(stage.name) if inside is not None else None
    return {
        **_short_stage(stage, book),
        "execution": inside.id if inside is not None else "",
        "started": run.entered if run is not None else None,
        "ended": _end(run.status, run.updated) if run is not None else None,
        "summary": visible(run.summary, _WORDS) if run is not None else "",
        "conditions": [_condition(each) for each in run.conditions] if run is not None else [],
        "closed": None
        if closed is None
        else {"reason": label(closed.reason), "by": label(closed.by), "at": closed.at},
        "waiting": [each.id for each in waiting(book, stage.name)],
        "actions": [
            _declared_action(action, inside, run, stage.name)
            for action in sorted(stage.actions, key=lambda each: each.run_order)
        ],
    }


def _declared_action(
    action: PipelineAction, execution: Execution | None, stage: StageRun | None, name: str
) -> Json:
    run = stage.latest(action.name) if stage is not None else None
    if run is None or execution is None:
        return {"name": action.name, "status": "", "order": action.run_order, **_kind(action)}
    return {**_action_run(run, action, execution, name), "order": action.run_order}


def _action_run(
    run: ActionRun, action: PipelineAction | None, execution: Execution, stage: str
) -> dict[str, Json]:
    waits = bool(run.token) and run.status == "InProgress"
    is_build = action is not None and action.provider == "CodeBuild"
    return {
        "name": run.name,
        "run": run.id,
        "execution": execution.id,
        "stage": stage,
        "status": run.status,
        "waits": waits,
        "summary": visible(run.summary, _WORDS),
        "error": visible(run.error_message, _WORDS),
        "by": label(run.updated_by),
        "started": run.started,
        "ended": _end(run.status, run.updated),
        "expires": run.expires if waits else None,
        "external": label(run.external_id),
        "log": is_build and bool(run.external_id),
        "link": label(dict(run.configuration).get("ExternalEntityLink", "")) if waits else "",
        **_kind(action),
    }


def _kind(action: PipelineAction | None) -> dict[str, Json]:
    if action is None:  # it was declared when it ran
        return {"category": "", "provider": "", "project": ""}
    return {
        "category": action.category,
        "provider": action.provider,
        "project": action.setting("ProjectName"),
    }


def _run(execution: Execution) -> dict[str, Json]:
    revision = execution.revisions[0] if execution.revisions else None
    stage = execution.stage
    return {
        "id": execution.id,
        "number": execution.number,
        "status": execution.status,
        "running": execution.is_running,
        "stage": stage.name if stage is not None else "",
        "waiting": execution.waiting if execution.is_running else "",
        "summary": visible(execution.summary, _WORDS),
        "trigger": execution.trigger,
        "trigger_detail": label(execution.trigger_detail),
        "started": execution.started,
        "ended": _end(execution.status, execution.updated),
        "commit": revision.id if revision is not None else "",
        "title": label(revision.summary.split("\n")[0], 200) if revision is not None else "",
        "stop_reason": label(execution.stop_reason),
        "type": execution.type,
        "attempt": execution.attempt,
    }


def _condition(run: ConditionRun) -> Json:
    return {
        "place": run.place,
        "status": run.status,
        "summary": visible(run.summary, _WORDS),
        "rules": [[rule.name, rule.status, label(rule.summary)] for rule in run.rules],
    }


def _end(status: str, updated: float) -> float | None:
    return updated if status in _OVER else None
