"""The subject of a command, or CodePipeline's error for a missing one."""

from __future__ import annotations

from dataclasses import replace

from bonkei.base.aws_service import AwsServiceError
from bonkei.blueprint.codepipeline import Stage
from bonkei.services.codepipeline.core.desk import Desk
from bonkei.services.codepipeline.core.values import AbandonAction, Execution


def find_execution(desk: Desk, execution_id: str) -> Execution:
    found = desk.book.find(execution_id)
    if found is None:
        raise AwsServiceError(
            "PipelineExecutionNotFoundException",
            f"The pipeline {desk.pipeline.name} has no execution {execution_id}",
        )
    return found


def find_stage(desk: Desk, name: str) -> Stage:
    found = desk.stage(name)
    if found is None:
        raise AwsServiceError(
            "StageNotFoundException", f"The pipeline {desk.pipeline.name} has no stage {name}"
        )
    return found


def abandon_actions(desk: Desk, execution: Execution) -> None:
    """The execution no longer waits for its actions."""
    run_ = execution.stage
    assert run_ is not None  # noqa: S101 - it is in a stage
    for action in run_.all_runs:
        if action.status == "InProgress":
            execution = desk.book.find(execution.id) or execution
            run_ = execution.stage or run_
            gone = replace(action, status="Abandoned", updated=desk.now)
            execution = desk.put_action(execution, run_, gone)
            if action in run_.actions:
                desk.say("ABANDONED", execution, run_.name, gone)
            desk.effects.append(AbandonAction(action.id))
