"""A declaration that changes under its executions."""

from __future__ import annotations

from dataclasses import replace

from bonkei.services.codepipeline.core.commands import Command
from bonkei.services.codepipeline.core.desk import Desk, abandon_actions
from bonkei.services.codepipeline.core.values import Execution


def restructure(structure: str) -> Command:
    """The declaration has changed: executions in progress are cancelled.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/detect-state-changes-cloudwatch-events.html
    (CANCELED: "because the pipeline structure was updated").
    """

    def command(desk: Desk) -> str:
        is_new = not desk.book.structure
        for execution in desk.book.executions:
            if execution.is_running:
                _cancel(desk, execution)
        desk.book = replace(
            desk.book,
            structure=structure,
            version=desk.book.version if is_new else desk.book.version + 1,
            created=desk.book.created or desk.now,
            updated=desk.now,
        )
        return ""

    return command


def _cancel(desk: Desk, execution: Execution) -> None:
    if not execution.waiting:
        abandon_actions(desk, execution)
        execution = desk.book.find(execution.id) or execution
        run = execution.stage
        if run is not None:
            execution = desk.put_stage(execution, replace(run, status="Cancelled"))
            desk.say("CANCELED", execution, run.name)
    desk.end(execution, "Cancelled", "the pipeline's definition was updated")
