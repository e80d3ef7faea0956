"""The state of a pipeline in one line of `bonkei status`."""

from __future__ import annotations

import pytest

from bonkei.services.codepipeline.core.values import ActionRun, Book, Execution, StageRun
from bonkei.services.codepipeline.snapshot import PipelineSnapshot, describe


def run(name: str, status: str, token: str = "") -> ActionRun:
    return ActionRun(name, name, status, 0.0, 0.0, 0.0, token=token)


def execution(number: int, status: str, *actions: ActionRun, waiting: str = "") -> Execution:
    stages = (StageRun("Release", status, 0.0, 0.0, actions),) if actions else ()
    return Execution(
        str(number), number, status, "QUEUED", 0.0, 0.0, "x", stages=stages, waiting=waiting
    )


@pytest.mark.parametrize(
    ("last", "detail"),
    [
        (execution(2, "InProgress", waiting="Release"), "waits before stage Release"),
        (execution(2, "InProgress", run("A", "Succeeded"), run("B", "InProgress")),
         "stage Release: B"),
        (execution(2, "InProgress", run("Approve", "InProgress", "token")),
         "stage Release: Approve waits for an answer"),
        (execution(2, "Failed", run("A", "Failed"), run("A", "Succeeded"), run("B", "Failed")),
         "stage Release: B"),
        (execution(2, "Succeeded", run("A", "Succeeded")), ""),
    ],
)  # fmt: skip
def test_the_last_execution_is_described(last: Execution, detail: str) -> None:
    book = Book(executions=(last, execution(1, "Failed", run("old", "Failed"))))
    assert describe("p", book) == PipelineSnapshot("p", last.status, detail)


def test_a_pipeline_that_never_ran() -> None:
    assert describe("p", Book()) == PipelineSnapshot("p", "", "never run")
