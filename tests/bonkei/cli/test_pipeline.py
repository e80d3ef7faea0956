"""The texts of `bonkei pipeline`, and its options that exclude each other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from click.testing import CliRunner

from bonkei.cli import program
from bonkei.cli.pipeline.client import RefusedError
from bonkei.cli.pipeline.run_view import look, waits_for
from bonkei.cli.pipeline.running import Started
from bonkei.cli.pipeline.running import watch as follow
from bonkei.cli.pipeline.text import (
    NoSuchPipelineError,
    find_run,
    full_name,
    log_lines,
    render_overview,
    render_runs,
    render_state,
)
from bonkei.cli.pipeline.watch import Answers, Watch, line

ID = "0d1e2f3a-0000-0000-0000-000000000000"
COMMIT = "a" * 40


def action(name: str, status: str, category: str = "Build", **result: Any) -> dict[str, Any]:
    return {
        "stageName": name,
        "actionName": name,
        "actionExecutionId": f"id of {name}",
        "status": status,
        "startTime": 100.0,
        "lastUpdateTime": 102.5,
        "input": {"actionTypeId": {"category": category, "provider": "CodeBuild"}},
        "output": {"executionResult": result},
    }


class Answering:
    """An endpoint with prepared answers of CodePipeline."""

    def __init__(self, status: str, *actions: Mapping[str, Any]) -> None:
        self.statuses = [status]
        self.actions = list(actions)
        self.approved: list[Mapping[str, Any]] = []
        self.stages: list[Mapping[str, Any]] = []
        self.runs: dict[str, list[str]] = {}

    def pipeline(self, operation: str, **given: Any) -> Any:
        match operation:
            case "ListPipelines":
                return {"pipelines": [{"name": "shop-a"}, {"name": "shop-b"}, {"name": "x-b"}]}
            case "GetPipelineExecution":
                status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
                revisions = [{"revisionId": COMMIT}]
                execution = {"status": status, "artifactRevisions": revisions}
                return {"pipelineExecution": execution}
            case "ListActionExecutions":
                return {"actionExecutionDetails": list(reversed(self.actions))}
            case "ListPipelineExecutions":
                ids = self.runs.get(given["pipelineName"], ())
                return {"pipelineExecutionSummaries": [{"pipelineExecutionId": id_} for id_ in ids]}
            case "GetPipelineState":
                return {"stageStates": self.stages}
            case "PutApprovalResult":
                self.approved.append(given)
                self.actions[-1] = action("Approve", "Succeeded", "Approval")
        return {}


def test_the_end_of_a_pipelines_name_is_enough() -> None:
    endpoint: Any = Answering("Succeeded")
    assert full_name(endpoint, "shop-a") == full_name(endpoint, "a") == "shop-a"
    with pytest.raises(NoSuchPipelineError, match="the end of several"):
        full_name(endpoint, "b")
    with pytest.raises(NoSuchPipelineError) as caught:
        full_name(endpoint, "c")
    assert "shop-a, shop-b, x-b" in caught.value.remedy


def test_a_run_is_found_by_its_pipeline_or_the_beginning_of_its_id() -> None:
    endpoint: Any = Answering("Succeeded")
    endpoint.runs = {"shop-a": ["c1-1", "a9-1"], "shop-b": ["c1-2", "b0-1"]}
    assert find_run(endpoint, "a") == ("shop-a", "c1-1")  # and not the run a9-1
    assert find_run(endpoint, "a9") == ("shop-a", "a9-1")
    with pytest.raises(NoSuchPipelineError, match="beginning of several runs") as caught:
        find_run(endpoint, "c1")
    assert "c1-1, c1-2" in caught.value.remedy
    with pytest.raises(NoSuchPipelineError, match="is not a pipeline's name"):
        find_run(endpoint, "d")
    with pytest.raises(NoSuchPipelineError, match="has no run yet"):
        find_run(endpoint, "x-b")


def test_ctrl_c_at_a_question_says_that_the_run_continues(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_given: Any, **_options: Any) -> bool:
        raise click.Abort

    monkeypatch.setattr("bonkei.cli.pipeline.running.can_ask", lambda: True)
    monkeypatch.setattr("click.confirm", interrupt)
    said: list[str] = []
    with pytest.raises(click.Abort):
        follow(waiting(), Started("shop-a", ID), "", said.append)  # type: ignore[arg-type]
    assert "The run continues" in said[-1]


def test_a_run_has_its_actions_with_their_seconds() -> None:
    endpoint: Any = Answering(
        "Failed",
        action("Source", "Succeeded", "Source", externalExecutionSummary="A change\n\nmore"),
        action("Build", "Failed", errorDetails={"code": "x", "message": "exit status 1"}),
    )
    view = look(endpoint, "shop-a", ID, 200.0)
    assert (view.commit, view.is_over) == (COMMIT, True)
    shown = [line(each) for each in view.actions]
    assert shown[0].split() == ["✓", "Source", "2.5", "s", "A", "change"]
    assert shown[1].split() == ["✗", "Build", "2.5", "s", "exit", "status", "1"]
    found = view.as_json()["actions"][1]
    assert (found["error"], found["seconds"]) == ("exit status 1", 2.5)


@pytest.mark.parametrize(
    ("category", "said"), [("Build", "Failed after"), ("Approval", "Not approved after")]
)
def test_the_last_words_tell_a_rejection_from_a_failure(category: str, said: str) -> None:
    told: list[str] = []
    endpoint: Any = Answering("Failed", action("One", "Failed", category))
    follow(endpoint, Started("shop-a", ID), "", told.append)
    assert told[-1].startswith(said)


def test_a_long_reason_keeps_its_end() -> None:
    message = f"Build terminated: {'x' * 500}: ValueError: no plan, /src/plan.py:3"
    endpoint: Any = Answering(
        "Failed", action("Build", "Failed", errorDetails={"message": message})
    )
    [found] = look(endpoint, "shop-a", ID, 200.0).actions
    shown = line(found)
    assert "Build terminated" in shown
    assert shown.endswith("ValueError: no plan, /src/plan.py:3")
    assert len(shown) < 300


def waiting() -> Answering:
    endpoint = Answering("InProgress", action("Approve", "InProgress", "Approval",
                                              externalExecutionSummary="1 to add"))  # fmt: skip
    latest = {"actionExecutionId": "id of Approve", "token": "t-1"}
    states = [{"actionName": "Approve", "latestExecution": latest}]
    endpoint.stages = [
        {"stageName": "Approve", "actionStates": states,
         "latestExecution": {"pipelineExecutionId": ID, "status": "InProgress"}},
        {"stageName": "Apply", "actionStates": [],
         "latestExecution": {"pipelineExecutionId": ID, "status": "Skipped"}},
    ]  # fmt: skip
    return endpoint


@pytest.mark.parametrize("decided", ["Approved", "Rejected"])
def test_an_approval_is_answered_with_its_token(decided: str) -> None:
    endpoint, said = waiting(), list[str]()
    endpoint.statuses = ["InProgress", "Succeeded"]
    watch = Watch(endpoint, Answers(decided), said.append)  # type: ignore[arg-type]
    view, waits = watch.follow("shop-a", ID)
    assert (view.status, waits) == ("Succeeded", False)
    assert [(each["token"], each["result"]["status"]) for each in endpoint.approved] == [
        ("t-1", decided)
    ]
    assert any("skipped" in each for each in said)


def test_an_approval_of_a_parallel_run_is_answered_with_its_external_id() -> None:
    """A stage's state has only the last run in it."""
    endpoint = waiting()
    endpoint.stages = []
    endpoint.actions[0]["output"]["executionResult"]["externalExecutionId"] = "t-9"
    endpoint.statuses = ["InProgress", "Succeeded"]
    Watch(endpoint, Answers("Approved"), lambda _: None).follow("shop-a", ID)  # type: ignore[arg-type]
    assert [each["token"] for each in endpoint.approved] == ["t-9"]


