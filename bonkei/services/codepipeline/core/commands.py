"""Commands to a pipeline from people, triggers and finished actions. If CodePipeline would refuse
one, AwsServiceError is raised with CodePipeline's code.

https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bonkei.base.aws_service import AwsServiceError
from bonkei.blueprint.codepipeline import Pipeline, Stage
from bonkei.services.codepipeline.core.desk import (
    Desk,
    Mint,
    abandon_actions,
    find_execution,
    find_stage,
)
from bonkei.services.codepipeline.core.quotas import CONCURRENT
from bonkei.services.codepipeline.core.rollback import begin_rollback, is_target
from bonkei.services.codepipeline.core.stage import enter, settle, to_repeat
from bonkei.services.codepipeline.core.values import (
    Book,
    Effect,
    Execution,
    Override,
    Pairs,
    StageRun,
    Transition,
)
from bonkei.services.codepipeline.core.waiting import arrive, is_locked

Result = tuple[Book, tuple[Effect, ...], str]
"""The new book, the effects to carry out, and the id of the command's execution."""
Command = Callable[[Desk], str]


def run(pipeline: Pipeline, book: Book, now: float, mint: Mint, command: Command) -> Result:
    """Carry a command out, with all its consequences. On AwsServiceError nothing has changed."""
    desk = Desk(pipeline, book, now, mint)
    id_ = command(desk)
    settle(desk)
    return desk.book, tuple(desk.effects), id_


def start(
    trigger: str,
    detail: str = "",
    variables: Pairs = (),
    overrides: tuple[Override, ...] = (),
    token: str = "",
) -> Command:
    """Begin a new execution. A repeated `token` does not begin a second one."""

    def command(desk: Desk) -> str:
        if token and (known := [e for e in desk.book.executions if e.token == token]):
            return known[-1].id
        mode = desk.pipeline.execution_mode
        under_way = sum(each.is_running for each in desk.book.executions)
        if mode != "SUPERSEDED" and under_way >= CONCURRENT:
            raise AwsServiceError(
                "ConcurrentPipelineExecutionsLimitExceededException",
                f"The pipeline has reached the limit of {CONCURRENT} concurrent executions",
            )
        _require_sources(desk, overrides)
        number = desk.book.starts + 1
        desk.book = replace(desk.book, starts=number)
        execution = desk.put(
            Execution(
                id=desk.mint(),
                number=number,
                status="InProgress",
                mode=mode,
                started=desk.now,
                updated=desk.now,
                trigger=trigger,
                trigger_detail=detail,
                version=desk.book.version,
                variables=_values(desk.pipeline, variables),
                overrides=overrides,
                token=token,
            )
        )
        desk.say("STARTED", execution)
        arrive(desk, execution, desk.pipeline.stages[0].name)
        return execution.id

    return command


def stop(execution_id: str, reason: str, *, abandon: bool) -> Command:
    """Stop and wait for its actions, or abandon them."""

    def command(desk: Desk) -> str:
        execution = find_execution(desk, execution_id)
        if not execution.is_running:
            raise AwsServiceError(
                "PipelineExecutionNotStoppableException",
                f"The execution {execution_id} is not in progress: it is {execution.status}",
            )
        if execution.status == "Stopping" and not abandon:
            raise AwsServiceError(
                "DuplicatedStopRequestException", f"The execution {execution_id} is stopping"
            )
        if execution.waiting:
            desk.end(replace(execution, stop_reason=reason), "Stopped", reason)
            return execution.id
        run_ = execution.stage
        assert run_ is not None  # noqa: S101 - it does not wait, so it is in a stage
        if execution.status != "Stopping":
            execution = replace(execution, status="Stopping", stop_reason=reason)
            execution = desk.put_stage(execution, replace(run_, status="Stopping"))
            desk.say("STOPPING", execution)
            desk.say("STOPPING", execution, run_.name)
        if abandon:
            abandon_actions(desk, execution)
        return execution.id

    return command


def retry(stage_name: str, execution_id: str, mode: str) -> Command:
    """Run a failed or stopped stage again: FAILED_ACTIONS or ALL_ACTIONS."""

    def command(desk: Desk) -> str:
        stage = find_stage(desk, stage_name)
        execution = find_execution(desk, execution_id)
        found = execution.stage_run(stage_name)
        problem = _why_not(desk, stage, execution, found)
        if found is None or problem:
            raise AwsServiceError("StageNotRetryableException", problem)
        _require_latest(desk, stage_name, execution)
        if execution.status == "Stopping":
            raise AwsServiceError("ConflictException", f"The execution {execution_id} is stopping")
        again = to_repeat(stage, found, "FAILED_ACTIONS" if execution.is_running else mode)
        retried = replace(
            found,
            status="InProgress",
            again=again,
            manual_retries=found.manual_retries + 1,
            summary="",
        )
        execution = replace(
            execution,
            status="InProgress",
            attempt=execution.attempt + 1,
            summary="",
            stop_reason="",
        )
        execution = desk.put_stage(execution, retried)
        desk.say("RESUMED", execution)
        desk.say("RESUMED", execution, stage_name)
        if not found.actions:  # a condition kept it out: the condition is evaluated again
            enter(desk, execution, stage)
        return execution.id

    return command


