"""The values for `bonkei status`."""

from __future__ import annotations

from dataclasses import dataclass

from bonkei.services.codepipeline.core.values import Book, Execution, StageRun


@dataclass(frozen=True, slots=True)
class PipelineSnapshot:
    """`status`: that of its last execution, or empty. `detail`: where the execution is."""

    name: str
    status: str
    detail: str


def describe(name: str, book: Book) -> PipelineSnapshot:
    """The execution that was started last."""
    if not book.executions:
        return PipelineSnapshot(name, "", "never run")
    last = max(book.executions, key=lambda each: each.number)
    return PipelineSnapshot(name, last.status, _place(last))


def _place(execution: Execution) -> str:
    if execution.is_running and execution.waiting:
        return f"waits before stage {execution.waiting}"
    stage = execution.stage
    if stage is None or execution.status == "Succeeded":
        return execution.summary
    actions = ", ".join(_actions(stage, "Failed") or _actions(stage, "InProgress"))
    return f"stage {stage.name}" + (f": {actions}" if actions else "")


def _actions(stage: StageRun, status: str) -> list[str]:
    """A stage's actions with this status in their last run. An approval is marked as waiting."""
    latest = {run.name: run for run in stage.actions}
    return [
        f"{run.name} waits for an answer" if run.token and status == "InProgress" else run.name
        for run in latest.values()
        if run.status == status
    ]
