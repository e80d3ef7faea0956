"""One execution for the user, from the endpoint's answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bonkei.cli.pipeline.client import Endpoint

OVER = ("Succeeded", "Failed", "Stopped", "Superseded", "Cancelled")


@dataclass(frozen=True, slots=True)
class ActionView:
    """An action of a run. `seconds` is how long it took, or has taken so far. `category` is the
    pipeline's."""

    stage: str
    name: str
    category: str
    status: str
    begun: float
    seconds: float
    summary: str
    error: str
    external_id: str
    id: str


@dataclass(frozen=True, slots=True)
class RunView:
    """`actions` in the order of their begin, including all attempts of retried ones. `waits`: the
    stage that the run waits for, and the reason."""

    pipeline: str
    id: str
    status: str
    summary: str
    commit: str
    actions: tuple[ActionView, ...]
    skipped: tuple[str, ...]
    waits: str = ""

    @property
    def is_over(self) -> bool:
        return self.status in OVER

    def as_json(self) -> dict[str, Any]:
        return {
            "pipeline": self.pipeline,
            "execution": self.id,
            "status": self.status,
            "summary": self.summary,
            "commit": self.commit,
            "skipped_stages": list(self.skipped),
            "actions": [
                {
                    "stage": each.stage,
                    "action": each.name,
                    "status": each.status,
                    "seconds": round(each.seconds, 3),
                    "summary": each.summary,
                    "error": each.error,
                    "external_id": each.external_id,
                }
                for each in self.actions
            ],
        }


def look(endpoint: Endpoint, name: str, id_: str, now: float) -> RunView:
    """The execution's present state. Raises RefusedError."""
    found = endpoint.pipeline("GetPipelineExecution", pipelineName=name, pipelineExecutionId=id_)
    execution = found["pipelineExecution"]
    listed = endpoint.pipeline(
        "ListActionExecutions", pipelineName=name, filter={"pipelineExecutionId": id_}
    )["actionExecutionDetails"]
    revisions = execution.get("artifactRevisions", ())
    stages = endpoint.pipeline("GetPipelineState", name=name)["stageStates"]
    return RunView(
        name,
        id_,
        execution["status"],
        execution.get("statusSummary", ""),
        revisions[0]["revisionId"] if revisions else "",
        tuple(_action(each, now) for each in reversed(listed)),
        _skipped(stages, id_),
        _waits(stages, id_),
    )


def _skipped(stages: Sequence[Mapping[str, Any]], id_: str) -> tuple[str, ...]:
    """The stages that a condition has skipped."""
    return tuple(
        stage["stageName"]
        for stage in stages
        if (latest := stage.get("latestExecution", {})).get("pipelineExecutionId") == id_
        and latest.get("status") == "Skipped"
    )


def _waits(stages: Sequence[Mapping[str, Any]], id_: str) -> str:
    for stage in stages:
        inbound = [each["pipelineExecutionId"] for each in stage.get("inboundExecutions", ())]
        if id_ in inbound:
            if not stage["inboundTransitionState"]["enabled"]:
                return f"{stage['stageName']}, which is closed"
            other = stage.get("latestExecution", {}).get("pipelineExecutionId", "another run")
            return f"{stage['stageName']} for {other[:8]}"
    return ""


def _action(detail: Mapping[str, Any], now: float) -> ActionView:
    result = detail.get("output", {}).get("executionResult", {})
    begun = float(detail["startTime"])
    ended = now if detail["status"] == "InProgress" else float(detail["lastUpdateTime"])
    return ActionView(
        stage=detail["stageName"],
        name=detail["actionName"],
        category=detail.get("input", {}).get("actionTypeId", {}).get("category", ""),
        status=detail["status"],
        begun=begun,
        seconds=max(0.0, ended - begun),
        summary=result.get("externalExecutionSummary", ""),
        error=result.get("errorDetails", {}).get("message", ""),
        external_id=result.get("externalExecutionId", ""),
        id=detail["actionExecutionId"],
    )


def waits_for(view: RunView) -> ActionView | None:
    """The approval that it waits for."""
    waiting = (a for a in view.actions if a.category == "Approval" and a.status == "InProgress")
    return next(waiting, None)


def token(endpoint: Endpoint, view: RunView, action: ActionView) -> str:
    """The approval's token; empty if the approval has been answered meanwhile. In the mode
    PARALLEL, several runs wait in one stage: there it is the external id, as on AWS."""
    state = endpoint.pipeline("GetPipelineState", name=view.pipeline)
    stages: Sequence[Mapping[str, Any]] = state["stageStates"]
    for stage in stages:
        for each in stage["actionStates"] if stage["stageName"] == action.stage else ():
            latest = each.get("latestExecution", {})
            if latest.get("actionExecutionId") == action.id:
                return str(latest.get("token", ""))
    return action.external_id
