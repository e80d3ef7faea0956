"""Start, stop, retry, approve and reject: the calls of `bonkei pipeline` and `aws codepipeline`, in
the name of the person at the machine."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bonkei.base.aws_service import ADMINISTRATOR, Aws, AwsServiceError
from bonkei.blueprint.codepipeline import Pipeline
from bonkei.miniature.console.pipelines.shown import find_action
from bonkei.services.codecommit.working_copy import Source, commit_of, release
from bonkei.services.codepipeline.actions.source import local_name
from bonkei.services.codepipeline.pipelines import Pipelines
from bonkei.services.console.values import ConsoleError, Json

_COMMENT = 512  # characters, as PutApprovalResult takes them


@dataclass(frozen=True, slots=True)
class PipelineDeeds:
    """`root`: the working copy. `repositories`: the folder of the bare repositories."""

    pipelines: Pipelines
    aws: Aws
    root: Path
    repositories: Path

    async def start(self, body: Mapping[str, Any]) -> Json:
        """Start a run: from the working copy's commit, like `bonkei pipeline run`, or from the
        branch, like AWS's console."""
        name = str(body["pipeline"])
        found = sources(self.pipelines.pipeline(name))
        given: dict[str, Any] = {"name": name}
        notes: Sequence[str] = ()
        if body.get("working_copy") and found:
            commit, notes = await self._release(found)
            given["sourceRevisions"] = [
                {"actionName": each.action, "revisionType": "COMMIT_ID", "revisionValue": commit}
                for each in found
            ]
        answer = await self._pipeline("StartPipelineExecution", given)
        return {"execution": str(answer["pipelineExecutionId"]), "notes": list(notes)}

    async def stop(self, body: Mapping[str, Any]) -> Json:
        """`abandon`: do not wait for the actions in progress."""
        execution = str(body["execution"])
        given = {
            "pipelineName": str(body["pipeline"]),
            "pipelineExecutionId": execution,
            "abandon": bool(body.get("abandon")),
            "reason": str(body.get("reason") or "")[:200] or "on the console",
        }
        await self._pipeline("StopPipelineExecution", given)
        return {"execution": execution}

    async def retry(self, body: Mapping[str, Any]) -> Json:
        """Retry a stage of a run: the failed actions or, with `all`, everything."""
        given = {
            "pipelineName": str(body["pipeline"]),
            "stageName": str(body["stage"]),
            "pipelineExecutionId": str(body["execution"]),
            "retryMode": "ALL_ACTIONS" if body.get("all") else "FAILED_ACTIONS",
        }
        await self._pipeline("RetryStageExecution", given)
        return {"execution": given["pipelineExecutionId"]}

    async def answer(self, body: Mapping[str, Any]) -> Json:
        """Approve or reject exactly the run of the action that the person has seen."""
        name, run_id = str(body["pipeline"]), str(body["run"])
        if not isinstance(body["approved"], bool):
            raise TypeError("approved is neither true nor false")
        found = find_action(self.pipelines.book(name), run_id)
        if found is None:
            raise ConsoleError(f"{name} has no approval {run_id}", remedy="reload the page")
        _, stage, run = found
        if not run.token or run.status != "InProgress":
            raise ConsoleError(
                f"{run.name} of {name} does not wait for an answer any more: it is {run.status}",
                remedy="see the run",
            )
        status = "Approved" if body["approved"] else "Rejected"
        said = " ".join(str(body.get("comment") or "").split())[:_COMMENT]
        await self._pipeline(
            "PutApprovalResult",
            {
                "pipelineName": name,
                "stageName": stage.name,
                "actionName": run.name,
                "token": run.token,
                "result": {"status": status, "summary": said or "on the console"},
            },
        )
        return {"answered": status}

    async def _pipeline(self, operation: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        return await self.aws.call(ADMINISTRATOR, "codepipeline", operation, given)

    async def _release(self, found: Sequence[Source]) -> tuple[str, Sequence[str]]:
        await asyncio.to_thread(commit_of, self.root, "HEAD")  # before anything is made
        notes = []
        for each in found:
            try:
                given = {"repositoryName": each.repository}
                await self.aws.call(ADMINISTRATOR, "codecommit", "CreateRepository", given)
                notes.append(f"created the repository {each.repository}, which did not exist")
            except AwsServiceError as error:
                if error.code != "RepositoryNameExistsException":
                    raise
        done = await asyncio.to_thread(release, self.root, self.repositories, found, "HEAD")
        return done.commit, [*done.notes, *notes]


def sources(pipeline: Pipeline) -> list[Source]:
    """The source actions that take a commit."""
    found = []
    for action in pipeline.stages[0].actions:
        repository = action.setting("RepositoryName")
        if action.provider == "CodeStarSourceConnection":
            repository = local_name(action.setting("FullRepositoryId"))
        elif action.provider != "CodeCommit":
            continue
        found.append(Source(action.name, repository, action.setting("BranchName")))
    return found
