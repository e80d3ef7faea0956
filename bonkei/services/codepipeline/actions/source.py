"""Source actions: a commit of a repository becomes an artifact.

https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeCommit.html
https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodestarConnectionSource.html

A repository behind a connection is on another host. That host is not called: a repository on this
machine replaces it, and `bonkei pipeline run` pushes the working copy's commit to it.
"""

from __future__ import annotations

from dataclasses import replace

from bonkei.base.arn import Arn
from bonkei.base.aws_service import Asks, AwsServiceError
from bonkei.services.codepipeline.actions.artifact import Store, require
from bonkei.services.codepipeline.core.values import Finished, Pairs, SourceRevision
from bonkei.services.codepipeline.runners import ActionWork, AfterRestart, SourceCommit, Sources

_CODECOMMIT = (
    "codecommit:GetBranch",
    "codecommit:GetCommit",
    "codecommit:UploadArchive",
    "codecommit:GetUploadArchiveStatus",
)
_SUMMARY = 2_048  # characters of a revision's summary


class _Source:
    """The settings of both providers."""

    after_restart: AfterRestart = "again"

    def __init__(self, sources: Sources, store: Store, asks: Asks) -> None:
        self._sources = sources
        self._store = store
        self._asks = asks


class CodeCommitSource(_Source):
    """Provider CodeCommit."""

    async def run(self, work: ActionWork) -> Finished:
        repository, branch = work.setting("RepositoryName"), work.setting("BranchName")
        require(self._asks, work, work.arn("codecommit", repository), *_CODECOMMIT)
        commit = await self._sources.find(repository, branch, _wanted(work))
        link = (
            f"https://console.aws.amazon.com/codecommit/home?region={work.region}"
            f"#/repository/{repository}/commit/{commit.id}"
        )
        variables = (
            ("AuthorDate", commit.author_date),
            ("BranchName", branch),
            ("CommitId", commit.id),
            ("CommitMessage", commit.message),
            ("CommitterDate", commit.committer_date),
            ("RepositoryName", repository),
        )
        return await _finish(self._sources, self._store, work, repository, commit, link, variables)


class ConnectionSource(_Source):
    """Provider CodeStarSourceConnection."""

    async def run(self, work: ActionWork) -> Finished:
        full, branch = work.setting("FullRepositoryId"), work.setting("BranchName")
        if work.override is not None and work.override.branch:
            branch = work.override.branch
        connection = work.setting("ConnectionArn")
        if not (service := Arn.of(connection).service):
            raise AwsServiceError("ConfigurationError", f"{connection!r} is not an ARN")
        require(self._asks, work, connection, f"{service}:UseConnection")
        repository = local_name(full)
        commit = await self._sources.find(repository, branch, _wanted(work))
        variables = (
            ("AuthorDate", commit.author_date),
            ("AuthorDisplayName", commit.author),
            ("AuthorEmail", commit.author_email),
            ("BranchName", branch),
            ("CommitId", commit.id),
            ("CommitMessage", commit.message),
            ("ConnectionArn", connection),
            ("FullRepositoryName", full),
        )
        return await _finish(self._sources, self._store, work, repository, commit, "", variables)


def local_name(full_id: str) -> str:
    """The local name of a repository behind a connection ("owner/name")."""
    return full_id.replace("/", "--")


def _wanted(work: ActionWork) -> str:
    """The commit that the start requested, or an empty text."""
    if "OutputArtifactFormat" in work.settings and (
        work.settings["OutputArtifactFormat"] != "CODE_ZIP"
    ):
        raise AwsServiceError(
            "NotSimulated",
            f"OutputArtifactFormat {work.settings['OutputArtifactFormat']} is not simulated: only "
            "CODE_ZIP is",
        )
    if work.override is None:
        return ""
    if work.override.type != "COMMIT_ID":
        raise AwsServiceError(
            "ConfigurationError", f"{work.override.type} is not a revision of a git repository"
        )
    return work.override.value


async def _finish(
    sources: Sources, store: Store, work: ActionWork, repository: str, commit: SourceCommit,
    link: str, variables: Pairs,
) -> Finished:  # fmt: skip
    """Put the commit's zip into the artifact bucket. Returns it with its details."""
    with store.folder() as folder:
        file = folder / "source.zip"
        await sources.archive(repository, commit.id, file)
        outputs = [
            replace(await store.put(work, output, file), revision=commit.id)
            for output in work.run.outputs
        ]
    summary = commit.message[:_SUMMARY]
    return Finished(
        succeeded=True,
        summary=summary,
        external_id=commit.id,
        external_url=link,
        variables=variables,
        outputs=tuple(outputs),
        revision=SourceRevision(work.action.name, commit.id, summary, link),
    )