def test_a_long_reason_is_cut_and_the_rejection_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("click.confirm", lambda *_, **__: False)
    monkeypatch.setattr("click.prompt", lambda *_, **__: "no " * 300)
    endpoint = waiting()
    endpoint.statuses = ["InProgress", "Failed"]
    Watch(endpoint, Answers(can_ask=True), lambda _: None).follow("shop-a", ID)  # type: ignore[arg-type]
    [given] = endpoint.approved
    assert (given["result"]["status"], len(given["result"]["summary"])) == ("Rejected", 512)


def test_a_refused_answer_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = waiting()

    def refuse(operation: str, **given: Any) -> Any:
        if operation == "PutApprovalResult":
            raise RefusedError("ValidationException", "no")
        return Answering.pipeline(endpoint, operation, **given)

    monkeypatch.setattr(endpoint, "pipeline", refuse)
    with pytest.raises(RefusedError):
        Watch(endpoint, Answers("Approved"), lambda _: None).follow("shop-a", ID)  # type: ignore[arg-type]


def test_the_log_of_shell_commands_is_shown(tmp_path: Path) -> None:
    endpoint: Any = Answering("Failed", action("Check", "Failed", externalExecutionId="a.c:12-3"))
    endpoint.actions[0]["input"]["actionTypeId"]["provider"] = "Commands"
    endpoint.runs = {"shop-a": [ID]}
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "12-3.log").write_text("hello\n")
    context: Any = SimpleNamespace(home=SimpleNamespace(builds=tmp_path))
    assert list(log_lines(context, endpoint, "shop-a", None)) == [
        "── Check Check (a.c:12-3)",
        "hello",
    ]


