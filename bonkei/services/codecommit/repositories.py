"""The existing repositories, and the commits of pushes."""

from __future__ import annotations

import asyncio
import re
import shutil
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from bonkei.base import kept
from bonkei.base.aws_service import AwsServiceError
from bonkei.base.background import Background
from bonkei.base.folders import matching
from bonkei.blueprint.codecommit import CodeRepository
from bonkei.services.codecommit.commits import Commit, read_commit
from bonkei.services.codecommit.errors import GitError, no_branch, no_commit, no_repository
from bonkei.services.codecommit.git import git
from bonkei.services.codecommit.hook import Push, take_pushes, write_hook

_NAME = re.compile(r"[\w.-]{1,100}")
_COMMIT = re.compile(r"[0-9a-f]{7,40}")
_LOOK = 0.5  # seconds between checks for pushes
_MOST = 1_000
_ABOUT = "bonkei.json"


@dataclass(frozen=True, slots=True)
class Repository:
    """`directory`: the bare repository. Times in Unix seconds."""

    name: str
    arn: str
    id: str
    directory: Path
    description: str = ""
    key_arn: str = ""
    created: float = 0.0
    modified: float = 0.0


class Repositories:
    """Call `follow` with each blueprint. `start` begins to look for pushes. Always call `stop` at
    the end.

    `on_push` is called for each pushed reference, in order.
    """

    def __init__(
        self,
        directory: Path,
        clock: Callable[[], float],
        on_push: Callable[[Push], None] = lambda _: None,
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._on_push = on_push
        self._found: dict[str, Repository] = {}
        self._some = asyncio.Event()
        self._making = asyncio.Lock()
        self._looking = Background()

    @property
    def directory(self) -> Path:
        """Where the bare repositories are."""
        return self._directory

    def open(self) -> None:
        """Load the repositories of an earlier run. Raises DamagedError."""
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for about in matching(self._directory, f"*.git/{_ABOUT}"):
            read = partial(_repository, about.parent)
            if found := kept.read_json(about, read, "without one: git still has the commits"):
                self._found[found.name] = found

    def start(self) -> None:
        self._looking.start(self._look())

    async def follow(self, declared: Sequence[CodeRepository]) -> None:
        """Create declared repositories that are missing. One that is no longer declared stays,
        because it holds commits.
        """
        for each in declared:
            if each.name not in self._found:
                await self.create(each.name, each.arn, each.description, each.key_arn, each.id)
            found = self._found[each.name]
            if found.description != each.description:
                self._write(replace(found, description=each.description))

    async def create(
        self, name: str, arn: str, description: str = "", key_arn: str = "", id_: str = ""
    ) -> Repository:
        """Create an empty repository. Raises AwsServiceError."""
        async with self._making:  # two callers may want the same one
            return await self._create(name, arn, description, key_arn, id_)

    async def _create(
        self, name: str, arn: str, description: str, key_arn: str, id_: str
    ) -> Repository:
        if not _NAME.fullmatch(name) or name.endswith(".git"):
            raise AwsServiceError(
                "InvalidRepositoryNameException",
                f"{name!r} is not a name of a repository: 1 to 100 letters, digits and ._-, "
                "without .git at its end",
            )
        if name in self._found:
            raise AwsServiceError(
                "RepositoryNameExistsException", f"Repository named {name} already exists"
            )
        if len(self._found) >= _MOST:
            raise AwsServiceError(
                "RepositoryLimitExceededException", f"There are {_MOST} repositories already"
            )
        directory, now = self._directory / f"{name}.git", self._clock()
        await git(self._directory, "init", "--quiet", "--bare", "-b", "main", str(directory))
        await git(directory, "config", "http.receivepack", "true")
        await git(directory, "config", "uploadpack.allowAnySHA1InWant", "true")
        write_hook(directory)
        made = Repository(
            name, arn, id_ or str(uuid.uuid4()), directory, description, key_arn, now, now
        )
        self._write(made)
        return made

    def describe(self, name: str, description: str) -> None:
        """Raises AwsServiceError."""
        self._write(replace(self.find(name), description=description, modified=self._clock()))

    def delete(self, name: str) -> Repository | None:
        """Delete a repository with all its commits, as DeleteRepository does."""
        found = self._found.pop(name, None)
        if found is not None:
            shutil.rmtree(found.directory, ignore_errors=True)
        return found

    @property
    def all(self) -> tuple[Repository, ...]:
        """The repositories by name."""
        return tuple(self._found[name] for name in sorted(self._found))

    def find(self, name: str) -> Repository:
        """Raises AwsServiceError."""
        try:
            return self._found[name]
        except KeyError:
            raise no_repository(name) from None

    async def branches(self, name: str) -> dict[str, str]:
        """Branch -> commit, by name."""
        listed = await git(
            self.find(name).directory, "for-each-ref", "--format=%(refname) %(objectname)",
            "refs/heads/",
        )  # fmt: skip
        pairs = (line.rsplit(" ", 1) for line in listed.decode().splitlines())
        return {ref.removeprefix("refs/heads/"): commit for ref, commit in pairs}

    async def default_branch(self, name: str) -> str:
        """The branch of HEAD; empty before the first push."""
        head = (await git(self.find(name).directory, "symbolic-ref", "HEAD")).decode().strip()
        branch = head.removeprefix("refs/heads/")
        there = await self.branches(name)
        return branch if branch in there else next(iter(there), "")

    async def branch(self, name: str, branch: str) -> str:
        """The commit of a branch. Raises AwsServiceError."""
        found = (await self.branches(name)).get(branch)
        if found is None:
            raise no_branch(branch, name)
        return found

    async def commit(self, name: str, commit: str) -> Commit:
        """Raises AwsServiceError."""
        if not _COMMIT.fullmatch(commit):
            raise AwsServiceError("InvalidCommitIdException", f"{commit!r} is not a commit's id")
        try:
            return await read_commit(self.find(name).directory, commit)
        except GitError:
            raise no_commit(commit, name) from None

    async def archive(self, name: str, commit: str, to: Path) -> None:
        """A zip of everything in a commit, without the history. Raises GitError."""
        directory = self.find(name).directory
        await git(directory, "archive", "--format=zip", f"--output={to}", commit)

    async def stop(self) -> None:
        await self._looking.stop()

    def _write(self, repository: Repository) -> None:
        values = asdict(repository)
        del values["directory"]
        kept.write_json(repository.directory / _ABOUT, values)
        self._found[repository.name] = repository
        self._some.set()

    async def _look(self) -> None:
        while True:
            if not self._found:
                self._some.clear()
                await self._some.wait()
            for each in self.all:
                for push in take_pushes(each.directory, each.name):
                    self._found[each.name] = replace(each, modified=self._clock())
                    self._tell(push)
            await asyncio.sleep(_LOOK)

    def _tell(self, push: Push) -> None:
        try:
            self._on_push(push)
        except Exception as error:  # who listens must not end the look for other pushes
            context = {
                "message": f"bonkei.services.codecommit: a push: {error}",
                "exception": error,
            }
            asyncio.get_running_loop().call_exception_handler(context)


def _repository(directory: Path, values: Mapping[str, Any]) -> Repository:
    return Repository(directory=directory, **values)
