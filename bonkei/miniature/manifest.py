"""What the kept files were when the miniature started or stopped: a digest of each.

A flipped bit leaves a file in form, and so does an older copy. The next start compares them with
the list. After a kill, what the killed run has written differs from the list, and its seal names
that run (`bonkei.base.kept`). An older copy names an earlier one.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from bonkei.base import kept
from bonkei.base.folders import bytes_of, stat_of
from bonkei.base.kept import DamagedError

NAME = "kept.json"
_WRITTEN_MEANWHILE = ("secrets/*", "programs.json")
_NEVER_REPLACED = ("cloud/key",)
_FLIPPED = "its content has changed, and nothing has written it since the miniature stopped"
_OTHER = "it is not as it was when the miniature stopped: an older copy, or changed by hand"
_EARLIER = "it is not as it was when the miniature was killed: an older copy, or changed by hand"
_COARSE = 3_000_000_000
"""File systems may give the same time (ns) to changes that are less apart than this."""

_Files = dict[str, tuple[int, str]]
"""The time of the last change (ns) and the digest, by the path in the home."""


@dataclass(frozen=True, slots=True)
class _List:
    """`run` has begun with these files; empty after a stop in good order."""

    files: _Files
    run: str = ""


def begin(home: Path, files: Iterable[Path]) -> None:
    """Note what they are. From now on they change, and the seals of this process name its run."""
    kept.run = secrets.token_hex(8)
    now = time.time_ns()
    found = {
        name: (at if at < now - _COARSE else 0, what) for name, (at, what) in _seen(home, files)
    }
    if not _write(home, _List(found, kept.run)):
        (home / NAME).unlink(missing_ok=True)  # it would be compared with what changes now


def note(home: Path, files: Iterable[Path]) -> None:
    """Note what they are after a stop. Without room on the disk, nothing is noted."""
    _write(home, _List(dict(_seen(home, files))))


def note_again(home: Path, *patterns: str) -> None:
    """A command has changed these files, and the miniature has not."""
    if known := _read(home):
        changed = {name: _entry(home / name) for name in known.files if _fits(name, patterns)}
        found = {name: entry for name, entry in changed.items() if entry}
        _write(home, replace(known, files={**known.files, **found}))


def changed(home: Path, pattern: str = "*") -> Iterator[DamagedError]:
    """The files that are not what they were. A removed one is not named: a remedy may say so.
    Raises DamagedError when the list itself is damaged."""
    known = _read(home) or _List({})
    for name, (time_then, digest) in known.files.items():
        content = bytes_of(home / name) if fnmatchcase(name, pattern) else None
        if content is None or kept.digest(content) == digest:
            continue
        now = stat_of(home / name)
        is_written = now is None or now.st_mtime_ns != time_then
        if problem := _problem(name, content, known.run, is_written=is_written):
            yield DamagedError(
                home / name,
                problem,
                f"if it is right as it is, start without the list: rm {home / NAME}",
            )


def _problem(name: str, content: bytes, run: str, *, is_written: bool) -> str:
    """Of a file that is not as in the list; empty if it may be another one."""
    if not is_written:
        return _FLIPPED
    if _fits(name, _WRITTEN_MEANWHILE):
        return ""
    if not run:
        return _OTHER
    # Commands have no run, and other programs write no seal.
    is_later = kept.run_of(content) in (run, "") and not _fits(name, _NEVER_REPLACED)
    return "" if is_later else _EARLIER


def _fits(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _seen(home: Path, files: Iterable[Path]) -> Iterator[tuple[str, tuple[int, str]]]:
    for file in files:
        if entry := _entry(file):
            yield str(file.relative_to(home)), entry


def _entry(file: Path) -> tuple[int, str] | None:
    with suppress(OSError):
        time, content = file.stat().st_mtime_ns, bytes_of(file)
        if content is not None:
            return time, kept.digest(content)
    return None


def _write(home: Path, what: _List) -> bool:
    with suppress(OSError):
        kept.write_json(home / NAME, asdict(what))
        return True
    return False


def _read(home: Path) -> _List | None:
    return kept.read_json(home / NAME, _parse, "or remove it: an older copy of a file is not seen")


def _parse(document: Any) -> _List:
    files = {name: (time, digest) for name, (time, digest) in document["files"].items()}
    return _List(files, document.get("run", ""))
