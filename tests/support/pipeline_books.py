"""A pipeline's book that a test advances by hand, with its own clock and ids."""

from __future__ import annotations

from itertools import count

import pytest

from bonkei.base.aws_service import AwsServiceError
from bonkei.blueprint.codepipeline import Pipeline, PipelineAction, Stage
from bonkei.services.codepipeline.core import answers, commands
from bonkei.services.codepipeline.core.commands import Command, run
from bonkei.services.codepipeline.core.values import (
    ActionRun,
    Book,
    Changed,
    Effect,
    Execution,
    Finished,
    StageRun,
    StartAction,
)

ROLE = "arn:aws:iam::123456789012:role/pipeline"


def source(name: str = "Source", **more: object) -> PipelineAction:
    given: dict[str, object] = {"namespace": "source", "outputs": ("Source",)} | more
    return PipelineAction(name, "Source", "CodeCommit", **given)  # type: ignore[arg-type]


def build(name: str = "Build", **more: object) -> PipelineAction:
    given: dict[str, object] = {"inputs": ("Source",)} | more
    return PipelineAction(name, "Build", "CodeBuild", **given)  # type: ignore[arg-type]


def approval(name: str = "Approve", **more: object) -> PipelineAction:
    return PipelineAction(name, "Approval", "Manual", **more)  # type: ignore[arg-type]


def pipeline(*stages: Stage, mode: str = "SUPERSEDED", **more: object) -> Pipeline:
    given = stages or (
        Stage("Source", (source(),)),
        Stage("Build", (build(),)),
        Stage("Deploy", (build("Deploy"),)),
    )
    return Pipeline(
        "aws_codepipeline.this",
        "arn:aws:codepipeline:ap-northeast-1:123456789012:demo",
        "demo",
        ROLE,
        "V2",
        mode,
        given,
        ("artifacts",),
        **more,  # type: ignore[arg-type]
    )


class Table:
    """Executes commands, and records which actions have to run."""

    def __init__(self, declared: Pipeline) -> None:
        self.pipeline = declared
        self.book = Book(structure="1")
        self.now = 1_000.0
        self.effects: list[Effect] = []
        self._ids = count(1)

    def do(self, command: Command) -> str:
        self.now += 1.0
        self.book, effects, id_ = run(self.pipeline, self.book, self.now, self._mint, command)
        self.effects += effects
        return id_

    def _mint(self) -> str:
        return f"00000000-0000-0000-0000-{next(self._ids):012d}"

    def start(self, **more: object) -> str:
        return self.do(commands.start("StartPipelineExecution", "arn:person", **more))  # type: ignore[arg-type]

    def execution(self, id_: str) -> Execution:
        found = self.book.find(id_)
        assert found is not None
        return found

    def stage(self, id_: str, name: str) -> StageRun:
        found = self.execution(id_).stage_run(name)
        assert found is not None
        return found

    def action(self, id_: str, stage: str, name: str) -> ActionRun:
        found = self.stage(id_, stage).latest(name)
        assert found is not None
        return found

    def finish(
        self, id_: str, stage: str, name: str = "", *, ok: bool = True, **more: object
    ) -> None:
        """The action ends. The default is the stage's only action."""
        action = self.action(id_, stage, name or self.stage(id_, stage).actions[-1].name)
        assert action.status == "InProgress", (stage, name, action.status)
        self.do(answers.finish(action.id, Finished(ok, **more)))  # type: ignore[arg-type]

    def through(self, id_: str, *stages: str) -> None:
        for stage in stages:
            self.finish(id_, stage)

    def running(self) -> list[StartAction]:
        """Actions that have started and not ended."""
        states = {
            action.id: action.status
            for execution in self.book.executions
            for stage in execution.stages
            for action in stage.actions
        }
        started = [effect for effect in self.effects if isinstance(effect, StartAction)]
        return [each for each in started if states.get(each.action_id) == "InProgress"]

    def states(self, id_: str) -> list[str]:
        """The events of an execution, in order."""
        return [
            f"{effect.stage or 'pipeline'}{self._suffix(effect.action_id)} {effect.state}"
            for effect in self.effects
            if isinstance(effect, Changed) and effect.execution_id == id_
        ]

    def _suffix(self, action_id: str) -> str:
        return f"/{self.name_of(action_id)}" if action_id else ""

    def name_of(self, action_id: str) -> str:
        return next(
            action.name
            for execution in self.book.executions
            for stage in execution.stages
            for action in stage.actions
            if action.id == action_id
        )


def refused(table: Table, command: Command) -> str:
    """The code of the refusal of a command, which has changed nothing."""
    before = table.book
    with pytest.raises(AwsServiceError) as caught:
        table.do(command)
    assert table.book == before
    return caught.value.code
