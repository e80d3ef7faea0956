"""Looks things up in a book and in a declaration. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from bonkei.blueprint.codepipeline import Pipeline, PipelineAction, Rule, Stage
from bonkei.services.codepipeline.core.conditions import as_action
from bonkei.services.codepipeline.core.values import ActionRun, Book, Execution, Finished, StageRun


def under_way(execution: Execution) -> tuple[ActionRun, ...]:
    runs = (run for stage in execution.stages for run in stage.all_runs)
    return tuple(run for run in runs if run.status == "InProgress")


def find_run(book: Book, action_id: str) -> tuple[str, ActionRun] | None:
    """An action's run, and its stage."""
    for execution in book.executions:
        for stage in execution.stages:
            for run in stage.all_runs:
                if run.id == action_id:
                    return stage.name, run
    return None


def action_of(stage: Stage, run: ActionRun, in_stage: StageRun | None) -> PipelineAction:
    """The action of a run, or what a rule's check does."""
    if in_stage is not None and run in in_stage.checks:
        return as_action(next(rule for rule in _rules(stage) if rule.name == run.name))
    return next(action for action in stage.actions if action.name == run.name)


def is_job(pipeline: Pipeline, stage_name: str, run: ActionRun) -> bool:
    """Whether a function answers for it: an action of Lambda, or a rule LambdaInvoke."""
    for stage in pipeline.stages:
        if stage.name == stage_name:
            named: list[PipelineAction | Rule] = [*stage.actions, *_rules(stage)]
            providers = {each.provider for each in named if each.name == run.name}
            return not providers.isdisjoint(("Lambda", "LambdaInvoke"))
    return False


def _rules(stage: Stage) -> list[Rule]:
    failure = stage.on_failure.conditions if stage.on_failure is not None else ()
    conditions = (*stage.before_entry, *stage.on_success, *failure)
    return [rule for condition in conditions for rule in condition.rules]


def failure(code: str, message: str) -> Finished:
    return Finished(False, error_code=code, error_message=message)


def digest(pipeline: Pipeline) -> str:
    """A digest of the pipeline's structure, as CodePipeline defines it."""
    return hashlib.sha256(repr(replace(pipeline, address="")).encode()).hexdigest()
