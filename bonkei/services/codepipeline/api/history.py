"""Executions, and the action executions in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bonkei.base.arn import Arn
from bonkei.blueprint.codepipeline import Pipeline
from bonkei.services.codepipeline.api.declaration import action_type
from bonkei.services.codepipeline.core.values import ActionRun, Book, Execution


def summary(execution: Execution) -> Mapping[str, Any]:
    """PipelineExecutionSummary."""
    return {
        "pipelineExecutionId": execution.id,
        "status": execution.status,
        "statusSummary": execution.summary or None,
        "startTime": execution.started,
        "lastUpdateTime": execution.updated,
        "sourceRevisions": [
            {
                "actionName": each.action,
                "revisionId": each.id,
                "revisionSummary": each.summary or None,
                "revisionUrl": each.url or None,
            }
            for each in execution.revisions
        ],
        **_common(execution),
        "stopTrigger": {"reason": execution.stop_reason} if execution.stop_reason else None,
    }


def detail(pipeline: Pipeline, execution: Execution) -> Mapping[str, Any]:
    """PipelineExecution."""
    revisions = [
        {
            "name": artifact.name,
            "revisionId": each.id,
            "revisionSummary": each.summary or None,
            "revisionUrl": each.url or None,
            "created": execution.started,
        }
        for each in execution.revisions
        for artifact in execution.artifacts
        if artifact.revision == each.id
    ]
    return {
        "pipelineName": pipeline.name,
        "pipelineVersion": execution.version,
        "pipelineExecutionId": execution.id,
        "status": execution.status,
        "statusSummary": execution.summary or None,
        "artifactRevisions": revisions,
        "variables": [
            {"name": name, "resolvedValue": value} for name, value in execution.variables
        ],
        **_common(execution),
    }


def _common(execution: Execution) -> Mapping[str, Any]:
    back = {"rollbackTargetPipelineExecutionId": execution.target} if execution.target else None
    return {
        "executionMode": execution.mode,
        "executionType": execution.type,
        "trigger": {
            "triggerType": execution.trigger,
            "triggerDetail": execution.trigger_detail,
        },
        "rollbackMetadata": back,
    }


def succeeded_in(book: Book, stage: str) -> list[Execution]:
    """The executions that succeeded in a stage, or all executions."""
    return [
        each
        for each in reversed(book.executions)
        if not stage or ((run := each.stage_run(stage)) is not None and run.status == "Succeeded")
    ]


def actions(
    pipeline: Pipeline, executions: Sequence[Execution], *, latest: bool
) -> list[Mapping[str, Any]]:
    """ActionExecutionDetail of each, newest first. `latest`: only the last run of an action in each
    execution."""
    found = [
        (run.started, _detail(pipeline, execution, stage.name, run))
        for execution in executions
        for stage in execution.stages
        for run in stage.actions
        if not latest or stage.latest(run.name) == run
    ]
    return [shown for _, shown in sorted(found, key=lambda each: each[0], reverse=True)]


def _detail(
    pipeline: Pipeline, execution: Execution, stage: str, run: ActionRun
) -> Mapping[str, Any]:
    declared = next(
        (a for s in pipeline.stages if s.name == stage for a in s.actions if a.name == run.name),
        None,
    )
    error = {"code": run.error_code or "JobFailed", "message": run.error_message}
    given: dict[str, Any] = {
        "configuration": dict(declared.configuration) if declared is not None else {},
        "resolvedConfiguration": dict(run.configuration),
        "inputArtifacts": [each.described for each in run.inputs],
        "region": Arn.of(pipeline.arn).region,
    }
    if declared is not None:
        given |= {
            "actionTypeId": action_type(declared),
            "roleArn": declared.role_arn or None,
            "namespace": declared.namespace or None,
        }
    return {
        "pipelineExecutionId": execution.id,
        "actionExecutionId": run.id,
        "pipelineVersion": execution.version,
        "stageName": stage,
        "actionName": run.name,
        "startTime": run.started,
        "lastUpdateTime": run.updated,
        "updatedBy": run.updated_by or None,
        "status": run.status,
        "input": given,
        "output": {
            "outputArtifacts": [each.described for each in run.outputs],
            "outputVariables": dict(run.variables),
            "executionResult": {
                "externalExecutionId": run.external_id or None,
                "externalExecutionSummary": run.summary or None,
                "externalExecutionUrl": run.external_url or None,
                "errorDetails": error if run.error_message else None,
            },
        },
    }
