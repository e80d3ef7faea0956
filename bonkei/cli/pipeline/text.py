"""Pipelines and runs as tables."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bonkei.base.errors import BonkeiError
from bonkei.cli.context import Context
from bonkei.cli.pipeline.client import Endpoint

_RUNS = 20
_BUILDERS = ("CodeBuild", "Commands")  # providers of actions that have the log of a build


class NoSuchPipelineError(BonkeiError):
    """No pipeline or run has this name."""


def full_name(endpoint: Endpoint, name: str) -> str:
    """The pipeline with this name, or with a name that ends in it. Raises NoSuchPipelineError."""
    names = [each["name"] for each in endpoint.pipeline("ListPipelines")["pipelines"]]
    if name in names:
        return name
    fitting = [each for each in names if each.endswith(f"-{name}")]
    if len(fitting) != 1:
        raise NoSuchPipelineError(
            f"{name} is not a pipeline's name"
            if not fitting
            else f"{name} is the end of several names",
            remedy=f"there are: {', '.join(names) or 'none'}",
        )
    return str(fitting[0])


def overview(endpoint: Endpoint) -> list[dict[str, Any]]:
    """Each pipeline, with its last run."""
    found = []
    for each in endpoint.pipeline("ListPipelines")["pipelines"]:
        last = _listed(endpoint, each["name"], 1)
        found.append(
            {
                "name": each["name"],
                "type": each["pipelineType"],
                "mode": each["executionMode"],
                "last": _run(each["name"], last[0]) if last else None,
            }
        )
    return found


def runs(endpoint: Endpoint, name: str | None) -> list[dict[str, Any]]:
    """The last one first."""
    if name is not None:
        names = [full_name(endpoint, name)]
    else:
        names = [each["name"] for each in endpoint.pipeline("ListPipelines")["pipelines"]]
    found = [_run(each, one) for each in names for one in _listed(endpoint, each, _RUNS)]
    return sorted(found, key=lambda each: each["started"], reverse=True)


def _listed(endpoint: Endpoint, name: str, most: int) -> Sequence[Mapping[str, Any]]:
    answer = endpoint.pipeline("ListPipelineExecutions", pipelineName=name, maxResults=most)
    listed: Sequence[Mapping[str, Any]] = answer["pipelineExecutionSummaries"]
    return listed


def _run(pipeline: str, summary: Mapping[str, Any]) -> dict[str, Any]:
    revision = (summary.get("sourceRevisions") or [{}])[0]
    return {
        "pipeline": pipeline,
        "execution": summary["pipelineExecutionId"],
        "status": summary["status"],
        "summary": summary.get("statusSummary", ""),
        "trigger": summary.get("trigger", {}).get("triggerType", ""),
        "started": summary["startTime"],
        "seconds": round(summary["lastUpdateTime"] - summary["startTime"], 3),
        "commit": revision.get("revisionId", ""),
        "title": revision.get("revisionSummary", "").split("\n")[0],
    }


def render_overview(found: Sequence[Mapping[str, Any]]) -> str:
    if not found:
        return "the definitions have no pipeline"
    return "\n".join(_overview_line(each) for each in found)


def _overview_line(found: Mapping[str, Any]) -> str:
    last, said = found["last"], "never ran"
    if last:
        commit = f"{last['commit'][:12]} {last['title']}"
        said = f"{last['status']:<10} {_when(last['started'])}  {commit}"
    return f"{found['name']:<44} {found['mode']:<10} {said}".rstrip()


def render_runs(found: Sequence[Mapping[str, Any]]) -> str:
    if not found:
        return "no run yet"
    lines = []
    for each in found:
        about = each["summary"] if each["status"] == "Failed" else each["title"]
        lines.append(
            f"{each['execution'][:8]}  {each['status']:<10} {_when(each['started'])} "
            f"{each['seconds']:8.1f} s  {each['pipeline']}  {each['commit'][:12]} {about}".rstrip()
        )
    return "\n".join(lines)


def render_state(state: Mapping[str, Any]) -> str:
    lines = [f"{state['pipelineName']}  version {state['pipelineVersion']}"]
    for stage in state["stageStates"]:
        lines += _stage(stage)
        lines += _approvals(state["pipelineName"], stage)
    return "\n".join(lines)


def _stage(stage: Mapping[str, Any]) -> Iterator[str]:
    transition = stage.get("inboundTransitionState", {})
    if not transition.get("enabled", True):
        yield f"  ─ closed: {transition.get('disabledReason', '')}"
    for each in stage.get("inboundExecutions", ()):
        yield f"  ─ waits: {each['pipelineExecutionId'][:8]}"
    latest = stage.get("latestExecution", {})
    yield (
        f"  {stage['stageName']:<16} {latest.get('status', '-'):<11} "
        f"{latest.get('pipelineExecutionId', '')[:8]}".rstrip()
    )
    for action in stage["actionStates"]:
        run = action.get("latestExecution", {})
        about = run.get("errorDetails", {}).get("message") or run.get("summary") or ""
        first = about.splitlines()[0] if about else ""
        yield f"    {action['actionName']:<14} {run.get('status', '-'):<11} {first}".rstrip()


def _approvals(name: str, stage: Mapping[str, Any]) -> Iterator[str]:
    """How to answer an approval that waits."""
    for action in stage["actionStates"]:
        if token := action.get("latestExecution", {}).get("token"):
            yield (
                f"    bonkei aws -- codepipeline put-approval-result --pipeline-name {name}"
                f" --stage-name {stage['stageName']} --action-name {action['actionName']}"
                f" --result status=Approved,summary=… --token {token}"
            )


def log_lines(context: Context, endpoint: Endpoint, run: str, action: str | None) -> Iterator[str]:
    """The logs of a run's builds, from the files below the home. Raises NoSuchPipelineError."""
    name, id_ = find_run(endpoint, run)
    listed = endpoint.pipeline(
        "ListActionExecutions", pipelineName=name, filter={"pipelineExecutionId": id_}
    )["actionExecutionDetails"]
    shown = 0
    for each in reversed(listed):
        provider = each.get("input", {}).get("actionTypeId", {}).get("provider", "")
        build = each["output"]["executionResult"].get("externalExecutionId", "")
        if provider not in _BUILDERS or not build or action not in (None, each["actionName"]):
            continue
        shown += 1
        yield f"── {each['stageName']} {each['actionName']} ({build})"
        file = context.home.builds / "logs" / f"{build.rpartition(':')[2]}.log"
        try:
            with file.open(encoding="utf-8", errors="replace") as lines:
                yield from (line.rstrip("\n") for line in lines)
        except OSError as error:
            yield f"its log no longer exists: {error.strerror}"
    if not shown:
        names = ", ".join(dict.fromkeys(each["actionName"] for each in reversed(listed)))
        raise NoSuchPipelineError(
            f"no build of {id_[:8]} has a log{f' under the name {action}' if action else ''}",
            remedy=f"its actions are: {names or 'none so far'}",
        )


def find_run(endpoint: Endpoint, run: str) -> tuple[str, str]:
    """The pipeline and the id of a run. A name comes first: an id may begin with it, as with `cd`.
    Raises NoSuchPipelineError."""
    names = [each["name"] for each in endpoint.pipeline("ListPipelines")["pipelines"]]
    if not any(each == run or each.endswith(f"-{run}") for each in names):
        ids = [
            (name, str(found["pipelineExecutionId"]))
            for name in names
            for found in _listed(endpoint, name, 100)
        ]
        fitting = [each for each in ids if each[1].startswith(run)]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            raise NoSuchPipelineError(
                f"{run} is the beginning of several runs",
                remedy=f"there are: {', '.join(id_ for _, id_ in fitting[:10])}",
            )
    name = full_name(endpoint, run)
    listed = _listed(endpoint, name, 1)
    if not listed:
        raise NoSuchPipelineError(f"{name} has no run yet")
    return name, str(listed[0]["pipelineExecutionId"])


def _when(seconds: float) -> str:
    return time.strftime("%m-%d %H:%M:%S", time.localtime(seconds))