def test_without_a_terminal_the_run_is_left_waiting() -> None:
    endpoint = waiting()
    watch = Watch(endpoint, Answers(), lambda _: None)  # type: ignore[arg-type]
    view, waits = watch.follow("shop-a", ID)
    assert (waits, waits_for(view) is not None, endpoint.approved) == (True, True, [])


def test_a_waiting_run_says_which_run_blocks_it() -> None:
    endpoint: Any = Answering("InProgress")
    inbound = [{"pipelineExecutionId": ID}]
    endpoint.stages = [
        {"stageName": "Deploy", "actionStates": [], "inboundExecutions": inbound,
         "inboundTransitionState": {"enabled": True},
         "latestExecution": {"pipelineExecutionId": "99999999-1", "status": "InProgress"}},
    ]  # fmt: skip
    assert look(endpoint, "shop-a", ID, 0.0).waits == "Deploy for 99999999"
    endpoint.stages[0]["inboundTransitionState"]["enabled"] = False
    assert look(endpoint, "shop-a", ID, 0.0).waits == "Deploy, which is closed"


def test_tables() -> None:
    run = {
        "pipeline": "shop-a", "execution": ID, "status": "Failed", "summary": "stage Build: no",
        "trigger": "", "started": 0.0, "seconds": 1.5, "commit": COMMIT, "title": "A change",
    }  # fmt: skip
    assert "stage Build: no" in render_runs([run])
    found = [{"name": "shop-a", "mode": "QUEUED", "last": run}]
    assert COMMIT[:12] in render_overview(found)
    assert "never ran" in render_overview([{"name": "a", "mode": "QUEUED", "last": None}])
    state = {"pipelineName": "shop-a", "pipelineVersion": 1, "stageStates": waiting().stages}
    assert "--token t-1" in render_state(state)


def test_options_that_exclude_each_other() -> None:
    runner = CliRunner()
    both = runner.invoke(program.bonkei, ["pipeline", "run", "a", "--approve", "--reject"])
    assert (both.exit_code, "not both" in both.output) == (2, True)
    twice = runner.invoke(program.bonkei, ["pipeline", "run", "a", "--from", "X", "--commit", "b"])
    assert (twice.exit_code, "leave out --commit" in twice.output) == (2, True)
