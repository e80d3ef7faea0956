"""Files and folders of a commit, as CodeCommit's API shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bonkei.base.aws_service import AwsServiceError
from bonkei.services.codecommit.errors import GitError, no_commit
from bonkei.services.codecommit.git import git
from bonkei.services.codecommit.repositories import Repositories

_LARGEST = 6 * 1024 * 1024
"""The most bytes of a file that GetFile returns. Larger files need a clone."""
_MODES = {"100644": "NORMAL", "100755": "EXECUTABLE", "120000": "SYMLINK"}


async def get_file(repositories: Repositories, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer to GetFile. Raises AwsServiceError."""
    repository, path = str(given["repositoryName"]), str(given["filePath"]).strip("/")
    commit = await _commit(repositories, repository, given)
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
    commit = await _commit(repositories, repository, given)
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


async def _commit(repositories: Repositories, repository: str, given: Mapping[str, Any]) -> str:
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
