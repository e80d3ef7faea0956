"""What the pipelines of the guide do: their runs, approvals and failures, as `aws` shows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from guide_reader import PATIENCE, REGION, Reader
from guides import Command
from miniatures import eventually

TERRAFORM = "statuspage-production-pipeline-tf"
PROGRAMS = "statuspage-production-pipeline-program"
_EVERY = 2.0  # seconds between two looks: a run takes a minute


class Pipelines:
    """Asked for as by a person with the account's administrator's keys."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.log = ""  # what the builds of the last run have printed

    def runs(self, pipeline: str) -> list[dict[str, str]]:
        found = self.reader.client("codepipeline").list_pipeline_executions(pipelineName=pipeline)
        return list(found["pipelineExecutionSummaries"])

    def newest(self, pipeline: str) -> str:
        """The run that began last."""
        return self.runs(pipeline)[0]["pipelineExecutionId"]

    def read_log(self, run: str) -> None:
        self.log = self.reader.project.bonkei("pipeline", "logs", run).stdout

    def ended(self, pipeline: str, run: str) -> dict[str, str]:
        def ended() -> dict[str, str] | None:
            found = [r for r in self.runs(pipeline) if r["pipelineExecutionId"] == run]
            return found[0] if found and found[0]["status"] != "InProgress" else None

        found: dict[str, str] = eventually(ended, f"{pipeline} has ended", PATIENCE, _EVERY)
        return found

    def reached(self, pipeline: str, run: str, stage: str) -> None:
        """Wait until this stage of the run begins, or the run is over."""

        def has_begun() -> bool:
            return self._stage(pipeline, run, stage) != {} or self._is_over(pipeline, run)

        eventually(has_begun, f"{pipeline} has reached {stage}", PATIENCE, _EVERY)

    def actions(self, pipeline: str, run: str) -> dict[str, dict[str, Any]]:
        listed = self.reader.client("codepipeline").list_action_executions(
            pipelineName=pipeline, filter={"pipelineExecutionId": run}
        )
        return {each["actionName"]: each for each in listed["actionExecutionDetails"]}

    def approve(self, run: str, before: Callable[[], None] = lambda: None) -> str:
        """The plan's summary. "" where there is nothing to approve: without a change, or after a
        failure. `before`: done when there is something."""

        def waiting() -> dict[str, str] | None:
            stage = self._stage(TERRAFORM, run, "Approve")
            is_it = stage != {} and stage["latestExecution"]["status"] == "InProgress"
            state: dict[str, str] = stage["actionStates"][0]["latestExecution"] if is_it else {}
            if not state and self._is_over(TERRAFORM, run):
                return {"summary": "it is over", "token": ""}
            return state if state.get("token") and state.get("summary") else None

        found = eventually(waiting, "the plan waits for its approval", PATIENCE, _EVERY)
        if not found["token"]:
            return ""
        before()
        answer = (
            f"aws codepipeline put-approval-result --region {REGION} --pipeline-name {TERRAFORM} "
            f"--stage-name Approve --action-name Approve --token {found['token']} "
            "--result status=Approved,summary=read"
        )
        self.reader.perform(Command("", 0, answer), AWS_PROFILE="tf-approver")
        return str(found["summary"])

    def _stage(self, pipeline: str, run: str, name: str) -> dict[str, Any]:
        """The state of a stage, {} as long as this run has not reached it."""
        stages = self.reader.client("codepipeline").get_pipeline_state(name=pipeline)["stageStates"]
        (stage,) = [each for each in stages if each["stageName"] == name]
        is_it = stage.get("latestExecution", {}).get("pipelineExecutionId") == run
        return dict(stage) if is_it else {}

    def _is_over(self, pipeline: str, run: str) -> bool:
        found = [r for r in self.runs(pipeline) if r["pipelineExecutionId"] == run]
        return bool(found) and found[0]["status"] != "InProgress"

    def row(self, pipeline: str, run: str) -> str:
        """The seconds of each stage, for a table. A stage lasts from its first action's beginning
        to its last one's end."""
        stages: dict[str, list[dict[str, Any]]] = {}
        for each in self.actions(pipeline, run).values():
            stages.setdefault(each["stageName"], []).append(each)
        spans = [
            (min(e["startTime"] for e in one), max(e["lastUpdateTime"] for e in one), name)
            for name, one in stages.items()
        ]
        took = [(name, (end - begin).total_seconds()) for begin, end, name in sorted(spans)]
        words = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in took)
        return f"{words} | {sum(seconds for _, seconds in took):.1f} s |"

    def why(self, pipeline: str, run: str) -> str:
        """The failed actions, each with its error and the end of its log."""
        said = []
        for name, action in self.actions(pipeline, run).items():
            if action["status"] != "Failed":
                continue
            result = action["output"]["executionResult"]
            log = self.reader.project.bonkei("pipeline", "logs", run, name).stdout
            said.append(f"{action['stageName']} {name}: {result['errorDetails']}\n{log[-3000:]}")
        return f"{pipeline} has failed:\n" + "\n".join(said)
