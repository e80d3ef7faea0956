"""A pipeline's state, in the form of `get-pipeline-state`.

https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_GetPipelineState.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bonkei.blueprint.codepipeline import Pipeline, PipelineAction, Stage
from bonkei.services.codepipeline.core.values import (
    ActionRun,
    Book,
    ConditionRun,
    Execution,
    StageRun,
)
from bonkei.services.codepipeline.core.waiting import waiting

_CONDITIONS = {
    "before_entry": "beforeEntryConditionState",
    "on_success": "onSuccessConditionState",
    "on_failure": "onFailureConditionState",
}


def pipeline_state(pipeline: Pipeline, book: Book) -> Mapping[str, Any]:
    """GetPipelineState's answer."""
    return {
        "pipelineName": pipeline.name,
        "pipelineVersion": book.version,
        "created": book.created,
        "updated": book.updated,
        "stageStates": [_stage(each, book) for each in pipeline.stages],
    }


def _stage(stage: Stage, book: Book) -> Mapping[str, Any]:
    inside = book.latest_in(stage.name)
    run = inside.stage_run(stage.name) if inside is not None else None
    inbound = [_short(each, "InProgress") for each in waiting(book, stage.name)]
    closed = book.transition(stage.name)
    shown: dict[str, Any] = {
        "stageName": stage.name,
        "inboundTransitionState": {"enabled": True}
        if closed is None
        else {
            "enabled": False,
            "disabledReason": closed.reason,
            "lastChangedAt": closed.at,
            "lastChangedBy": closed.by,
        },
        "actionStates": [_action(each, inside, run) for each in stage.actions],
    }
    if inbound:
        shown |= {"inboundExecution": inbound[-1], "inboundExecutions": inbound}
    if inside is not None and run is not None:
        shown["latestExecution"] = _short(inside, run.status)
        shown |= _conditions(run.conditions)
        if retries := _retries(run):
            shown["retryStageMetadata"] = retries
    return shown


def _short(execution: Execution, status: str) -> Mapping[str, Any]:
    return {"pipelineExecutionId": execution.id, "status": status, "type": execution.type}


def _action(
    action: PipelineAction, execution: Execution | None, stage: StageRun | None
) -> Mapping[str, Any]:
    run = stage.latest(action.name) if stage is not None else None
    shown: dict[str, Any] = {"actionName": action.name}
    if execution is None or run is None:
        return shown
    shown["latestExecution"] = _run(run)
    revision = next((each for each in execution.revisions if each.action == action.name), None)
    if revision is not None:
        shown["currentRevision"] = {
            "revisionId": revision.id,
            "revisionChangeId": revision.id,
            "created": run.updated,
        }
        shown["revisionUrl"] = revision.url or None
    return shown


def _run(run: ActionRun) -> Mapping[str, Any]:
    error = {"code": run.error_code or "JobFailed", "message": run.error_message}
    return {
        "actionExecutionId": run.id,
        "status": run.status,
        "summary": run.summary or None,
        "lastStatusChange": run.updated,
        "token": run.token if run.token and run.status == "InProgress" else None,
        "lastUpdatedBy": run.updated_by or None,
        "externalExecutionId": run.external_id or None,
        "externalExecutionUrl": run.external_url or None,
        "errorDetails": error if run.error_message else None,
    }


def _conditions(found: tuple[ConditionRun, ...]) -> Mapping[str, Any]:
    shown: dict[str, Any] = {}
    for place, name in _CONDITIONS.items():
        here = [each for each in found if each.place == place]
        if here:
            bad = [each for each in here if each.status != "Succeeded"]
            latest = {"status": (bad or here)[-1].status, "summary": (bad or here)[-1].summary}
            states = [_condition(each) for each in here]
            shown[name] = {"latestExecution": latest, "conditionStates": states}
    return shown


def _condition(run: ConditionRun) -> Mapping[str, Any]:
    return {
        "latestExecution": {
            "status": run.status,
            "summary": run.summary or None,
            "lastStatusChange": run.at,
        },
        "ruleStates": [
            {
                "ruleName": rule.name,
                "latestExecution": {
                    "status": "Failed" if rule.status == "Errored" else rule.status,
                    "summary": rule.summary,
                    "lastStatusChange": run.at,
                },
            }
            for rule in run.rules
        ],
    }


def _retries(run: StageRun) -> Mapping[str, Any]:
    if not run.manual_retries and not run.automatic_retries:
        return {}
    trigger = "ManualStageRetry" if run.manual_retries else "AutomatedStageRetry"
    return {
        "manualStageRetryAttempt": run.manual_retries or None,
        "autoStageRetryAttempt": run.automatic_retries or None,
        "latestRetryTrigger": trigger,
    }