def _why_not(desk: Desk, stage: Stage, execution: Execution, found: StageRun | None) -> str:
    """Why a stage cannot be retried; empty if it can. While it runs, only failed actions can be
    retried.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/actions-retry.html
    """
    if found is None or execution.stage != found or execution.waiting:
        return f"The execution {execution.id} is not in the stage {stage.name}"
    if execution.version != desk.book.version:
        return "The pipeline structure has changed since"
    if execution.status in ("Failed", "Stopped"):
        return ""
    if execution.is_running and to_repeat(stage, found, "FAILED_ACTIONS"):
        return ""
    return f"The stage {stage.name} of {execution.id} has not failed"


def rollback(stage_name: str, target_id: str) -> Command:
    """A person rolls a stage back to an execution that succeeded in it."""

    def command(desk: Desk) -> str:
        find_stage(desk, stage_name)
        target = find_execution(desk, target_id)
        problem = ""
        if desk.pipeline.execution_mode == "PARALLEL":
            problem = "Stage rollback is not available in the mode PARALLEL"
        elif stage_name == desk.pipeline.stages[0].name:
            problem = "A source stage cannot be rolled back"
        elif is_locked(desk.book, stage_name):
            problem = f"The stage {stage_name} is running"
        elif target.version != desk.book.version:
            raise AwsServiceError(
                "PipelineExecutionOutdatedException",
                f"The pipeline has changed since {target_id}: it cannot go back to it",
            )
        elif not is_target(desk, target, stage_name):
            problem = f"{target_id} has not succeeded in {stage_name}, or is itself a rollback"
        if problem:
            raise AwsServiceError("UnableToRollbackStageException", problem)
        return begin_rollback(desk, target, stage_name, "ManualRollback", target.id)

    return command


def disable(stage_name: str, reason: str, by: str) -> Command:
    """Disable the transition into a stage."""

    def command(desk: Desk) -> str:
        find_stage(desk, stage_name)
        others = tuple(each for each in desk.book.disabled if each.stage != stage_name)
        disabled = (*others, Transition(stage_name, reason, by, desk.now))
        desk.book = replace(desk.book, disabled=disabled)
        return ""

    return command


def enable(stage_name: str) -> Command:
    """Enable the transition into a stage. Waiting executions continue."""

    def command(desk: Desk) -> str:
        find_stage(desk, stage_name)
        disabled = tuple(each for each in desk.book.disabled if each.stage != stage_name)
        desk.book = replace(desk.book, disabled=disabled)
        return ""

    return command


def _require_latest(desk: Desk, stage: str, execution: Execution) -> None:
    """Require that no other execution has entered the stage after it."""
    mine = execution.stage_run(stage)
    later = [
        each.id
        for each in desk.book.executions
        if each.id != execution.id
        and (other := each.stage_run(stage)) is not None
        and mine is not None
        and (other.entered, each.number) > (mine.entered, execution.number)
    ]
    if execution.mode != "PARALLEL" and later:
        raise AwsServiceError(
            "NotLatestPipelineExecutionException",
            f"{later[-1]} has entered the stage {stage} after {execution.id}",
        )


def _require_sources(desk: Desk, overrides: tuple[Override, ...]) -> None:
    sources = {
        action.name
        for stage in desk.pipeline.stages
        for action in stage.actions
        if action.category == "Source"
    }
    for each in overrides:
        if each.action not in sources:
            raise AwsServiceError(
                "ValidationException",
                f"sourceRevisions: the pipeline has no source action {each.action}",
            )


def _values(pipeline: Pipeline, given: Pairs) -> Pairs:
    """Each declared variable with its value: the given one, or its default."""
    known, asked = {each.name for each in pipeline.variables}, dict(given)
    if unknown := sorted(set(asked) - known):
        raise AwsServiceError(
            "ValidationException", f"The pipeline declares no variable {', '.join(unknown)}"
        )
    missing = [v.name for v in pipeline.variables if not v.default and v.name not in asked]
    if missing:
        raise AwsServiceError(
            "ValidationException",
            f"The variable {', '.join(missing)} has no default: a start has to give its value",
        )
    return tuple((v.name, asked.get(v.name, v.default)) for v in pipeline.variables)
