"""Blobs, manifests and tags, on disk. Acknowledged data survives SIGKILL of the miniature.

ROOT/
├── blobs/HEX                 content by its SHA-256, manifests among it
├── uploads/                  blobs on their way; emptied at the start
└── repositories/NAME.json    a repository's images and tags (`/` in a name is written `+`)
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from bonkei.base import kept
from bonkei.base.folders import changed_at, entries, matching
from bonkei.services.ecr.errors import RegistryError
from bonkei.services.ecr.manifest import digest_of, read_manifest
from bonkei.services.ecr.names import is_digest
from bonkei.services.ecr.values import Contents, Image

_NEW = 3600.0  # seconds


class ImageStore:
    """The images, for use by one thread. `root` is created at the start. `clock`: Unix seconds."""

    def __init__(self, root: Path, clock: Callable[[], float] = time.time) -> None:
        self._root = root
        self._clock = clock
        self._known: dict[str, Contents] = {}

    def open(self) -> None:
        shutil.rmtree(self.uploads, ignore_errors=True)
        for folder in (self._blobs, self.uploads, self._repositories):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    @property
    def uploads(self) -> Path:
        return self._root / "uploads"

    def contents(self, name: str) -> Contents:
        """The contents of a repository; empty before the first push."""
        if name not in self._known:
            self._known[name] = _read(self._file(name))
        return self._known[name]

    def blob(self, digest: str) -> Path | None:
        """The file of a blob or manifest. None if the text is not a digest, too."""
        if not is_digest(digest):
            return None
        file = self._blobs / digest.removeprefix("sha256:")
        return file if file.is_file() else None

    def keep_blob(self, upload: Path, digest: str) -> None:
        """Take a complete upload. Its writer has checked the digest."""
        _flush(upload)
        upload.replace(self._blobs / digest.removeprefix("sha256:"))

    def put_manifest(self, name: str, body: bytes, media_type: str, tag: str = "") -> Image:
        """Store a manifest; without a tag, it can be found only by its digest. Raises RegistryError
        if one of its blobs is missing."""
        manifest = read_manifest(body, media_type)
        for each in (*manifest.blobs, *manifest.manifests):
            if self.blob(each.digest) is None:
                raise RegistryError(
                    "MANIFEST_BLOB_UNKNOWN", f"blob unknown to registry: {each.digest}", 404
                )
        digest = digest_of(body)
        draft = self.uploads / f"manifest-{digest[7:]}"
        draft.write_bytes(body)
        self.keep_blob(draft, digest)
        before = self.contents(name)
        image = before.images.get(digest) or Image(
            digest, manifest.media_type, manifest.artifact_type, manifest.size, self._clock()
        )
        tags = {**before.tags, tag: digest} if tag else before.tags
        self._write(name, Contents({**before.images, digest: image}, tags))
        return image

    def note_pull(self, name: str, digest: str) -> None:
        """Note a pull. It is written only with the next change; ECR itself is up to a day late."""
        before = self.contents(name)
        image = replace(before.images[digest], pulled_at=self._clock())
        self._known[name] = Contents({**before.images, digest: image}, before.tags)

    def untag(self, name: str, tag: str) -> None:
        """An image without tags is deleted, as documented for BatchDeleteImage."""
        before = self.contents(name)
        digest = before.tags[tag]
        tags = {each: where for each, where in before.tags.items() if each != tag}
        images = dict(before.images)
        if digest not in tags.values():
            del images[digest]
        self._write(name, Contents(images, tags))

    def delete(self, name: str, digests: Collection[str]) -> None:
        """Delete images with all their tags, and then the blobs without an image."""
        before = self.contents(name)
        images = {d: image for d, image in before.images.items() if d not in digests}
        tags = {tag: digest for tag, digest in before.tags.items() if digest not in digests}
        self._write(name, Contents(images, tags))
        self.collect()

    def keep_only(self, names: Collection[str]) -> None:
        """Remove repositories that are no longer in the definitions, with their images."""
        for file in matching(self._repositories, "*.json"):
            name = file.stem.replace("+", "/")
            if name not in names:
                file.unlink(missing_ok=True)
                self._known.pop(name, None)

    def collect(self) -> None:
        """Remove the blobs without an image. New ones stay, because their manifest may still
        come."""
        used = set[str]()
        for file in matching(self._repositories, "*.json"):
            for digest in self.contents(file.stem.replace("+", "/")).images:
                used |= self._reachable(digest)
        for blob in entries(self._blobs):
            is_new = changed_at(blob) > self._clock() - _NEW
            if f"sha256:{blob.name}" not in used and not is_new:
                blob.unlink(missing_ok=True)

    def _reachable(self, digest: str) -> set[str]:
        file = self.blob(digest)
        if file is None:
            return {digest}
        manifest = read_manifest(file.read_bytes(), "")
        found = {digest, *(each.digest for each in manifest.blobs)}
        for each in manifest.manifests:
            found |= self._reachable(each.digest)
        return found

    def _write(self, name: str, contents: Contents) -> None:
        document = {
            "images": [asdict(image) for image in contents.images.values()],
            "tags": dict(contents.tags),
        }
        kept.write_json(self._file(name), document, indent=1)
        self._known[name] = contents

    @property
    def _blobs(self) -> Path:
        return self._root / "blobs"

    @property
    def _repositories(self) -> Path:
        return self._root / "repositories"

    def _file(self, name: str) -> Path:
        return self._repositories / f"{name.replace('/', '+')}.json"


def _flush(file: Path) -> None:
    with file.open("rb") as written:
        os.fsync(written.fileno())


def _read(file: Path) -> Contents:
    without = "or remove it: the repository's images are forgotten"
    return kept.read_json(file, _contents, without) or Contents()


def _contents(document: Mapping[str, Any]) -> Contents:
    images = [Image(**each) for each in document["images"]]
    return Contents({image.digest: image for image in images}, dict(document["tags"]))
