"""What a stage does when its condition is not met, or when it has failed."""

from __future__ import annotations

import pytest
from pipeline_books import Table, build, pipeline, refused, source

from bonkei.blueprint.codepipeline import Condition, OnFailure, Rule, Stage
from bonkei.services.codepipeline.core import commands
from bonkei.services.codepipeline.core.structure import restructure


def check(value: str, operator: str = "EQ", variable: str = "#{plan.HAS_CHANGES}") -> Rule:
    settings = (("Variable", variable), ("Operator", operator), ("Value", value))
    return Rule("HasChanges", "VariableCheck", settings)


def conditional(result: str, rule: Rule) -> Table:
    apply = Stage("Apply", (build("Apply"),), before_entry=(Condition(result, (rule,)),))
    plan = Stage("Plan", (build("Plan", namespace="plan"),))
    return Table(pipeline(Stage("Source", (source(),)), plan, apply))


@pytest.mark.parametrize(
    ("operator", "value", "met"),
    [("EQ", "true", True), ("EQ", "false", False), ("NE", "false", True), ("CONTAINS", "ru", True),
     ("MATCHES", "t.*", True), ("MATCHES", "t", False)],
)  # fmt: skip
def test_an_unmet_condition_skips_the_stage(operator: str, value: str, met: bool) -> None:
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/rule-reference-VariableCheck.html"""
    table = conditional("SKIP", check(value, operator))
    id_ = table.start()
    table.through(id_, "Source")
    table.finish(id_, "Plan", variables=(("HAS_CHANGES", "true"),))
    assert table.stage(id_, "Apply").status == ("InProgress" if met else "Skipped")
    assert table.execution(id_).status == ("InProgress" if met else "Succeeded")


def test_an_unmet_condition_may_fail_the_stage() -> None:
    table = conditional("FAIL", check("true"))
    id_ = table.start()
    table.through(id_, "Source")
    table.finish(id_, "Plan", variables=(("HAS_CHANGES", "false"),))
    assert table.execution(id_).status == "Failed"
    assert table.stage(id_, "Apply").actions == ()
    table.do(commands.retry("Apply", id_, "FAILED_ACTIONS"))
    assert table.execution(id_).status == "Failed", "it is asked again"


def test_an_unsupported_rule_is_reported_and_counts_as_unmet() -> None:
    table = conditional("FAIL", Rule("Later", "Unheard"))
    id_ = table.start()
    table.through(id_, "Source", "Plan")
    assert table.execution(id_).status == "Failed"
    assert "provider Unheard is not simulated" in table.execution(id_).summary


def deploying(failure: OnFailure | None = None) -> Table:
    deploy = Stage("Deploy", (build("Deploy"),), on_failure=failure)
    return Table(pipeline(Stage("Source", (source(),)), deploy))


def test_a_stage_rolls_back_to_the_last_execution_that_succeeded_in_it() -> None:
    """ "When the stage fails, the stage is rolled back to the most recent successful execution"."""
    table = deploying(OnFailure("ROLLBACK"))
    good = table.start()
    table.finish(good, "Source", variables=(("CommitId", "good"),))
    table.through(good, "Deploy")
    bad = table.start()
    table.finish(bad, "Source", variables=(("CommitId", "bad"),))
    table.finish(bad, "Deploy", ok=False)
    assert table.execution(bad).status == "Failed"
    back = table.book.executions[-1]
    assert (back.type, back.trigger, back.target) == ("ROLLBACK", "AutomatedRollback", good)
    assert dict(back.namespaces)["source"] == (("CommitId", "good"),)
    assert table.action(back.id, "Deploy", "Deploy").inputs == table.execution(good).artifacts
    table.through(back.id, "Deploy")
    assert table.execution(back.id).status == "Succeeded"


def test_without_an_earlier_success_nothing_is_rolled_back() -> None:
    table = deploying(OnFailure("ROLLBACK"))
    bad = table.start()
    table.through(bad, "Source")
    table.finish(bad, "Deploy", ok=False)
    assert [each.id for each in table.book.executions] == [bad]


def test_an_automatic_retry_happens_once() -> None:
    table = deploying(OnFailure("RETRY", "FAILED_ACTIONS"))
    id_ = table.start()
    table.through(id_, "Source")
    table.finish(id_, "Deploy", ok=False)
    assert table.execution(id_).status == "InProgress"
    table.finish(id_, "Deploy", ok=False)
    assert table.execution(id_).status == "Failed"
    assert len(table.stage(id_, "Deploy").actions) == 2


def test_a_user_rolls_a_stage_back() -> None:
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/stage-rollback.html"""
    table = deploying()
    good = table.start()
    table.through(good, "Source")
    busy = commands.rollback("Deploy", good)
    assert refused(table, busy) == "UnableToRollbackStageException"
    table.through(good, "Deploy")
    source_stage = commands.rollback("Source", good)
    assert refused(table, source_stage) == "UnableToRollbackStageException"
    back = table.do(commands.rollback("Deploy", good))
    table.through(back, "Deploy")
    twice = commands.rollback("Deploy", back)
    assert refused(table, twice) == "UnableToRollbackStageException"
    table.do(restructure("2"))
    outdated = commands.rollback("Deploy", good)
    assert refused(table, outdated) == "PipelineExecutionOutdatedException"
