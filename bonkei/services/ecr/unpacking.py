"""An image's files, unpacked once, for the tasks that run from it: the sources of a package, or the
root file system of an image that a container engine has built.

unpacked/HEX             a package's sources
unpacked/HEX/rootfs      an image's root file system
unpacked/HEX/config.json its configuration
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import IO, TYPE_CHECKING

from bonkei.base.folders import changed_at, entries
from bonkei.services.ecr.errors import RegistryError
from bonkei.services.ecr.image_config import own_architecture, read_config
from bonkei.services.ecr.manifest import BYTES, INDEXES, Manifest, read_manifest
from bonkei.services.ecr.package import PACKAGE
from bonkei.services.ecr.store import ImageStore
from bonkei.services.ecr.values import Image

if TYPE_CHECKING:
    from bonkei.base.processes.roots import RootSettings

_BYTES = 1024 * 1024 * 1024
KEPT = 20
"""The number of folders that stay, so that a rollback finds its own at once."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """`folder`: a package's sources, or with `config` a root file system. `digest`: of the
    manifest; of an index, that of the chosen one."""

    folder: Path
    config: RootSettings | None = None
    digest: str = ""


def unpack(store: ImageStore, image: Image, root: Path, architecture: str = "") -> Unpacked:
    """Raises RegistryError if it is damaged, or for another kind of machine. `architecture`: which
    image of an index (`amd64`, `arm64`); empty: this machine's."""
    image = _chosen(store, image, architecture or own_architecture())
    folder = root / image.digest.removeprefix("sha256:")[:32]
    if not folder.is_dir():
        _fill(store, image, root, folder)
    os.utime(folder)
    if image.artifact_type == PACKAGE:
        return Unpacked(folder, digest=image.digest)
    config = read_config((folder / "config.json").read_bytes())
    return Unpacked(folder / "rootfs", config, image.digest)


def _chosen(store: ImageStore, image: Image, architecture: str) -> Image:
    """The image of one platform; an image that is not an index is returned itself."""
    if image.media_type not in INDEXES:
        return image
    chosen = _read(store, image).on(architecture)
    if chosen is None:
        raise RegistryError(
            "MANIFEST_UNKNOWN",
            f"CannotPullContainerError: {image.digest}: image Manifest does not contain "
            f"descriptor matching platform 'linux/{architecture}'",
        )
    file = store.blob(chosen.digest)
    found = read_manifest(file.read_bytes() if file else b"", chosen.media_type)
    return replace(
        image,
        digest=chosen.digest,
        media_type=found.media_type,
        artifact_type=found.artifact_type,
        size=found.size,
    )


def _fill(store: ImageStore, image: Image, root: Path, folder: Path) -> None:
    import tarfile  # noqa: PLC0415 - a miniature without images does not need it

    from bonkei.services.ecr.layers import apply_layers  # noqa: PLC0415 - likewise

    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = Path(mkdtemp(prefix="draft-", dir=root))
    try:
        if image.artifact_type == PACKAGE:
            for layer in _layers(store, image):
                with layer.open("rb") as content:
                    extract(content, draft)
        else:
            (draft / "config.json").write_bytes(_config(store, image))
            (draft / "rootfs").mkdir(mode=0o755)
            apply_layers(_layers(store, image), draft / "rootfs")
        _put_in_place(draft, folder)
    except (tarfile.TarError, OSError, EOFError, RegistryError) as error:
        shutil.rmtree(draft, ignore_errors=True)
        raise RegistryError(
            "MANIFEST_INVALID", f"CannotPullContainerError: {image.digest}: {error}"
        ) from None


def _config(store: ImageStore, image: Image) -> bytes:
    found = _read(store, image).config
    file = store.blob(found.digest) if found else None
    if file is None or file.stat().st_size > BYTES:
        raise RegistryError("MANIFEST_INVALID", "it has no configuration that can be read")
    content = file.read_bytes()
    read_config(content)
    return content


def _put_in_place(draft: Path, folder: Path) -> None:
    """Another thread may have been quicker."""
    try:
        draft.replace(folder)
    except OSError:
        if not folder.is_dir():
            raise
        shutil.rmtree(draft, ignore_errors=True)


def tidy(root: Path) -> None:
    """Remove the folders that have been unused for the longest time. Those of running tasks are
    among the newest, because each check of the services uses them."""
    for old in sorted(entries(root), key=changed_at, reverse=True)[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)


def _read(store: ImageStore, image: Image) -> Manifest:
    file = store.blob(image.digest)
    if file is None:
        raise RegistryError("BLOB_UNKNOWN", "it is not there")
    return read_manifest(file.read_bytes(), image.media_type)


def _layers(store: ImageStore, image: Image) -> list[Path]:
    found = [store.blob(layer.digest) for layer in _read(store, image).layers]
    if not found or None in found:
        raise RegistryError("BLOB_UNKNOWN", "it has no layer")
    return [each for each in found if each is not None]


def extract(layer: IO[bytes], target: Path) -> None:
    """The `data` filter refuses members outside the folder, devices and the like:
    tarfile.TarError, also for links that lead nowhere or to themselves.
    """
    import tarfile  # noqa: PLC0415 - as above

    with tarfile.open(fileobj=layer, mode="r:gz") as archive:
        total = 0
        for member in archive:
            total += member.size
            if total > _BYTES:
                raise tarfile.TarError(f"its files have more than {_BYTES >> 20} MiB")
            try:
                archive.extract(member, target, filter="data")
            except (KeyError, RecursionError) as error:
                raise tarfile.TarError(f"{member.name} is a link to nowhere: {error}") from None
