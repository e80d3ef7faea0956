"""S3 and the repositories, as the runners of actions need them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bonkei.services.codecommit.repositories import Repositories
from bonkei.services.codepipeline.runners import SourceCommit

if TYPE_CHECKING:
    from bonkei.services.endpoint.cloud import Cloud


class LocalSources:
    """Repositories for source actions."""

    def __init__(self, repositories: Repositories) -> None:
        self._repositories = repositories

    async def find(self, repository: str, branch: str, commit: str) -> SourceCommit:
        wanted = commit or await self._repositories.branch(repository, branch)
        found = await self._repositories.commit(repository, wanted)
        return SourceCommit(
            found.id,
            found.message,
            found.author.name,
            found.author.email,
            found.author_date,
            found.committer_date,
        )

    async def archive(self, repository: str, commit: str, to: Path) -> None:
        await self._repositories.archive(repository, commit, to)


class CloudObjects:
    """S3, once the endpoint is there."""

    def __init__(self, cloud: Callable[[], Cloud]) -> None:
        self._cloud = cloud

    async def put(
        self, role: str, session: str, place: tuple[str, str], file: Path, key_arn: str = ""
    ) -> str:
        return await self._cloud().objects.put(role, session, place, file, key_arn)

    async def get(
        self, role: str, session: str, place: tuple[str, str], to: Path, version: str = ""
    ) -> str:
        return await self._cloud().objects.get(role, session, place, to, version)
