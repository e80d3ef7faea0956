"""CodeCommit with the real git."""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bonkei.base.aws_service import AwsCall, AwsServiceError, Caller
from bonkei.blueprint.codecommit import CodeRepository
from bonkei.services.codecommit.api import service
from bonkei.services.codecommit.commits import Commit, Person
from bonkei.services.codecommit.hook import UNNOTICED, Push, take_pushes
from bonkei.services.codecommit.repositories import Repositories

REGION, ACCOUNT = "ap-northeast-1", "123456789012"


@pytest.fixture
def pushes() -> list[Push]:
    return []


@pytest.fixture
def repositories(tmp_path: Path, pushes: list[Push]) -> Repositories:
    made = Repositories(tmp_path / "repositories", time.time, pushes.append)
    made.open()
    return made


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A working copy with two commits."""
    directory = tmp_path / "work"
    directory.mkdir()
    _git(directory, "init", "-q", "-b", "main")
    for number in (1, 2):
        (directory / "sub").mkdir(exist_ok=True)
        (directory / "sub" / "file.txt").write_text(f"{number}\n")
        _git(directory, "add", "-A")
        _git(directory, "commit", "-q", "-m", f"Commit {number}\n\nWith a body")
    return directory


_WHO = ("AUTHOR", "COMMITTER")


def _git(directory: Path, *words: str, **more: str) -> str:
    identity = {
        f"GIT_{who}_{what}": "me" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    return subprocess.run(
        ["git", *words], cwd=directory, check=True, capture_output=True, text=True,
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, **identity, **more},
    ).stdout.strip()  # fmt: skip


async def call(repositories: Repositories, operation: str, **parameters: Any) -> Mapping[str, Any]:
    caller = Caller("arn:aws:iam::123456789012:user/me", "me", ACCOUNT)
    asked = AwsCall("codecommit", operation, parameters, caller, REGION, time.time())
    return await service(repositories).answer(asked)


async def refused(code: str, repositories: Repositories, operation: str, **parameters: Any) -> None:
    with pytest.raises(AwsServiceError) as caught:
        await call(repositories, operation, **parameters)
    assert caught.value.code == code


async def test_a_repository_is_created_pushed_to_and_shown(
    repositories: Repositories, work: Path
) -> None:
    made = await call(
        repositories, "CreateRepository", repositoryName="app", repositoryDescription="mine"
    )
    about = made["repositoryMetadata"]
    assert about["cloneUrlHttp"] == f"https://git-codecommit.{REGION}.amazonaws.com/v1/repos/app"
    assert about["defaultBranch"] is None, "before the first push there is none"
    await refused(
        "RepositoryNameExistsException", repositories, "CreateRepository", repositoryName="app"
    )
    await refused(
        "InvalidRepositoryNameException", repositories, "CreateRepository", repositoryName="a b"
    )
    head = _git(work, "rev-parse", "HEAD")
    _git(work, "push", "-q", str(repositories.find("app").directory), "HEAD:main", "HEAD:other")
    got = await call(repositories, "GetRepository", repositoryName="app")
    assert got["repositoryMetadata"]["defaultBranch"] == "main"
    assert (await call(repositories, "ListBranches", repositoryName="app"))["branches"] == [
        "main",
        "other",
    ]
    branch = await call(repositories, "GetBranch", repositoryName="app", branchName="main")
    assert branch["branch"] == {"branchName": "main", "commitId": head}
    commit = (await call(repositories, "GetCommit", repositoryName="app", commitId=head))["commit"]
    assert commit["message"] == "Commit 2\n\nWith a body"
    assert (commit["author"]["name"], len(commit["parents"])) == ("me", 1)
    file = await call(repositories, "GetFile", repositoryName="app", filePath="sub/file.txt")
    assert (file["fileContent"], file["fileMode"]) == (b"2\n", "NORMAL")
    folder = await call(repositories, "GetFolder", repositoryName="app", folderPath="/")
    assert [each["absolutePath"] for each in folder["subFolders"]] == ["sub"]


@pytest.mark.parametrize(
    ("date", "shown"),
    [
        ("1767225600 +0900", "2026-01-01T00:00:00Z"),
        ("", "1970-01-01T00:00:00Z"),  # what git shows for a broken line of an imported commit
        ("-5 +0000", "1970-01-01T00:00:00Z"),
        ("99999999999999 +0000", "9999-12-31T23:59:59Z"),
    ],
)
def test_each_date_of_a_commit_can_be_shown(date: str, shown: str) -> None:
    person = Person("me", "me@x", date)
    assert Commit("c", "t", (), person, person, "").author_date == shown


async def test_who_fails_to_hear_of_a_push_hears_of_the_next_one(
    tmp_path: Path, work: Path
) -> None:
    heard: list[str] = []
    second = asyncio.Event()

    def hear(push: Push) -> None:
        heard.append(push.branch)
        if len(heard) == 1:
            raise OSError("the disk is full")
        second.set()

    said: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, about: said.append(about["message"]))
    repositories = Repositories(tmp_path / "repositories", time.time, hear)
    repositories.open()
    await repositories.create("app", f"arn:aws:codecommit:{REGION}:{ACCOUNT}:app")
    _git(work, "push", "-q", str(repositories.find("app").directory), "HEAD:main", "HEAD:other")
    repositories.start()
    await asyncio.wait_for(second.wait(), 60)
    await repositories.stop()
    assert sorted(heard) == ["main", "other"]
    assert said == ["bonkei.services.codecommit: a push: the disk is full"]


async def test_a_push_waits_while_no_descriptor_is_left(
    repositories: Repositories, work: Path
) -> None:
    await call(repositories, "CreateRepository", repositoryName="app")
    directory = repositories.find("app").directory
    for branch in ("main", "other"):
        _git(work, "push", "-q", str(directory), f"HEAD:{branch}")
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
    try:
        assert take_pushes(directory, "app") == ()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    first, second = sorted((directory / "bonkei-pushes").glob("*.done"))
    content = second.read_bytes()
    second.unlink()
    second.mkdir()  # which cannot be taken
    assert [each.branch for each in take_pushes(directory, "app")] == ["main"]
    second.rmdir()
    second.write_bytes(content)
    assert [each.branch for each in take_pushes(directory, "app")] == ["other"]
    assert not first.exists()


async def test_missing_things_have_codecommits_errors(
    repositories: Repositories, work: Path
) -> None:
    await refused(
        "RepositoryDoesNotExistException", repositories, "GetRepository", repositoryName="no"
    )
    await call(repositories, "CreateRepository", repositoryName="app")
    named: dict[str, Any] = {"repositoryName": "app"}
    await refused(
        "BranchDoesNotExistException", repositories, "GetBranch", **named, branchName="main"
    )
    await refused("InvalidCommitIdException", repositories, "GetCommit", **named, commitId="--help")
    await refused(
        "CommitDoesNotExistException", repositories, "GetCommit", **named, commitId="a" * 40
    )
    _git(work, "push", "-q", str(repositories.find("app").directory), "HEAD:main")
    await refused("FileDoesNotExistException", repositories, "GetFile", **named, filePath="no")
    await refused(
        "DefaultBranchCannotBeDeletedException",
        repositories,
        "DeleteBranch",
        **named,
        branchName="main",
    )


async def test_branches_are_created_and_deleted(repositories: Repositories, work: Path) -> None:
    await call(repositories, "CreateRepository", repositoryName="app")
    _git(work, "push", "-q", str(repositories.find("app").directory), "HEAD:main")
    first, named = _git(work, "rev-parse", "HEAD~1"), {"repositoryName": "app"}
    await call(repositories, "CreateBranch", **named, branchName="old", commitId=first)
    await refused(
        "BranchNameExistsException",
        repositories,
        "CreateBranch",
        **named,
        branchName="old",
        commitId=first,
    )
    await call(repositories, "UpdateDefaultBranch", **named, defaultBranchName="old")
    got = await call(repositories, "GetRepository", **named)
    assert got["repositoryMetadata"]["defaultBranch"] == "old"
    gone = await call(repositories, "DeleteBranch", **named, branchName="main")
    assert gone["deletedBranch"]["branchName"] == "main"


async def test_an_archive_has_the_commits_files_without_history(
    repositories: Repositories, work: Path, tmp_path: Path
) -> None:
    await call(repositories, "CreateRepository", repositoryName="app")
    _git(work, "push", "-q", str(repositories.find("app").directory), "HEAD:main")
    to = tmp_path / "source.zip"
    await repositories.archive("app", _git(work, "rev-parse", "HEAD~1"), to)
    with zipfile.ZipFile(to) as found:
        assert found.namelist() == ["sub/", "sub/file.txt"]
        assert found.read("sub/file.txt") == b"1\n"


async def test_a_push_is_announced_once_and_a_silent_one_is_not(
    repositories: Repositories, work: Path, pushes: list[Push]
) -> None:
    await call(repositories, "CreateRepository", repositoryName="app")
    directory, head = str(repositories.find("app").directory), _git(work, "rev-parse", "HEAD")
    repositories.start()
    _git(work, "push", "-q", directory, "HEAD:main")
    _git(work, "push", "-q", directory, "HEAD:quiet", **{UNNOTICED: "1"})
    async with asyncio.timeout(60):
        while not pushes:
            await asyncio.sleep(0.02)
    await repositories.stop()
    assert pushes == [Push("app", "refs/heads/main", "0" * 40, head)]
    assert pushes[0].branch == "main"


async def test_repositories_survive_a_restart_and_declared_ones_are_created(
    repositories: Repositories, work: Path, tmp_path: Path
) -> None:
    declared = CodeRepository(
        "aws_codecommit_repository.this", "arn:app", "app", "id-1", description="x"
    )
    await repositories.follow([declared])
    _git(work, "push", "-q", str(repositories.find("app").directory), "HEAD:main")
    again = Repositories(tmp_path / "repositories", time.time)
    again.open()
    await again.follow([declared])
    assert (again.find("app").id, list(await again.branches("app"))) == ("id-1", ["main"])
    await again.follow([])
    assert [each.name for each in again.all] == ["app"], (
        "commits are not removed with a declaration"
    )


async def test_two_callers_at_once_make_one_repository(repositories: Repositories) -> None:
    made = await asyncio.gather(
        *(repositories.create("app", f"arn:{number}") for number in range(3)),
        return_exceptions=True,
    )
    refused = [each for each in made if isinstance(each, AwsServiceError)]
    assert [each.code for each in refused] == ["RepositoryNameExistsException"] * 2
    assert repositories.find("app") in made
