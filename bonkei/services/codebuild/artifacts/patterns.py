"""The files of an artifact: pure, over relative paths.

"Build specification reference": `**/*` names all files at any depth, `folder/*` those of one
folder, `folder/**/*` those below it. `base-directory` may be a pattern of folders. Their files are
named relative to them. `exclude-paths` are relative to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from bonkei.services.codebuild.buildspec.model import ArtifactSpec


def select(spec: ArtifactSpec, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(path in the source, name in the artifact) of each file in the artifact. `paths`: the files,
    relative to the source. If two files have the same name, the later path wins, as with a copy."""
    chosen: dict[str, str] = {}
    for path in sorted(paths):
        for inside in _below_base(spec.base_directory, path):
            if _is_named(spec, inside):
                name = inside.rpartition("/")[2] if spec.discard_paths else inside
                chosen[name] = path
    for name, path in sorted(chosen.items()):
        yield path, name


def _below_base(base: str, path: str) -> Iterator[str]:
    """The path relative to the base directory; nothing if it lies outside."""
    wanted = base.removeprefix("./").strip("/")
    if wanted in ("", "."):
        yield path
        return
    depth = wanted.count("/") + 1
    parts = path.split("/")
    if len(parts) > depth and _matches(wanted, "/".join(parts[:depth])):
        yield "/".join(parts[depth:])


def _is_named(spec: ArtifactSpec, path: str) -> bool:
    if not any(_matches(_plain(pattern), path) for pattern in spec.files):
        return False
    return not any(
        _matches(_plain(pattern), path) or _matches(f"{_plain(pattern).rstrip('/')}/**/*", path)
        for pattern in spec.exclude_paths
    )


def _plain(pattern: str) -> str:
    return pattern.removeprefix("./").lstrip("/")


def _matches(pattern: str, path: str) -> bool:
    return _compiled(pattern).fullmatch(path) is not None


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    """`**/` is any number of folders, including none. `*` and `?` stay within a name."""
    parts, position = [], 0
    while position < len(pattern):
        rest = pattern[position:]
        if rest.startswith("**/"):
            parts.append("(?:[^/]+/)*")
            position += 3
        elif rest.startswith("**"):
            parts.append(".*")
            position += 2
        else:
            one = rest[0]
            parts.append({"*": "[^/]*", "?": "[^/]"}.get(one) or re.escape(one))
            position += 1
    return re.compile("".join(parts), re.DOTALL)
