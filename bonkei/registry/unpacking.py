"""Unpacks a packaged image's files once, for the tasks that run from it."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path
from tempfile import mkdtemp
from typing import IO

from bonkei.registry.errors import RegistryError
from bonkei.registry.manifest import read_manifest
from bonkei.registry.package import PACKAGE
from bonkei.registry.store import ImageStore
from bonkei.registry.values import Image

_BYTES = 1024 * 1024 * 1024
_KEPT = 20
"""The number of folders that stay, so that a rollback finds its own at once."""


def unpack(store: ImageStore, image: Image, root: Path) -> Path | None:
    """The folder of a package; None for an image that a container engine has built. Raises
    RegistryError if the package is damaged."""
    if image.artifact_type != PACKAGE:
        return None
    folder = root / image.digest.removeprefix("sha256:")[:32]
    if folder.is_dir():
        return folder
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = Path(mkdtemp(prefix="draft-", dir=root))
    try:
        for layer in _layers(store, image):
            with layer.open("rb") as content:
                extract(content, draft)
        _put_in_place(draft, folder)
    except (tarfile.TarError, OSError, EOFError) as error:
        shutil.rmtree(draft, ignore_errors=True)
        raise RegistryError(
            "MANIFEST_INVALID", f"CannotPullContainerError: {image.digest}: {error}"
        ) from None
    return folder


def _put_in_place(draft: Path, folder: Path) -> None:
    """Another thread may have been quicker."""
    try:
        draft.replace(folder)
    except OSError:
        if not folder.is_dir():
            raise
        shutil.rmtree(draft, ignore_errors=True)


def tidy(root: Path) -> None:
    """Remove the folders without a use for the longest time. Those of running tasks are among the
    newest, because each check of the services uses them."""
    if root.is_dir():
        folders = sorted(root.iterdir(), key=lambda each: each.stat().st_mtime, reverse=True)
        for old in folders[_KEPT:]:
            shutil.rmtree(old, ignore_errors=True)


def _layers(store: ImageStore, image: Image) -> list[Path]:
    file = store.blob(image.digest)
    manifest = read_manifest(file.read_bytes(), image.media_type) if file else None
    found = [store.blob(layer.digest) for layer in (manifest.layers if manifest else ())]
    if not found or None in found:
        raise RegistryError("BLOB_UNKNOWN", f"CannotPullContainerError: {image.digest}: no layer")
    return [each for each in found if each is not None]


def extract(layer: IO[bytes], target: Path) -> None:
    """The `data` filter refuses members outside the folder, devices and the like:
    tarfile.TarError.
    """
    with tarfile.open(fileobj=layer, mode="r:gz") as archive:
        total = 0
        for member in archive:
            total += member.size
            if total > _BYTES:
                raise tarfile.TarError(f"its files have more than {_BYTES >> 20} MiB")
            archive.extract(member, target, filter="data")
