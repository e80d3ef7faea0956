"""The errors of CodeCommit."""

from __future__ import annotations

from bonkei.base.aws_service import AwsServiceError
from bonkei.base.errors import BonkeiError


class GitError(BonkeiError):
    """git refused, or is not installed."""


def no_repository(name: str) -> AwsServiceError:
    return AwsServiceError("RepositoryDoesNotExistException", f"{name} does not exist")


def no_branch(name: str, repository: str) -> AwsServiceError:
    return AwsServiceError("BranchDoesNotExistException", f"{repository} has no branch {name}")


def no_commit(commit: str, repository: str) -> AwsServiceError:
    return AwsServiceError("CommitDoesNotExistException", f"{repository} has no commit {commit}")
