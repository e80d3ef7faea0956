"""The local data of a user's `docker`: images by their names, and logins. Below
$HOME/.bonkei-docker.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bonkei.base import kept
from bonkei.services.ecr.errors import RegistryError
from bonkei.services.ecr.manifest import digest_of, read_manifest
from bonkei.services.ecr.package import Package

_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class LocalImage:
    """A manifest, and the files of its blobs by digest, the configuration first."""

    manifest: bytes
    blobs: tuple[tuple[str, Path], ...]

    @property
    def digest(self) -> str:
        return digest_of(self.manifest)


class LocalImages:
    """`root` is made when something is kept."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def root(self) -> Path:
        return self._root

    def keep(self, name: str, built: Package) -> None:
        for digest, content in built.blobs:
            self.keep_blob(digest, io.BytesIO(content), len(content))
        self.keep_manifest(name, built.manifest)

    def keep_manifest(self, name: str, manifest: bytes) -> None:
        """Add an image, whose blobs are there."""
        digest = digest_of(manifest)
        self.keep_blob(digest, io.BytesIO(manifest), len(manifest))
        self.tag(name, digest)

    def keep_blob(self, digest: str, content: IO[bytes], size: int) -> None:
        """`size` bytes of `content`. Raises RegistryError when they have another digest."""
        file, draft = self._blob(digest), self._root / "blobs" / f"draft.{os.getpid()}"
        draft.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        found = hashlib.sha256()
        with draft.open("wb") as written:
            while size > 0 and (chunk := content.read(min(size, _CHUNK))):
                found.update(chunk)
                written.write(chunk)
                size -= len(chunk)
        if size or f"sha256:{found.hexdigest()}" != digest:
            draft.unlink()
            raise RegistryError("DIGEST_INVALID", f"{digest}: the content is damaged")
        draft.replace(file)

    def tag(self, name: str, digest: str) -> None:
        self._change("images.json", name, digest)

    def remove(self, name: str) -> None:
        self.find(name)
        self._change("images.json", name, None)

    def images(self) -> Mapping[str, str]:
        """Digest by name."""
        return self._read("images.json")

    def find(self, name: str) -> LocalImage:
        """RegistryError in docker's words when there is none."""
        digest = self.images().get(name)
        if digest is None:
            raise RegistryError("MANIFEST_UNKNOWN", f"No such image: {name}")
        manifest = self._blob(digest).read_bytes()
        blobs = read_manifest(manifest, "").blobs
        return LocalImage(manifest, tuple((each.digest, self._blob(each.digest)) for each in blobs))

    def log_in(self, host: str, authorization: str) -> None:
        self._change("logins.json", host, authorization)

    def log_out(self, host: str) -> None:
        self._change("logins.json", host, None)

    def authorization(self, host: str) -> str:
        """The header for a registry; empty without a login."""
        return self._read("logins.json").get(host, "")

    def _blob(self, digest: str) -> Path:
        return self._root / "blobs" / digest.removeprefix("sha256:")

    def _read(self, name: str) -> dict[str, str]:
        try:
            return dict(json.loads((self._root / name).read_text(encoding="utf-8")))
        except FileNotFoundError:
            return {}

    def _change(self, name: str, key: str, value: str | None) -> None:
        """Set an entry, or remove it. Two commands at the same time change the file one after the
        other."""
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._root / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            content = {each: text for each, text in self._read(name).items() if each != key}
            content |= {} if value is None else {key: value}
            kept.write(self._root / name, json.dumps(content, indent=1), synced=False)
