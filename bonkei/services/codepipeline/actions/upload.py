"""S3, as a deployment: the artifact, or its files, go into a bucket.

https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-S3Deploy.html
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from bonkei.base import zips
from bonkei.base.aws_service import AwsServiceError
from bonkei.base.zips import ZipError
from bonkei.services.codepipeline.actions.artifact import Store
from bonkei.services.codepipeline.core.values import Finished
from bonkei.services.codepipeline.runners import ActionWork, AfterRestart

_KNOWN = {"BucketName", "Extract", "ObjectKey"}


class S3Deploy:
    """Provider S3 of the category Deploy."""

    after_restart: AfterRestart = "again"

    def __init__(self, store: Store) -> None:
        self._store = store

    async def run(self, work: ActionWork) -> Finished:
        settings = work.settings
        if other := sorted(settings.keys() - _KNOWN):
            raise AwsServiceError("NotSimulated", f"{', '.join(other)} of S3 is not simulated")
        bucket, key = work.setting("BucketName"), settings.get("ObjectKey", "")
        with self._store.folder() as folder:
            file = folder / "artifact.zip"
            await self._store.get(work, work.action.inputs[0], file)
            if settings.get("Extract", "").lower() != "true":
                key = work.setting("ObjectKey")
                await self._store.put_at(work, (bucket, key), file)
                return Finished(succeeded=True, summary=f"s3://{bucket}/{key}")
            files = await asyncio.to_thread(_unpack, file, folder / "files")
            prefix = f"{key.strip('/')}/" if key.strip("/") else ""
            for name in files:
                await self._store.put_at(work, (bucket, prefix + name), folder / "files" / name)
        return Finished(succeeded=True, summary=f"{len(files)} objects in s3://{bucket}/{prefix}")


def _unpack(file: Path, to: Path) -> list[str]:
    """The names of the files. `extractall` keeps all of them below the folder."""
    try:
        with zips.opened(file) as zipped:
            zipped.extractall(to)
    except (ZipError, OSError) as error:  # a file whose name is also a folder's, or a full disk
        raise AwsServiceError("JobFailed", f"the artifact cannot be unpacked: {error}") from None
    return sorted(str(each.relative_to(to)) for each in to.rglob("*") if each.is_file())
