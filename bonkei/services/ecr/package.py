"""Packages a program's sources as an image. It replaces `docker build` on a machine without a
builder.

Its only layer is the build's folder, filtered by `.dockerignore`. No instruction of the Dockerfile
is executed. A task that runs from the image reads the Dockerfile, like a task that runs from the
working copy. The same sources make the same digest.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bonkei.services.ecr.errors import RegistryError
from bonkei.services.ecr.manifest import OCI_LAYER, OCI_MANIFEST, digest_of

if TYPE_CHECKING:
    import tarfile

PACKAGE = "application/vnd.bonkei.package.v1+json"
"""The artifact's type. It tells a container engine that this is not an image to start."""
_BYTES = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Package:
    """A manifest, and its blobs by their digests."""

    manifest: bytes
    blobs: tuple[tuple[str, bytes], ...]

    @property
    def digest(self) -> str:
        return digest_of(self.manifest)


def package(folder: Path, dockerfile: Path) -> Package:
    """Package a folder. Raises RegistryError if the Dockerfile is missing or the folder is too
    large."""
    _require(dockerfile)
    layer = _layer(folder, dockerfile)
    config = json.dumps({"dockerfile": "Dockerfile"}, sort_keys=True).encode()
    manifest: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": PACKAGE,
        "config": _descriptor(config, PACKAGE),
        "layers": [_descriptor(layer, OCI_LAYER)],
    }
    text = json.dumps(manifest, sort_keys=True, indent=1).encode()
    return Package(text, ((digest_of(config), config), (digest_of(layer), layer)))


def context(folder: Path, dockerfile: Path) -> bytes:
    """The context of a build by a container engine: the folder, filtered by `.dockerignore`."""
    _require(dockerfile)
    return _layer(folder, dockerfile)


def _require(dockerfile: Path) -> None:
    if not dockerfile.is_file():
        raise RegistryError(
            "UNSUPPORTED", f"failed to read dockerfile: open {dockerfile.name}: no such file"
        )


def _layer(folder: Path, dockerfile: Path) -> bytes:
    """A tar archive without times and owners, in a fixed order."""
    import tarfile  # noqa: PLC0415 - a miniature without images does not need it

    ignored = _ignored(folder)
    buffer, total = io.BytesIO(), 0
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        _add(archive, dockerfile, "Dockerfile")
        for path in _files(folder):
            name = path.relative_to(folder).as_posix()
            if name == "Dockerfile" or ignored(name):
                continue
            total += path.lstat().st_size
            if total > _BYTES:
                raise RegistryError(
                    "SIZE_INVALID",
                    f"the build's folder {folder.name} is larger than {_BYTES >> 20} MiB; let "
                    ".dockerignore leave out what the image does not need",
                )
            _add(archive, path, name)
    return gzip.compress(buffer.getvalue(), 6, mtime=0)


def _add(archive: tarfile.TarFile, path: Path, name: str) -> None:
    member = archive.gettarinfo(path, name)
    if member is None or not (member.isfile() or member.issym()):
        return  # a socket or a device does not belong in a build's folder
    member.mtime, member.uid, member.gid, member.uname, member.gname = 0, 0, 0, "", ""
    member.mode = 0o755 if member.mode & 0o100 else 0o644
    if member.isfile():
        with path.open("rb") as content:
            archive.addfile(member, content)
    else:
        archive.addfile(member)


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders.sort()
        links = [name for name in folders if (Path(place) / name).is_symlink()]
        for name in sorted([*files, *links]):
            yield Path(place) / name


class _Patterns:
    """`.dockerignore`: the last pattern that matches decides.

    Source: ".dockerignore files", https://docs.docker.com/build/concepts/context/
    """

    def __init__(self, text: str) -> None:
        lines = (line.strip() for line in text.splitlines())
        patterns = [line for line in lines if line and not line.startswith("#")]
        self._rules = [
            (not line.startswith("!"), re.compile(_expression(line.lstrip("!").strip("/"))))
            for line in patterns
        ]

    def __call__(self, name: str) -> bool:
        is_ignored = False
        for ignores, expression in self._rules:
            if expression.match(name):
                is_ignored = ignores
        return is_ignored


def _ignored(folder: Path) -> _Patterns:
    file = folder / ".dockerignore"
    return _Patterns(file.read_text(encoding="utf-8") if file.is_file() else "")


def _expression(pattern: str) -> str:
    """Go's filepath.Match, and `**` for any number of folders. Everything below a match matches."""
    parts = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    found = re.split(r"(\*\*/|\*\*|\*|\?|\[[^]]*\])", pattern)
    text = "".join(
        parts.get(each, each if each.startswith("[") else re.escape(each)) for each in found
    )
    return f"{text}(?:/.*)?$"


def _descriptor(content: bytes, media_type: str) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}
