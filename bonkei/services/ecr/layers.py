"""A built image's layers, applied one after the other to a folder.

The layers are hostile input: a member's name with `..`, a link that leads out, a device, a bit for
another user, a bomb. Their content cannot make it read, write or remove anything outside the
folder. Owners are left out: a task's process gets a namespace where every file is its user's.

Source: "Image Layer Filesystem Changeset", the OCI image specification (whiteouts).
"""

from __future__ import annotations

import gzip
import os
import shutil
import stat
import sys
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from bonkei.base.processes.roots import resolve
from bonkei.base.removal import remove
from bonkei.services.ecr.errors import RegistryError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BYTES = 10 * 1024 * 1024 * 1024
"""The most bytes of the unpacked files; a Fargate task has 20 GiB for its image and all that it
writes."""
FILES = 1_000_000
_WHITEOUT, _OPAQUE = ".wh.", ".wh..wh..opq"
_CHUNK = 1024 * 1024
_ZSTD = b"\x28\xb5\x2f\xfd"
_ZSTD_WINDOW = 27
"""The largest window, as a power of two in bytes: what a layer may ask of the memory. It is zstd's
own bound; builders ask for 8 MiB at most."""
_GZIP = b"\x1f\x8b"
_HEADER_BYTES = 1024 * 1024
_HEADERS = (
    tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK,
)  # fmt: skip


class _Member(tarfile.TarInfo):
    """The most bytes of extended headers, which are read into memory as a whole."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type in _HEADERS and self.size > _HEADER_BYTES:
            raise tarfile.TarError("a member's header is too large")
        found: tarfile.TarInfo = super()._proc_member(archive)  # type: ignore[misc]
        return found


@dataclass(slots=True)
class Bounds:
    """The bounds of all layers of an image together."""

    bytes: int = BYTES
    files: int = FILES

    def take(self, size: int) -> None:
        self.files -= 1
        self.bytes -= size
        if self.files < 0 or self.bytes < 0:
            raise tarfile.TarError("its files are too many, or too large")


@dataclass(slots=True)
class Applied:
    """`left_out`: members that are not simulated, by kind and number."""

    left_out: dict[str, int] = field(default_factory=dict)


def apply_layers(layers: Iterable[Path], root: Path, bounds: Bounds | None = None) -> Applied:
    """Fill `root`, to which nothing else writes. Raises RegistryError for what only a hostile layer
    has."""
    bounds, applied = bounds or Bounds(), Applied()
    for layer in layers:
        try:
            with layer.open("rb") as content, _opened(content) as archive:
                _Layer(root, bounds, applied).apply(archive)
        except (tarfile.TarError, zstd.ZstdError, OSError, EOFError, ValueError) as error:
            raise RegistryError(
                "MANIFEST_INVALID", f"its layer {layer.name[:12]}: {error}"
            ) from None
    return applied


def _opened(content: IO[bytes]) -> tarfile.TarFile:
    begin = content.read(4)
    content.seek(0)
    if begin == _ZSTD:
        options = {int(zstd.DecompressionParameter.window_log_max): _ZSTD_WINDOW}
        unpacked = zstd.ZstdFile(content, options=options)
        return tarfile.open(fileobj=unpacked, mode="r|", tarinfo=_Member)
    if begin.startswith(_GZIP):
        unzipped = gzip.GzipFile(fileobj=content)
        return tarfile.open(fileobj=unzipped, mode="r|", tarinfo=_Member)
    return tarfile.open(fileobj=content, mode="r|", tarinfo=_Member)


class _Layer:
    """One layer while it is applied."""

    def __init__(self, root: Path, bounds: Bounds, applied: Applied) -> None:
        self._root = root
        self._bounds = bounds
        self._applied = applied
        self._own: set[Path] = set()

    def apply(self, archive: tarfile.TarFile) -> None:
        while (member := archive.next()) is not None:
            archive.members.clear()  # type: ignore[attr-defined]  # it would remember each
            self._bounds.take(max(member.size, 0))
            path = PurePosixPath(member.name)
            if ".." in path.parts:
                raise tarfile.TarError(f"{member.name[:200]!r} leads out of the image")
            parts = [part for part in path.parts if part != "/"]
            if not parts:
                continue
            parent = self._folder("/".join(parts[:-1]))
            if parts[-1].startswith(_WHITEOUT):
                self._white_out(parent, parts[-1])
            else:
                self._add(archive, member, parent / parts[-1])

    def _folder(self, path: str) -> Path:
        """A member's folder, which is created if the layer does not name it."""
        place = resolve(self._root, path)
        if not place.is_dir():
            self._clear(place)
            for part in (*reversed(place.parents), place):
                if part.is_relative_to(self._root) and not part.is_dir():
                    part.mkdir(mode=0o755)
                    self._own.add(part)
        return place

    def _white_out(self, parent: Path, name: str) -> None:
        if name == _OPAQUE:
            for each in list(parent.iterdir()):
                if each not in self._own:
                    self._clear(each)
        elif name != _WHITEOUT and name[len(_WHITEOUT) :] not in (".", ".."):
            self._clear(parent / name[len(_WHITEOUT) :])

    def _add(self, archive: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> None:
        if member.isdir():
            if place.is_symlink() or not place.is_dir():
                self._clear(place)
                place.mkdir()
            # Its owner has to be able to remove it.
            place.chmod(stat.S_IMODE(member.mode) & 0o1777 | 0o700)
        elif member.isreg():
            self._clear(place)
            self._write(archive, member, place)
        elif member.issym():
            self._clear(place)
            place.symlink_to(member.linkname)
        elif member.islnk():
            self._link(member, place)
        else:
            kind = "devices" if member.isdev() and not member.isfifo() else "pipes and the like"
            self._applied.left_out[kind] = self._applied.left_out.get(kind, 0) + 1
            return
        self._own.add(place)

    def _write(self, archive: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> None:
        source = archive.extractfile(member)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with os.fdopen(os.open(place, flags, 0o600), "wb") as target:
            if source is not None:
                shutil.copyfileobj(source, target, _CHUNK)
            # Without the bits that would give another user's rights.
            os.fchmod(target.fileno(), stat.S_IMODE(member.mode) & 0o777 | 0o400)

    def _link(self, member: tarfile.TarInfo, place: Path) -> None:
        """Link to a file of the image, which the tar archive names from the root."""
        if ".." in PurePosixPath(member.linkname).parts:
            raise tarfile.TarError(f"the link {member.name[:200]!r} leads out of the image")
        target = PurePosixPath(member.linkname)
        source = resolve(self._root, str(target.parent)) / target.name
        if source == place:
            return
        self._clear(place)
        os.link(source, place, follow_symlinks=False)

    def _clear(self, place: Path) -> None:
        if place == self._root:
            raise tarfile.TarError("it replaces the root")
        self._own.discard(place)
        remove(place)
