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


def service(repositories: Repositories) -> AwsService:
    """The endpoint's service `codecommit`."""
    return Operations(
        {
            **_about(repositories),
            **_branches(repositories),
            **_changes_of_branches(repositories),
            **_contents(repositories),
        }
    )


def _about(repositories: Repositories) -> dict[str, Any]:
    async def create(call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        name = str(given["repositoryName"])
        arn = f"arn:aws:codecommit:{call.region}:{call.caller.account}:{name}"
        made = await repositories.create(
            name, arn, str(given.get("repositoryDescription", "")), str(given.get("kmsKeyId", ""))
        )
        return {"repositoryMetadata": _metadata(made, "", call)}

    async def get(call: AwsCall) -> Mapping[str, Any]:
        found = repositories.find(str(call.parameters["repositoryName"]))
        return {"repositoryMetadata": await _described(repositories, found, call)}

    async def batch_get(call: AwsCall) -> Mapping[str, Any]:
        names = [str(each) for each in call.parameters["repositoryNames"]]
        known = {each.name for each in repositories.all}
        found = [
            await _described(repositories, repositories.find(each), call)
            for each in names
            if each in known
        ]
        return {
            "repositories": found,
            "repositoriesNotFound": [each for each in names if each not in known],
        }

    async def list_(_: AwsCall) -> Mapping[str, Any]:
        found = [
            {"repositoryName": each.name, "repositoryId": each.id} for each in repositories.all
        ]
        return {"repositories": found}

    async def delete(call: AwsCall) -> Mapping[str, Any]:
        gone = repositories.delete(str(call.parameters["repositoryName"]))
        return {"repositoryId": gone.id if gone is not None else None}

    async def describe(call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        repositories.describe(
            str(given["repositoryName"]), str(given.get("repositoryDescription", ""))
        )
        return {}

    return {
        "CreateRepository": create,
        "GetRepository": get,
        "BatchGetRepositories": batch_get,
        "ListRepositories": list_,
        "DeleteRepository": delete,
        "UpdateRepositoryDescription": describe,
    }


def _branches(repositories: Repositories) -> dict[str, Any]:
    async def get(call: AwsCall) -> Mapping[str, Any]:
        repository, branch = str(call.parameters["repositoryName"]), _branch(call)
        commit = await repositories.branch(repository, branch)
        return {"branch": {"branchName": branch, "commitId": commit}}

    async def list_(call: AwsCall) -> Mapping[str, Any]:
        return {
            "branches": list(await repositories.branches(str(call.parameters["repositoryName"])))
        }

    return {"GetBranch": get, "ListBranches": list_}


def _changes_of_branches(repositories: Repositories) -> dict[str, Any]:
    async def create(call: AwsCall) -> Mapping[str, Any]:
        repository, branch = str(call.parameters["repositoryName"]), _branch(call)
        if branch in await repositories.branches(repository):
            raise AwsServiceError("BranchNameExistsException", f"{branch} exists already")
        commit = await repositories.commit(repository, str(call.parameters["commitId"]))
        directory = repositories.find(repository).directory
        try:
            await git(directory, "branch", "--end-of-options", branch, commit.id)
        except GitError as error:
            raise AwsServiceError("InvalidBranchNameException", error.message) from None
        return {}

    async def delete(call: AwsCall) -> Mapping[str, Any]:
        repository, branch = str(call.parameters["repositoryName"]), _branch(call)
        commit = (await repositories.branches(repository)).get(branch)
        if branch == await repositories.default_branch(repository):
            raise AwsServiceError(
                "DefaultBranchCannotBeDeletedException", f"{branch} is the default branch"
            )
        if commit is None:
            return {}
        directory = repositories.find(repository).directory
        await git(directory, "branch", "--quiet", "-D", "--end-of-options", branch)
        return {"deletedBranch": {"branchName": branch, "commitId": commit}}

    async def set_default(call: AwsCall) -> Mapping[str, Any]:
        repository = str(call.parameters["repositoryName"])
        branch = str(call.parameters["defaultBranchName"])
        if branch not in await repositories.branches(repository):
            raise no_branch(branch, repository)
        directory = repositories.find(repository).directory
        await git(directory, "symbolic-ref", "HEAD", f"refs/heads/{branch}")
        return {}

    return {"CreateBranch": create, "DeleteBranch": delete, "UpdateDefaultBranch": set_default}


def _contents(repositories: Repositories) -> dict[str, Any]:
    async def get_commit(call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        found = await repositories.commit(str(given["repositoryName"]), str(given["commitId"]))
        return {"commit": _commit(found)}

    async def batch_get(call: AwsCall) -> Mapping[str, Any]:
        repository = str(call.parameters["repositoryName"])
        found, errors = [], []
        for commit in call.parameters["commitIds"]:
            try:
                found.append(_commit(await repositories.commit(repository, str(commit))))
            except AwsServiceError as error:
                errors.append(
                    {"commitId": commit, "errorCode": error.code, "errorMessage": error.message}
                )
        return {"commits": found, "errors": errors}

    async def file(call: AwsCall) -> Mapping[str, Any]:
        return await get_file(repositories, call.parameters)

    async def folder(call: AwsCall) -> Mapping[str, Any]:
        return await get_folder(repositories, call.parameters)

    return {
        "GetCommit": get_commit,
        "BatchGetCommits": batch_get,
        "GetFile": file,
        "GetFolder": folder,
    }


def _branch(call: AwsCall) -> str:
    branch = str(call.parameters.get("branchName", ""))
    if not branch:
        raise AwsServiceError("BranchNameRequiredException", "A branch name is required")
    return branch


async def _described(
    repositories: Repositories, found: Repository, call: AwsCall
) -> Mapping[str, Any]:
    return _metadata(found, await repositories.default_branch(found.name), call)


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


_LARGEST = 6 * 1024 * 1024
"""The most bytes of a file that GetFile returns. Larger files need a clone."""
_MODES = {"100644": "NORMAL", "100755": "EXECUTABLE", "120000": "SYMLINK"}


async def get_file(repositories: Repositories, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer to GetFile. Raises AwsServiceError."""
    repository, path = str(given["repositoryName"]), str(given["filePath"]).strip("/")
    commit = await _commit_named(repositories, repository, given)
    directory = repositories.find(repository).directory
    for mode, kind, blob, size, name in await _tree(
        repositories, repository, commit, path, inside=False
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


async def get_folder(repositories: Repositories, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer to GetFolder. Raises AwsServiceError."""
    repository, path = str(given["repositoryName"]), str(given["folderPath"]).strip("/")
    commit = await _commit_named(repositories, repository, given)
    files: list[Mapping[str, Any]] = []
    folders: list[Mapping[str, Any]] = []
    for mode, kind, id_, _, name in await _tree(
        repositories, repository, commit, path, inside=True
    ):
        about = {"absolutePath": name, "relativePath": name.rpartition("/")[2]}
        if kind == "tree":
            folders.append({"treeId": id_, **about})
        elif kind == "blob":
            files.append({"blobId": id_, "fileMode": _MODES.get(mode, "NORMAL"), **about})
    if path and not files and not folders:
        raise AwsServiceError("FolderDoesNotExistException", f"{commit} has no folder {path}")
    return {"commitId": commit, "folderPath": path, "files": files, "subFolders": folders}


async def _commit_named(
    repositories: Repositories, repository: str, given: Mapping[str, Any]
) -> str:
    named = str(given.get("commitSpecifier", "")) or await repositories.default_branch(repository)
    branches = await repositories.branches(repository)
    if named in branches:
        return branches[named]
    if not named:
        raise no_commit("HEAD", repository)
    return (await repositories.commit(repository, named)).id


async def _tree(
    repositories: Repositories, repository: str, commit: str, path: str, *, inside: bool
) -> list[tuple[str, str, str, str, str]]:
    """Mode, kind, id, size and path of each entry of a folder, or of the file at the path."""
    where = f"{path}/" if inside and path else path
    words = [where] if where else []
    try:
        listed = await git(
            repositories.find(repository).directory, "ls-tree", "-z", "--long", commit, "--", *words
        )
    except GitError:
        return []
    found = []
    for line in listed.decode("utf-8", "replace").split("\0"):
        about, _, name = line.partition("\t")
        if len(words := about.split()) == 4:
            found.append((words[0], words[1], words[2], words[3], name))
    return found
