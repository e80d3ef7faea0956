"""What the kept files were when the miniature stopped: a digest of each.

A flipped bit leaves a file in form, and so does an older copy. The next start compares them with
the list, which exists only between a stop in good order and that start.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from bonkei.base import kept
from bonkei.base.folders import bytes_of
from bonkei.base.kept import DamagedError

NAME = "kept.json"
_WRITTEN_MEANWHILE = ("secrets/*", "programs.json")
_FLIPPED = "its content has changed, and nothing has written it since the miniature stopped"
_OTHER = "it is not as it was when the miniature stopped: an older copy, or changed by hand"

_Files = dict[str, tuple[int, str]]
"""The time of the last change (ns) and the digest, by the path in the home."""


def note(home: Path, files: Iterable[Path]) -> None:
    """Note what they are now. Without room on the disk, nothing is noted."""
    seen = {str(file.relative_to(home)): entry for file in files if (entry := _entry(file))}
    _write(home, seen)


def note_again(home: Path, *patterns: str) -> None:
    """A command has changed these files while nothing runs."""
    if known := _read(home):
        changed = {name: _entry(home / name) for name in known if _fits(name, patterns)}
        _write(home, {**known, **{name: entry for name, entry in changed.items() if entry}})


def forget(home: Path) -> None:
    """From now on the files change."""
    (home / NAME).unlink(missing_ok=True)


def changed(home: Path, pattern: str = "*") -> Iterator[DamagedError]:
    """The files that are not what they were. A removed one is not named: a remedy may say so.
    Raises DamagedError when the list itself is damaged."""
    for name, (time, digest) in (_read(home) or {}).items():
        entry = _entry(home / name) if fnmatchcase(name, pattern) else None
        if entry is None or entry[1] == digest:
            continue
        is_written = entry[0] != time
        if not is_written or not _fits(name, _WRITTEN_MEANWHILE):
            yield DamagedError(
                home / name,
                _OTHER if is_written else _FLIPPED,
                f"if it is right as it is, start without the list: rm {home / NAME}",
            )


def _fits(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _entry(file: Path) -> tuple[int, str] | None:
    with suppress(OSError):
        time, content = file.stat().st_mtime_ns, bytes_of(file)
        if content is not None:
            return time, _digest(content)
    return None


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _write(home: Path, files: _Files) -> None:
    document = {"files": files, "digest": _of_list(files)}
    with suppress(OSError):
        kept.write(home / NAME, json.dumps(document))


def _of_list(files: Any) -> str:
    return _digest(json.dumps(files, sort_keys=True).encode())


def _read(home: Path) -> _Files | None:
    return kept.read_json(home / NAME, _parse, "or remove it: an older copy of a file is not seen")


def _parse(document: Any) -> _Files:
    files = document["files"]
    if document["digest"] != _of_list(files):
        raise ValueError("its digest is wrong")
    return {name: (time, digest) for name, (time, digest) in files.items()}
