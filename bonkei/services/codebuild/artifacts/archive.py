"""Zips: they are unpacked safely, and the same files always make the same bytes."""

from __future__ import annotations

import os
import shutil
import stat
import zipfile
from collections.abc import Iterable
from pathlib import Path

from bonkei.base import zips
from bonkei.base.zips import ZipError
from bonkei.services.codebuild.errors import PhaseError

LARGEST = 5_000_000_000  # bytes, unpacked
_MOST = 500_000  # files
_LONGEST_LINK = 4_095
_EPOCH = (1980, 1, 1, 0, 0, 0)
_UTF_8 = 0x800  # the flag of an entry: its name is UTF-8, and not bytes of an unknown encoding


def unpack(archive: Path, into: Path) -> None:
    """Raises PhaseError if it is not a zip, names a place outside `into`, is too large, or does not
    fit itself: a file that is a folder, too."""
    try:
        with zips.opened(archive, LARGEST) as found:
            entries = found.infolist()
            if len(entries) > _MOST:
                raise _refused("the source has more than 500,000 files")
            safe = set[str]()
            for entry in entries:
                _unpack_one(found, entry, into, safe)
    except (ZipError, OSError) as error:
        raise _refused(f"the source cannot be unpacked: {error}") from None


def _unpack_one(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, into: Path, safe: set[str]
) -> None:
    """`safe`: the folders that are there and do not lead out of `into`. A link may change that."""
    name = entry.filename
    if not entry.flag_bits & _UTF_8:  # git and a build's own files keep the bytes of a name
        name = os.fsdecode(name.encode("cp437"))
    target = os.path.normpath(f"{into}/{name}")
    if name[:1] in ("", "/") or "\0" in name or not Path(target).is_relative_to(into):
        raise _refused(f"the source has {name!r}, which leads out of it")
    folder = target if entry.is_dir() else os.path.dirname(target)  # noqa: PTH120 - of thousands
    if folder not in safe:
        _make_folder(folder, name, into)
        safe.add(folder)
    if entry.is_dir():
        return
    mode = entry.external_attr >> 16
    if os.path.islink(target):  # noqa: PTH114
        os.unlink(target)  # noqa: PTH108
    if stat.S_ISLNK(mode):
        leads = zips.small(archive, entry, _LONGEST_LINK).decode("utf-8", "surrogateescape")
        if not leads or "\0" in leads:
            raise _refused(f"the source has {name!r}, a link to {leads!r}")
        os.symlink(leads, target)  # noqa: PTH211
        safe.clear()
        return
    with archive.open(entry) as source, open(target, "wb") as sink:  # noqa: PTH123
        shutil.copyfileobj(source, sink, 1024 * 1024)
        os.fchmod(sink.fileno(), 0o755 if mode & 0o100 else 0o644)


def _make_folder(folder: str, name: str, into: Path) -> None:
    if not Path(folder).resolve().is_relative_to(into.resolve()):
        raise _refused(f"the source has {name!r}, whose folder leads out of it")
    os.makedirs(folder, exist_ok=True)  # noqa: PTH103


class _Entry(zipfile.ZipInfo):
    """A name that is not UTF-8 keeps its bytes, as in the zips of Go's `archive/zip`."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - zipfile's
        return os.fsencode(self.filename), self.flag_bits


def _entry(name: str, kind: int, mode: int) -> zipfile.ZipInfo:
    try:
        name.encode()
        made = zipfile.ZipInfo(name, _EPOCH)
    except UnicodeEncodeError:
        made = _Entry(name, _EPOCH)
    made.compress_type = zipfile.ZIP_DEFLATED
    made.external_attr = (kind | mode) << 16
    return made


def pack(
    root: Path, files: Iterable[tuple[str, str]], archive: Path, *, keep_links: bool = False
) -> int:
    """Zip (path below `root`, name in the archive) pairs. Returns their number. A link that leads
    out of `root`, or nowhere, is left out. `keep_links`: whether other links are kept or
    followed."""
    count, home = 0, root.resolve()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as made:
        for path, name in files:
            file = root / path
            if not _is_inside(file, home):
                continue
            if keep_links and file.is_symlink() and file.exists():
                made.writestr(_entry(name, stat.S_IFLNK, 0o777), os.fsencode(file.readlink()))
            elif file.is_file():
                about = file.stat()
                entry = _entry(name, stat.S_IFREG, 0o755 if about.st_mode & 0o100 else 0o644)
                entry.file_size = about.st_size  # from 2 GiB on, its head has another form
                with file.open("rb") as source, made.open(entry, "w") as sink:
                    shutil.copyfileobj(source, sink, 1024 * 1024)
            else:
                continue
            count += 1
    return count


def _is_inside(file: Path, home: Path) -> bool:
    try:
        return file.resolve().is_relative_to(home)
    except (OSError, RuntimeError):  # Python up to 3.12: a link that leads to itself
        return False


def walk(root: Path) -> list[str]:
    """Every file and link below `root`, by its relative path. No link is followed."""
    found = []
    for directory, folders, files in os.walk(root):
        folders.sort()
        base = Path(directory).relative_to(root)
        links = [name for name in folders if os.path.islink(f"{directory}/{name}")]  # noqa: PTH114
        found += [str(base / name) for name in (*files, *links)]
        if len(found) > _MOST:
            raise PhaseError("CLIENT_ERROR", f"there are more than {_MOST} files")
    return found


def _refused(text: str) -> PhaseError:
    return PhaseError("CLIENT_ERROR", text)
