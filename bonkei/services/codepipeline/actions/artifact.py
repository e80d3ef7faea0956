"""Artifacts between the artifact bucket and a folder of this machine."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from bonkei.base.aws_service import Asks, Aws, AwsServiceError, RoleSession
from bonkei.base.folders import matching
from bonkei.services.codepipeline.core.values import StoredArtifact
from bonkei.services.codepipeline.runners import ActionWork, Artifacts

_PREFIX = "artifact-"


class Store:
    """The artifacts of pipelines. `directory`: the folder for a zip that is being created."""

    def __init__(self, artifacts: Artifacts, directory: Path) -> None:
        self._artifacts = artifacts
        self._directory = directory
        self._is_new = True

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """A folder that is removed afterwards."""
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self._is_new:  # those of a miniature that was killed
            self._is_new = False
            for left in matching(self._directory, f"{_PREFIX}*"):
                shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=self._directory, prefix=_PREFIX) as folder:
            yield Path(folder)

    async def put(self, work: ActionWork, output: StoredArtifact, file: Path) -> StoredArtifact:
        """Upload with the role of the action or the pipeline, encrypted with the store's key.
        Returns the artifact with its version. Raises AwsServiceError."""
        place = (output.bucket, output.key)
        version = await self._artifacts.put(work.role, work.session, place, file, key_arn(work))
        return replace(output, version=version)

    async def put_at(self, work: ActionWork, place: tuple[str, str], file: Path) -> None:
        """Anywhere else in S3: (bucket, key). Raises AwsServiceError."""
        await self._artifacts.put(work.role, work.session, place, file)

    async def get(self, work: ActionWork, name: str, to: Path) -> StoredArtifact:
        """The content of an input artifact's zip. Raises AwsServiceError."""
        found = next((each for each in work.run.inputs if each.name == name), None)
        if found is None:
            raise AwsServiceError("ConfigurationError", f"the action has no input artifact {name}")
        place = (found.bucket, found.key)
        await self._artifacts.get(work.role, work.session, place, to, found.version)
        return found


def key_arn(work: ActionWork) -> str:
    """The ARN of the artifact store's key; empty without one."""
    key = work.pipeline.encryption_key
    if not key or key.startswith("arn:"):
        return key
    return work.arn("kms", key if key.startswith("alias/") else f"key/{key}")


async def call(
    aws: Aws, work: ActionWork, service: str, operation: str, given: Mapping[str, Any]
) -> Mapping[str, Any]:
    """A call with the action's role. Raises AwsServiceError."""
    role = RoleSession(work.role, work.session)
    try:
        return await aws.call(role, service, operation, given, work.region)
    except AwsServiceError as error:
        if error.code == "AccessDeniedException":
            raise AwsServiceError("PermissionError", error.message) from None
        raise


def require(asks: Asks, work: ActionWork, resource: str, *actions: str) -> None:
    """Raises AwsServiceError unless the role may do all of these."""
    for action in actions:
        if denial := asks.role(work.role, work.session, action, resource):
            raise AwsServiceError("PermissionError", denial)
