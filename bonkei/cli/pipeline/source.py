"""The commit that a run releases: from the working copy into the pipeline's repository."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bonkei.cli.context import Context
from bonkei.cli.pipeline.client import Endpoint, RefusedError
from bonkei.services.codecommit.working_copy import Released, Source, commit_of
from bonkei.services.codecommit.working_copy import release as release_working_copy


def sources(declaration: Mapping[str, Any]) -> list[Source]:
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


def release(context: Context, endpoint: Endpoint, found: Sequence[Source], name: str) -> Released:
    """Push a commit of the working copy to each of them. Raises SourceError."""
    commit_of(context.config.root, name)  # before anything is made
    made = tuple(note for source in found for note in _make(endpoint, source))
    done = release_working_copy(context.config.root, context.home.repositories, found, name)
    return Released(done.commit, done.title, (*done.notes, *made))


def _make(endpoint: Endpoint, source: Source) -> tuple[str, ...]:
    try:
        endpoint.repositories("CreateRepository", repositoryName=source.repository)
    except RefusedError as error:
        if error.code != "RepositoryNameExistsException":
            raise
        return ()
    return (f"created the repository {source.repository}, which did not exist",)
