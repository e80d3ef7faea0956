"""`bonkei pipeline run`: begins a run, and watches it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

from bonkei.base.errors import BonkeiError
from bonkei.cli.context import Context
from bonkei.cli.pipeline.client import Endpoint, RefusedError
from bonkei.cli.pipeline.run_view import RunView
from bonkei.cli.pipeline.text import full_name
from bonkei.cli.pipeline.watch import WAITS, Answers, Watch, can_ask
from bonkei.services.codecommit.working_copy import Released, Source, commit_of, release

Say = Callable[[str], None]
_BUILDS = ("Build", "Test", "Compute")  # categories of actions that have the log of a build


@dataclass(frozen=True, slots=True)
class Started:
    pipeline: str
    id: str


class NothingToRepeatError(BonkeiError):
    """`--from` names a stage that no run has entered."""


def begin(
    context: Context, endpoint: Endpoint, given: str, commit: str, stage: str, say: Say
) -> Started:
    """A new run of a commit, or the last run again from a stage."""
    name = full_name(endpoint, given)
    if stage:
        return _repeat(endpoint, name, stage, say)
    declaration = endpoint.pipeline("GetPipeline", name=name)["pipeline"]
    found = _source_actions(declaration)
    wanted: dict[str, Any] = {}
    if found:
        released = _release(context, endpoint, found, commit)
        for each in released.notes:
            say(f"  {each}")
        say(f"{name}: {released.commit[:12]} {released.title}")
        wanted["sourceRevisions"] = [
            {
                "actionName": each.action,
                "revisionType": "COMMIT_ID",
                "revisionValue": released.commit,
            }
            for each in found
        ]
    started = endpoint.pipeline("StartPipelineExecution", name=name, **wanted)
    return Started(name, started["pipelineExecutionId"])


def _repeat(endpoint: Endpoint, name: str, stage: str, say: Say) -> Started:
    state = endpoint.pipeline("GetPipelineState", name=name)
    stages = {each["stageName"]: each for each in state["stageStates"]}
    found = stages.get(stage, {}).get("latestExecution")
    if found is None:
        raise NothingToRepeatError(
            f"no run of {name} was in the stage {stage}",
            remedy=f"its stages are: {', '.join(stages)}",
        )
    id_ = found["pipelineExecutionId"]
    endpoint.pipeline(
        "RetryStageExecution",
        pipelineName=name,
        stageName=stage,
        pipelineExecutionId=id_,
        retryMode="ALL_ACTIONS",
    )
    say(f"{name}: {id_} again from {stage}")
    return Started(name, id_)


def watch(
    endpoint: Endpoint, started: Started, decided: str, say: Say
) -> tuple[int, dict[str, Any]]:
    """The exit code, and the run in the form of JSON."""
    answers = Answers(decided, can_ask())
    try:
        view, waits = Watch(endpoint, answers, say).follow(started.pipeline, started.id)
    except (KeyboardInterrupt, click.Abort):  # the second one at the question of an approval
        say(
            f"\n  The run continues: `bonkei pipeline show {started.pipeline}`. Stop it by\n"
            "  bonkei aws -- codepipeline stop-pipeline-execution --pipeline-name "
            f"{started.pipeline} --pipeline-execution-id {started.id}"
        )
        raise click.Abort from None
    if waits:
        say(
            "  The run waits for an approval, and no terminal is here: `bonkei aws -- codepipeline "
            "put-approval-result`,\n  or run with --approve or --reject"
        )
        return WAITS, view.as_json()
    say(_last_words(view))
    return int(view.status != "Succeeded"), view.as_json()


def _last_words(view: RunView) -> str:
    total = sum(each.seconds for each in view.actions if each.category != "Approval")
    failed = [each for each in view.actions if each.status == "Failed"]
    refused = failed and all(each.category == "Approval" for each in failed)
    said = f"{'Not approved' if refused else view.status} after {total:.1f} s of work"
    if view.status == "Succeeded":
        return said
    failed = [each for each in failed if each.external_id and each.category in _BUILDS]
    more = f"\n  bonkei pipeline logs {view.id[:8]} {failed[-1].name}" if failed else ""
    return f"{said}: {view.summary}{more}"


def _source_actions(declaration: Mapping[str, Any]) -> list[Source]:
    """The source actions that take a commit."""
    from bonkei.services.codepipeline.actions.source import local_name

    found = []
    for action in declaration["stages"][0]["actions"]:
        settings = action.get("configuration", {})
        match action["actionTypeId"]["provider"]:
            case "CodeCommit":
                repository = settings["RepositoryName"]
            case "CodeStarSourceConnection":
                repository = local_name(settings["FullRepositoryId"])
            case _:
                continue
        found.append(Source(action["name"], repository, settings["BranchName"]))
    return found


def _release(context: Context, endpoint: Endpoint, found: Sequence[Source], name: str) -> Released:
    """Push a commit of the working copy to each of them. Raises SourceError."""
    commit_of(context.config.root, name)  # before anything is made
    made = tuple(note for source in found for note in _make(endpoint, source))
    done = release(context.config.root, context.home.repositories, found, name)
    return Released(done.commit, done.title, (*done.notes, *made))


def _make(endpoint: Endpoint, source: Source) -> tuple[str, ...]:
    try:
        endpoint.repositories("CreateRepository", repositoryName=source.repository)
    except RefusedError as error:
        if error.code != "RepositoryNameExistsException":
            raise
        return ()
    return (f"created the repository {source.repository}, which did not exist",)
