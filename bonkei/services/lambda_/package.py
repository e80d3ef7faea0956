"""A function's package or a layer's: the zip, unpacked once below the home."""

from __future__ import annotations

import hashlib
import secrets
import shutil
import stat
from pathlib import Path

from bonkei.base import zips
from bonkei.base.folders import changed_at, entries
from bonkei.base.zips import ZipError
from bonkei.services.lambda_.errors import FunctionError

_LARGEST = 250 * 1024 * 1024  # bytes unpacked, Lambda's own bound
_KEPT = 20  # packages that nothing uses any more


def unpack(archive: Path, packages: Path) -> Path:
    """The folder with the archive's content, named after the content. Raises FunctionError if it
    cannot be unpacked."""
    try:
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    except OSError as error:
        raise FunctionError(
            f"the package {archive} cannot be read: {error.strerror}",
            remedy="run `bonkei apply`, which makes it",
        ) from None
    target = packages / digest
    if not target.is_dir():
        packages.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = packages / f".{digest}.{secrets.token_hex(4)}"
        try:
            _extract(archive, draft)
            draft.rename(target)
        except (ZipError, OSError) as error:
            shutil.rmtree(draft, ignore_errors=True)
            if target.is_dir():  # another one was quicker
                return target
            raise FunctionError(f"the package {archive} cannot be unpacked: {error}") from None
    return target


def forget_unused(packages: Path, used: set[Path]) -> None:
    """Remove the packages that no function uses. The newest of them stay."""
    unused = [folder for folder in entries(packages) if folder not in used]
    for folder in sorted(unused, key=changed_at)[:-_KEPT]:
        shutil.rmtree(folder, ignore_errors=True)


def _extract(archive: Path, target: Path) -> None:
    with zips.opened(archive, _LARGEST) as zipped:
        target.mkdir(mode=0o700)
        for entry in zipped.infolist():
            path = Path(zipped.extract(entry, target))  # never outside of the target
            mode = stat.S_IMODE(entry.external_attr >> 16)
            if mode and not entry.is_dir():
                path.chmod(mode & 0o755 | 0o400)
