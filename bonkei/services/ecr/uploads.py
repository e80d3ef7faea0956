"""Blobs in transfer: they are written as they come, and accepted if their digest is right."""

from __future__ import annotations

import errno
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from bonkei.services.ecr.errors import RegistryError
from bonkei.services.ecr.store import ImageStore

MOST = 64
"""Uploads at the same time. One more removes the upload without data for the longest time."""
_LAYER_BYTES = 52_000 * 1000 * 1000  # "Maximum layer size", Amazon ECR service quotas


@dataclass(slots=True)
class _Upload:
    file: Path
    size: int = 0
    hash: Any = field(default_factory=hashlib.sha256)


class Uploads:
    """The methods with an upload's id raise RegistryError (BLOB_UPLOAD_UNKNOWN) for an unknown
    one."""

    def __init__(self, store: ImageStore) -> None:
        self._store = store
        self._open: dict[str, _Upload] = {}

    def begin(self) -> str:
        while len(self._open) >= MOST:
            self.drop(next(iter(self._open)))
        identifier = str(uuid4())
        upload = _Upload(self._store.uploads / identifier)
        upload.file.touch(mode=0o600)
        self._open[identifier] = upload
        return identifier

    def size(self, identifier: str) -> int:
        return self._find(identifier).size

    def append(self, identifier: str, chunk: bytes) -> None:
        upload = self._find(identifier)
        if upload.size + len(chunk) > _LAYER_BYTES:
            self.drop(identifier)
            raise RegistryError("SIZE_INVALID", "a layer has 52,000 MB at most", 413)
        try:
            with upload.file.open("ab") as file:
                file.write(chunk)
        except OSError as error:
            self.drop(identifier)
            if error.errno != errno.ENOSPC:
                raise
            raise RegistryError("TOOMANYREQUESTS", "the disk is full", 507) from None
        upload.hash.update(chunk)
        upload.size += len(chunk)
        self._open[identifier] = self._open.pop(identifier)  # the quietest one comes first

    def finish(self, identifier: str, digest: str) -> None:
        """Raises RegistryError if its content has another digest. It is then removed."""
        upload = self._find(identifier)
        del self._open[identifier]
        found = f"sha256:{upload.hash.hexdigest()}"
        if found != digest:
            upload.file.unlink(missing_ok=True)
            raise RegistryError(
                "DIGEST_INVALID", f"provided digest {digest[:100]} did not match content: {found}"
            )
        self._store.keep_blob(upload.file, digest)

    def drop(self, identifier: str) -> None:
        self._find(identifier).file.unlink(missing_ok=True)
        del self._open[identifier]

    def _find(self, identifier: str) -> _Upload:
        try:
            return self._open[identifier]
        except KeyError:
            raise RegistryError(
                "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry", 404
            ) from None
