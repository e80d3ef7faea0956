"""Rollback of a stage, of pipelines of type V2.

"Configuring stage rollback",
https://docs.aws.amazon.com/codepipeline/latest/userguide/stage-rollback.html: a new execution of
the type ROLLBACK runs this stage with the artifacts and the variables of an earlier execution that
succeeded in it. The earlier execution must have the pipeline's current version, and must not itself
be a rollback. The first stage cannot be rolled back.
"""

from __future__ import annotations

from dataclasses import replace

from bonkei.services.codepipeline.core.desk import Desk
from bonkei.services.codepipeline.core.values import Execution, StageRun


def find_target(desk: Desk, stage: str, before: str) -> Execution | None:
    """The most recent execution to which a stage can go back, other than `before`."""
    fit = (each for each in reversed(desk.book.executions) if is_target(desk, each, stage))
    return next((each for each in fit if each.id != before), None)


def is_target(desk: Desk, execution: Execution, stage: str) -> bool:
    run = execution.stage_run(stage)
    return (
        execution.type == "STANDARD"
        and execution.version == desk.book.version
        and run is not None
        and run.status == "Succeeded"
    )


def roll_back(desk: Desk, failed: str, stage: str) -> None:
    """Roll back automatically after a failure. Without an earlier success, nothing happens, nor
    after a rollback: AWS documents no second one, and it would fail again for the same reason."""
    execution, target = desk.book.find(failed), find_target(desk, stage, failed)
    if execution is None or execution.type == "ROLLBACK":
        return
    if target is not None and stage != desk.pipeline.stages[0].name:
        begin_rollback(desk, target, stage, "AutomatedRollback", failed)


def begin_rollback(desk: Desk, target: Execution, stage: str, trigger: str, detail: str) -> str:
    """Start it. It enters the stage at once, before waiting executions. Returns the new execution's
    id."""
    number = desk.book.starts + 1
    desk.book = replace(desk.book, starts=number)
    run = StageRun(stage, "InProgress", desk.now, desk.now)
    execution = Execution(
        id=desk.mint(),
        number=number,
        status="InProgress",
        mode=target.mode,
        started=desk.now,
        updated=desk.now,
        trigger=trigger,
        trigger_detail=detail,
        type="ROLLBACK",
        target=target.id,
        version=desk.book.version,
        variables=target.variables,
        revisions=target.revisions,
        artifacts=target.artifacts,
        namespaces=target.namespaces,
        stages=(run,),
    )
    execution = desk.put(execution)
    desk.say("STARTED", execution)
    desk.say("STARTED", execution, stage)
    return execution.id
