"""Runs of the pipelines, for GitHub's workflow (release.yml):

    runs.py plan PIPELINE COMMIT      start a run, wait for its plan, print it, and stop the run
    runs.py propose PIPELINE COMMIT   the same, but the run waits for its approval
    runs.py approve PIPELINE RUN      approve it, and wait for its end
    runs.py release PIPELINE COMMIT   start a run, and wait for its end

A plan goes to the job's summary, and `propose` writes `run` to the job's outputs, empty when the
plan has no changes. A run that fails is exit code 1, with its failed action. It calls AWS through
the `aws` command.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Json = Mapping[str, Any]

_EVERY = 10.0  # seconds between two looks
_PATIENCE = 3 * 60 * 60.0  # seconds: a first apply takes one hour, and runs are queued


class RunError(Exception):
    """The run is not what was asked for; the message says why."""


def aws(*words: str) -> Any:
    """One call of CodePipeline. RunError with its message when it fails."""
    command = ["aws", "codepipeline", *words, "--output", "json"]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    if outcome.returncode:
        raise RunError(f"aws codepipeline {words[0]}: {outcome.stderr.strip()}")
    return json.loads(outcome.stdout or "null")


def start(pipeline: str, commit: str) -> str:
    """The run's id."""
    revision = f"actionName=Source,revisionType=COMMIT_ID,revisionValue={commit}"
    named = ("start-pipeline-execution", "--name", pipeline, "--source-revisions", revision)
    return str(aws(*named)["pipelineExecutionId"])


def ended(pipeline: str, run: str) -> str | None:
    """ "" once it has succeeded. RunError when it has not."""
    named = ("--pipeline-name", pipeline, "--pipeline-execution-id", run)
    status = aws("get-pipeline-execution", *named)["pipelineExecution"]["status"]
    if status == "Succeeded":
        return ""
    if status == "InProgress":
        return None
    failed = [name for name, each in actions(pipeline, run).items() if each["status"] == "Failed"]
    raise RunError(f"run {run} of {pipeline}: {status} in {', '.join(failed) or 'no action'}")


def actions(pipeline: str, run: str) -> dict[str, Json]:
    """The actions of a run by name, each as it was executed last."""
    found = aws(
        "list-action-executions", "--pipeline-name", pipeline,
        "--filter", f"pipelineExecutionId={run}",
    )  # fmt: skip
    return {each["actionName"]: each for each in reversed(found["actionExecutionDetails"])}


def token(pipeline: str, run: str) -> str | None:
    """Of the approval, once it waits; "" when the run is over without one."""
    for stage in aws("get-pipeline-state", "--name", pipeline)["stageStates"]:
        latest = stage.get("latestExecution", {})
        if latest.get("pipelineExecutionId") == run and latest["status"] == "InProgress":
            state = stage["actionStates"][0].get("latestExecution", {})
            return state.get("token") if stage["stageName"] == "Approve" else None
    return ended(pipeline, run)


def wait(look: Callable[[str, str], str | None], pipeline: str, run: str) -> str:
    """What `look` finds. RunError when it takes too long."""
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        if (found := look(pipeline, run)) is not None:
            return found
        time.sleep(_EVERY)
    raise RunError(f"run {run} of {pipeline} has not come so far")


def plan(pipeline: str, commit: str, *, keep: bool) -> None:
    """Show a commit's plan. `keep`: its run waits for an approval, and is an output of the job."""
    run = start(pipeline, commit)
    print(f"run {run} of {pipeline}", flush=True)
    waits = wait(token, pipeline, run)
    planned = actions(pipeline, run)["Plan"]
    summary = planned["output"]["outputVariables"]["SUMMARY"]
    link = planned["output"]["executionResult"].get("externalExecutionUrl", "")
    _append("GITHUB_STEP_SUMMARY", f"### Plan of {commit[:12]}\n\n{summary}\n\n{link}\n")
    print(summary)
    if keep:
        _append("GITHUB_OUTPUT", f"run={run if waits else ''}\n")
    elif waits:
        aws(
            "stop-pipeline-execution", "--pipeline-name", pipeline, "--pipeline-execution-id", run,
            "--abandon", "--reason", "A pull request is only planned",
        )  # fmt: skip


def approve(pipeline: str, run: str) -> None:
    """The run must be the one whose plan was shown: a token of another one is not taken."""
    found = wait(token, pipeline, run)
    if not found:
        raise RunError(f"run {run} does not wait for an approval")
    aws(
        "put-approval-result", "--pipeline-name", pipeline, "--stage-name", "Approve",
        "--action-name", "Approve", "--token", found,
        "--result", f"status=Approved,summary={os.environ.get('GITHUB_ACTOR', 'GitHub')}",
    )  # fmt: skip
    wait(ended, pipeline, run)


def _append(variable: str, text: str) -> None:
    """To one of the files that GitHub reads after a step."""
    if name := os.environ.get(variable):
        with Path(name).open("a", encoding="utf-8") as file:
            file.write(text)


def main() -> None:
    """Do what the command line says."""
    match sys.argv[1:]:
        case ["plan" | "propose" as what, pipeline, commit]:
            plan(pipeline, commit, keep=what == "propose")
        case ["approve", pipeline, run]:
            approve(pipeline, run)
        case ["release", pipeline, commit]:
            wait(ended, pipeline, start(pipeline, commit))
        case _:
            sys.exit("usage: runs.py plan|propose|release PIPELINE COMMIT | approve PIPELINE RUN")


if __name__ == "__main__":
    try:
        main()
    except RunError as error:
        sys.exit(f"error: {error}")
