"""Results of actions, answers to approvals, and time-outs."""

from __future__ import annotations

from dataclasses import replace

from bonkei.base.aws_service import AwsServiceError
from bonkei.services.codepipeline.core.commands import Command
from bonkei.services.codepipeline.core.desk import Desk, find_stage
from bonkei.services.codepipeline.core.quotas import OUTPUT_BYTES
from bonkei.services.codepipeline.core.values import (
    AbandonAction,
    ActionRun,
    Book,
    Execution,
    Finished,
    StageRun,
    StoredArtifact,
)


def approve(
    stage_name: str, action_name: str, token: str, *, approved: bool, said: str, by: str
) -> Command:
    """The answer of a person to a manual approval."""

    def command(desk: Desk) -> str:
        stage = find_stage(desk, stage_name)
        if all(each.name != action_name for each in stage.actions):
            raise AwsServiceError(
                "ActionNotFoundException", f"No action {action_name} in {stage_name}"
            )
        execution, action = _asked(desk, stage_name, action_name, token)
        if action.status != "InProgress":
            raise AwsServiceError(
                "ApprovalAlreadyCompletedException",
                f"The approval {action_name} is {action.status} already",
            )
        answer = Finished(approved, said, by=by)
        if not approved:
            why = said or f"Rejected by {by}"
            answer = replace(answer, error_code="JobFailed", error_message=why)
        _conclude(desk, execution, action, answer)
        return execution.id

    return command


def _asked(desk: Desk, stage: str, name: str, token: str) -> tuple[Execution, ActionRun]:
    for execution in desk.book.executions:
        run = execution.stage_run(stage)
        for action in run.actions if run is not None else ():
            if action.name == name and action.token and action.token == token:
                return execution, action
    raise AwsServiceError(
        "InvalidApprovalTokenException", f"The token is none of an approval of {name}"
    )


def finish(action_id: str, finished: Finished) -> Command:
    """An action has ended. If its execution no longer waits for it, nothing changes."""

    def command(desk: Desk) -> str:
        for execution in desk.book.executions:
            for run_ in execution.stages:
                for action in run_.all_runs:
                    if action.id == action_id:
                        if action.status == "InProgress":
                            _conclude(desk, execution, action, finished)
                        return execution.id
        return ""

    return command


def note(action_id: str, external_id: str, external_url: str, summary: str) -> Command:
    """The report of an action while it runs."""

    def command(desk: Desk) -> str:
        for execution in desk.book.executions:
            run_ = execution.stage
            for action in run_.all_runs if run_ is not None else ():
                if run_ is not None and action.id == action_id and action.status == "InProgress":
                    noted = replace(
                        action, external_id=external_id, external_url=external_url, summary=summary
                    )
                    desk.put_action(execution, run_, replace(noted, updated=desk.now))
                    return execution.id
        return ""

    return command


def tick() -> Command:
    """Actions that have run too long fail. So do unanswered approvals."""

    def command(desk: Desk) -> str:
        for action_id, expires in deadlines(desk.book):
            if expires <= desk.now:
                why = "The action has not completed within its time-out"
                desk.effects.append(AbandonAction(action_id))
                finish(action_id, Finished(False, error_code="JobTimedOut", error_message=why))(
                    desk
                )
        return ""

    return command


def deadlines(book: Book) -> list[tuple[str, float]]:
    """Actions in progress, and the time-out of each."""
    return [
        (action.id, action.expires)
        for execution in book.executions
        if execution.is_running
        for run_ in execution.stages
        for action in run_.all_runs
        if action.status == "InProgress"
    ]


def _conclude(desk: Desk, execution: Execution, action: ActionRun, finished: Finished) -> None:
    run_ = next(each for each in execution.stages if action in each.all_runs)
    if sum(len(name) + len(value) for name, value in finished.variables) > OUTPUT_BYTES:
        why = f"The output variables are larger than {OUTPUT_BYTES} bytes"
        finished = Finished(False, error_code="ConfigurationError", error_message=why)
    over = replace(
        action,
        status="Succeeded" if finished.succeeded else "Failed",
        updated=desk.now,
        outputs=finished.outputs or action.outputs,
        variables=finished.variables,
        external_id=finished.external_id or action.external_id,
        external_url=finished.external_url or action.external_url,
        summary=finished.summary,
        error_code=finished.error_code,
        error_message=finished.error_message,
        updated_by=finished.by,
    )
    execution = desk.put_action(execution, run_, over)
    if action in run_.checks:
        return  # a rule has neither results nor events
    if finished.succeeded:
        execution = desk.put(_with_results(desk, execution, run_, over, finished))
    desk.say("SUCCEEDED" if finished.succeeded else "FAILED", execution, run_.name, over)


def _with_results(
    desk: Desk, execution: Execution, run_: StageRun, over: ActionRun, finished: Finished
) -> Execution:
    """Keep its artifacts, variables and revision for the actions after it."""
    new = {artifact.name: artifact for artifact in over.outputs}
    kept: tuple[StoredArtifact, ...] = tuple(a for a in execution.artifacts if a.name not in new)
    stage = desk.stage(run_.name)
    declared = {each.name: each for each in stage.actions} if stage is not None else {}
    namespace = declared[over.name].namespace if over.name in declared else ""
    namespaces = tuple(each for each in execution.namespaces if each[0] != namespace)
    if namespace:
        namespaces = (*namespaces, (namespace, over.variables))
    revisions = execution.revisions
    if finished.revision is not None:
        others = tuple(each for each in revisions if each.action != over.name)
        revisions = (*others, finished.revision)
    return replace(
        execution,
        artifacts=(*kept, *over.outputs),
        namespaces=namespaces,
        revisions=revisions,
    )
