"""Approvals, and the variables of an execution."""

from __future__ import annotations

import pytest
from pipeline_books import Table, approval, build, pipeline, refused, source

from bonkei.blueprint.codepipeline import PipelineVariable, Stage
from bonkei.services.codepipeline.core import answers, commands
from bonkei.services.codepipeline.core.values import Override

DAY = 86_400.0
APPROVAL = (Stage("Source", (source(),)), Stage("Approve", (approval(),)))


def test_an_approval_waits_for_a_person_with_its_token() -> None:
    """https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_PutApprovalResult.html"""
    table = Table(pipeline(*APPROVAL))
    id_ = table.start()
    table.through(id_, "Source")
    token = table.action(id_, "Approve", "Approve").token

    def answer(token: str, action: str = "Approve", *, approved: bool = True) -> commands.Command:
        return answers.approve("Approve", action, token, approved=approved, said="fine", by="me")

    assert refused(table, answer("wrong")) == "InvalidApprovalTokenException"
    assert refused(table, answer(token, "Other")) == "ActionNotFoundException"
    table.do(answer(token))
    approved = table.action(id_, "Approve", "Approve")
    assert (approved.status, approved.summary, approved.updated_by) == ("Succeeded", "fine", "me")
    assert table.execution(id_).status == "Succeeded"
    assert refused(table, answer(token)) == "ApprovalAlreadyCompletedException"


def test_a_rejected_approval_fails_the_execution() -> None:
    table = Table(pipeline(*APPROVAL))
    id_ = table.start()
    table.through(id_, "Source")
    token = table.action(id_, "Approve", "Approve").token
    table.do(answers.approve("Approve", "Approve", token, approved=False, said="no", by="me"))
    assert table.execution(id_).status == "Failed"
    assert "Approve/Approve FAILED" in table.states(id_)
    table.do(commands.retry("Approve", id_, "FAILED_ACTIONS"))
    assert table.action(id_, "Approve", "Approve").token not in ("", token), "a new token each time"


@pytest.mark.parametrize(("minutes", "seconds"), [(0, 7 * DAY), (5, 300.0)])
def test_an_approval_times_out_as_a_failed_action(minutes: int, seconds: float) -> None:
    """ "Approval action: 7 days"; "A timed-out approval action is processed in the same way as a
    failed action"."""
    stages = (APPROVAL[0], Stage("Approve", (approval(timeout_minutes=minutes),)))
    table = Table(pipeline(*stages))
    id_ = table.start()
    table.through(id_, "Source")
    begun = table.now
    table.now = begun + seconds - 2
    table.do(answers.tick())
    assert table.execution(id_).status == "InProgress"
    table.now = begun + seconds
    table.do(answers.tick())
    assert table.execution(id_).status == "Failed"


def test_variables_are_resolved_and_a_missing_one_fails_the_action() -> None:
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-variables.html"""
    text = "#{source.CommitId} #{codepipeline.PipelineExecutionId} #{variables.level}"
    good = build(configuration=(("EnvironmentVariables", text),))
    bad = build("Deploy", configuration=(("X", "#{nobody.Knows}"),))
    declared = pipeline(
        Stage("Source", (source(),)), Stage("Build", (good,)), Stage("Deploy", (bad,)),
        variables=(PipelineVariable("level", "3"),),
    )  # fmt: skip
    table = Table(declared)
    id_ = table.start(variables=(("level", "7"),))
    table.finish(id_, "Source", variables=(("CommitId", "abc"),))
    run = table.action(id_, "Build", "Build")
    assert dict(run.configuration)["EnvironmentVariables"] == f"abc {id_} 7"
    table.through(id_, "Build")
    assert table.execution(id_).status == "Failed"
    failed = table.action(id_, "Deploy", "Deploy")
    assert (failed.status, "#{nobody.Knows}" in failed.error_message) == ("Failed", True)


def test_a_start_sets_variables_that_the_pipeline_declares() -> None:
    table = Table(pipeline(variables=(PipelineVariable("level"), PipelineVariable("name", "x"))))
    assert refused(table, commands.start("", "")) == "ValidationException"
    unknown = commands.start("", "", (("other", "1"),))
    assert refused(table, unknown) == "ValidationException"
    wrong = commands.start("", "", (("level", "1"),), (Override("Build", "COMMIT_ID", "a"),))
    assert refused(table, wrong) == "ValidationException"
    id_ = table.start(variables=(("level", "1"),))
    assert table.execution(id_).variables == (("level", "1"), ("name", "x"))
