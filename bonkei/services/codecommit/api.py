"""CodeCommit's API.

https://docs.aws.amazon.com/codecommit/latest/APIReference/Welcome.html
Pull requests, comments, approval rules and triggers are not simulated: the endpoint refuses them by
name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bonkei.base.aws_service import AwsCall, AwsService, AwsServiceError, Operations
from bonkei.services.codecommit.commits import Commit, Person
from bonkei.services.codecommit.errors import GitError, no_branch, no_commit
from bonkei.services.codecommit.git import git
from bonkei.services.codecommit.repositories import Repositories, Repository

_LARGEST = 6 * 1024 * 1024
"""The most bytes of a file that GetFile returns. Larger files need a clone."""
_MODES = {"100644": "NORMAL", "100755": "EXECUTABLE", "120000": "SYMLINK"}


def service(repositories: Repositories) -> AwsService:
    """The endpoint's service `codecommit`."""
    return Operations.of(_CodeCommit(repositories))


class _CodeCommit:
    def __init__(self, repositories: Repositories) -> None:
        self._repositories = repositories

    async def create_repository(self, call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        name = given["repositoryName"]
        arn = f"arn:aws:codecommit:{call.region}:{call.caller.account}:{name}"
        made = await self._repositories.create(
            name, arn, given.get("repositoryDescription", ""), given.get("kmsKeyId", "")
        )
        return {"repositoryMetadata": _metadata(made, "", call)}

    async def get_repository(self, call: AwsCall) -> Mapping[str, Any]:
        found = self._repositories.find(call.parameters["repositoryName"])
        return {"repositoryMetadata": await self._described(found, call)}

    async def batch_get_repositories(self, call: AwsCall) -> Mapping[str, Any]:
        names = call.parameters["repositoryNames"]
        known = {each.name for each in self._repositories.all}
        found = [
            await self._described(self._repositories.find(each), call)
            for each in names
            if each in known
        ]
        return {
            "repositories": found,
            "repositoriesNotFound": [each for each in names if each not in known],
        }

    async def list_repositories(self, _: AwsCall) -> Mapping[str, Any]:
        found = [
            {"repositoryName": each.name, "repositoryId": each.id}
            for each in self._repositories.all
        ]
        return {"repositories": found}

    async def delete_repository(self, call: AwsCall) -> Mapping[str, Any]:
        gone = self._repositories.delete(call.parameters["repositoryName"])
        return {"repositoryId": gone.id if gone is not None else None}

    async def update_repository_description(self, call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        self._repositories.describe(given["repositoryName"], given.get("repositoryDescription", ""))
        return {}

    async def get_branch(self, call: AwsCall) -> Mapping[str, Any]:
        repository, branch = call.parameters["repositoryName"], _branch(call)
        commit = await self._repositories.branch(repository, branch)
        return {"branch": {"branchName": branch, "commitId": commit}}

    async def list_branches(self, call: AwsCall) -> Mapping[str, Any]:
        return {
            "branches": list(await self._repositories.branches(call.parameters["repositoryName"]))
        }

    async def create_branch(self, call: AwsCall) -> Mapping[str, Any]:
        repository, branch = call.parameters["repositoryName"], _branch(call)
        if branch in await self._repositories.branches(repository):
            raise AwsServiceError("BranchNameExistsException", f"{branch} exists already")
        commit = await self._repositories.commit(repository, call.parameters["commitId"])
        directory = self._repositories.find(repository).directory
        try:
            await git(directory, "branch", "--end-of-options", branch, commit.id)
        except GitError as error:
            raise AwsServiceError("InvalidBranchNameException", error.message) from None
        return {}

    async def delete_branch(self, call: AwsCall) -> Mapping[str, Any]:
        repository, branch = call.parameters["repositoryName"], _branch(call)
        commit = (await self._repositories.branches(repository)).get(branch)
        if branch == await self._repositories.default_branch(repository):
            raise AwsServiceError(
                "DefaultBranchCannotBeDeletedException", f"{branch} is the default branch"
            )
        if commit is None:
            return {}
        directory = self._repositories.find(repository).directory
        await git(directory, "branch", "--quiet", "-D", "--end-of-options", branch)
        return {"deletedBranch": {"branchName": branch, "commitId": commit}}

    async def update_default_branch(self, call: AwsCall) -> Mapping[str, Any]:
        repository = call.parameters["repositoryName"]
        branch = call.parameters["defaultBranchName"]
        if branch not in await self._repositories.branches(repository):
            raise no_branch(branch, repository)
        directory = self._repositories.find(repository).directory
        await git(directory, "symbolic-ref", "HEAD", f"refs/heads/{branch}")
        return {}

    async def get_commit(self, call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        found = await self._repositories.commit(given["repositoryName"], given["commitId"])
        return {"commit": _commit(found)}

    async def batch_get_commits(self, call: AwsCall) -> Mapping[str, Any]:
        repository = call.parameters["repositoryName"]
        found, errors = [], []
        for commit in call.parameters["commitIds"]:
            try:
                found.append(_commit(await self._repositories.commit(repository, commit)))
            except AwsServiceError as error:
                errors.append(
                    {"commitId": commit, "errorCode": error.code, "errorMessage": error.message}
                )
        return {"commits": found, "errors": errors}

    async def get_file(self, call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        repository, path = given["repositoryName"], given["filePath"].strip("/")
        commit = await self._commit_named(repository, given)
        directory = self._repositories.find(repository).directory
        for mode, kind, blob, size, name in await self._tree(
            repository, commit, path, inside=False
        ):
            if name == path and kind == "blob":
                if int(size) > _LARGEST:
                    raise AwsServiceError("FileTooLargeException", f"{path} has {size} bytes")
                content = await git(directory, "cat-file", "blob", blob)
                return {
                    "commitId": commit,
                    "blobId": blob,
                    "filePath": path,
                    "fileMode": _MODES.get(mode, "NORMAL"),
                    "fileSize": int(size),
                    "fileContent": content,
                }
        raise AwsServiceError("FileDoesNotExistException", f"{commit} has no file {path}")

    async def get_folder(self, call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        repository, path = given["repositoryName"], given["folderPath"].strip("/")
        commit = await self._commit_named(repository, given)
        files: list[Mapping[str, Any]] = []
        folders: list[Mapping[str, Any]] = []
        for mode, kind, id_, _, name in await self._tree(repository, commit, path, inside=True):
            about = {"absolutePath": name, "relativePath": name.rpartition("/")[2]}
            if kind == "tree":
                folders.append({"treeId": id_, **about})
            elif kind == "blob":
                files.append({"blobId": id_, "fileMode": _MODES.get(mode, "NORMAL"), **about})
        if path and not files and not folders:
            raise AwsServiceError("FolderDoesNotExistException", f"{commit} has no folder {path}")
        return {"commitId": commit, "folderPath": path, "files": files, "subFolders": folders}

    async def _commit_named(self, repository: str, given: Mapping[str, Any]) -> str:
        named = str(given.get("commitSpecifier", ""))
        named = named or await self._repositories.default_branch(repository)
        branches = await self._repositories.branches(repository)
        if named in branches:
            return branches[named]
        if not named:
            raise no_commit("HEAD", repository)
        return (await self._repositories.commit(repository, named)).id

    async def _tree(
        self, repository: str, commit: str, path: str, *, inside: bool
    ) -> list[tuple[str, str, str, str, str]]:
        """Mode, kind, id, size and path of each entry of a folder, or of the file at the path."""
        where = f"{path}/" if inside and path else path
        words = [where] if where else []
        try:
            directory = self._repositories.find(repository).directory
            listed = await git(directory, "ls-tree", "-z", "--long", commit, "--", *words)
        except GitError:
            return []
        found = []
        for line in listed.decode("utf-8", "replace").split("\0"):
            about, _, name = line.partition("\t")
            if len(words := about.split()) == 4:
                found.append((words[0], words[1], words[2], words[3], name))
        return found

    async def _described(self, found: Repository, call: AwsCall) -> Mapping[str, Any]:
        return _metadata(found, await self._repositories.default_branch(found.name), call)


def _branch(call: AwsCall) -> str:
    branch = str(call.parameters.get("branchName", ""))
    if not branch:
        raise AwsServiceError("BranchNameRequiredException", "A branch name is required")
    return branch


def _metadata(found: Repository, default_branch: str, call: AwsCall) -> Mapping[str, Any]:
    host = f"git-codecommit.{call.region}.amazonaws.com"
    return {
        "accountId": call.caller.account,
        "repositoryId": found.id,
        "repositoryName": found.name,
        "repositoryDescription": found.description or None,
        "defaultBranch": default_branch or None,
        "lastModifiedDate": found.modified,
        "creationDate": found.created,
        "cloneUrlHttp": f"https://{host}/v1/repos/{found.name}",
        "cloneUrlSsh": f"ssh://{host}/v1/repos/{found.name}",
        "Arn": found.arn,
        "kmsKeyId": found.key_arn or None,
    }


def _commit(commit: Commit) -> Mapping[str, Any]:
    return {
        "commitId": commit.id,
        "treeId": commit.tree,
        "parents": list(commit.parents),
        "message": commit.message,
        "author": _person(commit.author),
        "committer": _person(commit.committer),
        "additionalData": "",
    }


def _person(person: Person) -> Mapping[str, Any]:
    return {"name": person.name, "email": person.email, "date": person.date}
