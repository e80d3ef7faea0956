"""Style, script and pictures: read once, served from memory under a name that holds their hash.

The content behind a name with the right hash never changes, so it may be cached for a year. During
a rolling deployment a page of one version may ask a task of the other version for its files. That
task then sends its own content, which must not be cached.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from frontend.web.conditional import not_modified

_DIRECTORY = Path(__file__).parent.parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_HASHED = re.compile(r"(?P<stem>[a-z-]+)\.(?P<hash>[0-9a-f]{16})(?P<suffix>\.[a-z]+)")

FOR_EVER = "public, max-age=31536000, immutable"
FOR_NOW = "public, max-age=10"


@dataclass(frozen=True, slots=True)
class StaticFile:
    body: bytes
    media_type: str
    digest: str


class StaticFiles:
    """All files of `static/`."""

    def __init__(self, directory: Path = _DIRECTORY) -> None:
        self._directory = directory
        self.use(self.read())

    def read(self) -> Mapping[str, StaticFile]:
        """The files as they are on disk, by name."""
        found = self._directory.iterdir()
        return {path.name: _load(path) for path in found if path.suffix in _TYPES}

    def use(self, files: Mapping[str, StaticFile]) -> None:
        """Serve these from now on."""
        self._files = files

    def url(self, name: str) -> str:
        """`style.css` → `/static/style.0123456789abcdef.css`."""
        stem, _, suffix = name.rpartition(".")
        return f"/static/{stem}.{self._files[name].digest}.{suffix}"

    async def serve(self, request: Request) -> Response:
        match = _HASHED.fullmatch(request.path_params["name"])
        file = self._files.get(match["stem"] + match["suffix"]) if match else None
        if match is None or file is None:
            raise HTTPException(404)
        headers = {
            "Cache-Control": FOR_EVER if match["hash"] == file.digest else FOR_NOW,
            "ETag": f'"{file.digest}"',
        }
        if not_modified(request, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        return Response(file.body, media_type=file.media_type, headers=headers)


def _load(path: Path) -> StaticFile:
    body = path.read_bytes()
    digest = hashlib.sha256(body).hexdigest()[:16]
    return StaticFile(body, _TYPES[path.suffix], digest)
