"""Changes of state, as CodePipeline's events on EventBridge's bus.

"CodePipeline events reference",
https://docs.aws.amazon.com/codepipeline/latest/userguide/detect-state-changes-cloudwatch-events.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bonkei.base.arn import Arn
from bonkei.base.events import ServiceEvent
from bonkei.blueprint.codepipeline import Pipeline
from bonkei.services.codepipeline.core.values import (
    ActionRun,
    Book,
    Changed,
    Execution,
)

_KIND = "CodePipeline {} Execution State Change"


def event(pipeline: Pipeline, book: Book, changed: Changed, now: float) -> ServiceEvent | None:
    """The event of a change; None if its execution is unknown by now."""
    execution = book.find(changed.execution_id)
    if execution is None:
        return None
    detail: dict[str, Any] = {
        "pipeline": pipeline.name,
        "execution-id": execution.id,
        "start-time": _time(execution.started),
        "state": changed.state,
        "version": float(execution.version),
        "pipeline-execution-attempt": float(execution.attempt),
    }
    if changed.action_id:
        level, found = "Action", _find(execution, changed.action_id)
        detail |= _of_action(pipeline, changed, found)
    elif changed.stage:
        level = "Stage"
        run = execution.stage_run(changed.stage)
        detail |= {"stage": changed.stage, "start-time": _time(run.entered if run else now)}
    else:
        level = "Pipeline"
        trigger = {"trigger-type": execution.trigger, "trigger-detail": execution.trigger_detail}
        detail["execution-trigger"] = trigger
        if execution.stop_reason:
            detail["stop-execution-trigger"] = execution.stop_reason
    return ServiceEvent("aws.codepipeline", _KIND.format(level), (pipeline.arn,), detail, now)


def _of_action(pipeline: Pipeline, changed: Changed, run: ActionRun | None) -> Mapping[str, Any]:
    stage = next((each for each in pipeline.stages if each.name == changed.stage), None)
    actions = stage.actions if stage is not None else ()
    declared = next((each for each in actions if run is not None and each.name == run.name), None)
    if run is None or declared is None:
        return {"stage": changed.stage, "action": run.name if run is not None else ""}
    detail: dict[str, Any] = {
        "stage": changed.stage,
        "action": run.name,
        "action-execution-id": run.id,
        "start-time": _time(run.started),
        "region": Arn.of(pipeline.arn).region,
        "type": {
            "owner": declared.owner,
            "provider": declared.provider,
            "category": declared.category,
            "version": declared.version,
        },
        "input-artifacts": [each.described for each in run.inputs],
        "output-artifacts": [each.described for each in run.outputs],
    }
    if changed.state != "STARTED":
        result = {
            "external-execution-url": run.external_url,
            "external-execution-summary": run.error_message or run.summary,
            "external-execution-id": run.external_id,
            "error-code": run.error_code,
        }
        detail["execution-result"] = {name: value for name, value in result.items() if value}
    return detail


def _find(execution: Execution, action_id: str) -> ActionRun | None:
    runs = (run for stage in execution.stages for run in stage.actions)
    return next((run for run in runs if run.id == action_id), None)


def _time(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
