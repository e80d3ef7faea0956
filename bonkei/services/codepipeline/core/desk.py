"""The book during a command. It collects the effects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bonkei.base.aws_service import AwsServiceError
from bonkei.blueprint.codepipeline import Pipeline, Stage
from bonkei.services.codepipeline.core.values import (
    AbandonAction,
    ActionRun,
    Book,
    Changed,
    Effect,
    Execution,
    StageRun,
)

Mint = Callable[[], str]
"""Gives a new UUID as text."""


class Desk:
    """The desk of one command; `book` and `effects` are its result."""

    def __init__(self, pipeline: Pipeline, book: Book, now: float, mint: Mint) -> None:
        self.pipeline = pipeline
        self.book = book
        self.now = now
        self.mint = mint
        self.effects: list[Effect] = []

    def stage(self, name: str) -> Stage | None:
        """The declaration of a stage."""
        return next((each for each in self.pipeline.stages if each.name == name), None)

    def put(self, execution: Execution) -> Execution:
        """Write the execution into the book, with the present time as its change."""
        changed = replace(execution, updated=self.now)
        self.book = self.book.having(changed)
        return changed

    def put_stage(self, execution: Execution, run: StageRun) -> Execution:
        return self.put(execution.with_stage(replace(run, updated=self.now)))

    def put_action(self, execution: Execution, run: StageRun, action: ActionRun) -> Execution:
        """Replace the action's or the check's run with the same id."""
        actions = tuple(action if each.id == action.id else each for each in run.actions)
        checks = tuple(action if each.id == action.id else each for each in run.checks)
        return self.put_stage(execution, replace(run, actions=actions, checks=checks))

    def say(
        self, state: str, execution: Execution, stage: str = "", action: ActionRun | None = None
    ) -> None:
        """Add a change of state for EventBridge."""
        self.effects.append(Changed(state, execution.id, stage, action.id if action else ""))

    def end(self, execution: Execution, status: str, summary: str = "") -> Execution:
        """End the execution."""
        self.say(_STATES[status], execution)
        return self.put(replace(execution, status=status, waiting="", summary=summary))


_STATES = {
    "Succeeded": "SUCCEEDED",
    "Failed": "FAILED",
    "Stopped": "STOPPED",
    "Superseded": "SUPERSEDED",
    "Cancelled": "CANCELED",
}
"""States of executions, as spelled in events."""


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
