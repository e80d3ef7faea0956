"""The page's own files. A request must name one exactly: no path is put together."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_STATIC = Path(__file__).parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class StaticFile:
    content: bytes
    type: str
    tag: str  # of its content, as an ETag


def find_file(path: str) -> StaticFile | None:
    """By the path of a URL. `/` is the page itself."""
    file = _names().get("/index.html" if path == "/" else path)
    return _read(file, file.stat().st_mtime_ns) if file is not None else None


@cache
def _names() -> Mapping[str, Path]:
    return {
        f"/{file.relative_to(_STATIC).as_posix()}": file
        for file in _STATIC.rglob("*")
        if file.suffix in _TYPES
    }


_cached: dict[Path, tuple[int, StaticFile]] = {}


def _read(file: Path, changed: int) -> StaticFile:
    """Kept in memory until the file changes, because someone may be editing a page."""
    known = _cached.get(file)
    if known is not None and known[0] == changed:
        return known[1]
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:16]
    found = StaticFile(content, _TYPES[file.suffix], f'"{digest}"')
    _cached[file] = changed, found
    return found
