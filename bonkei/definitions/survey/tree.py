"""The files of a repository that tell how it is built."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from bonkei.base.folders import MADE, size_of, text_of

Tree: TypeAlias = Mapping[PurePosixPath, str]
"""A file's path, relative to the repository -> its text."""

_MOST_FILES, _MOST_BYTES = 2_000, 300_000
_TELLING = (
    "*.tf", "*.tfvars", "*.tf.json", "Dockerfile", "Makefile", "*.sh", "*.mk", "Taskfile.yml",
    "*compose*.yml", "*compose*.yaml", "buildspec*.yml", "buildspec*.yaml", ".gitlab-ci.yml",
    "package.json", "go.mod", "pom.xml", "Gemfile", "Procfile",
)  # fmt: skip


def read_tree(root: Path) -> Tree:
    """Read the telling files below `root`. Hidden folders do not count, but for CI's workflows."""
    return {
        PurePosixPath(path.relative_to(root).as_posix()): text_of(path) or ""
        for path, _ in zip(_telling(root), range(_MOST_FILES), strict=False)
    }


def _telling(root: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(root):
        folder = Path(place)
        folders[:] = sorted(name for name in folders if _counts(folder / name))
        is_workflow = folder.parent.name == ".github" and folder.name == "workflows"
        for name in sorted(files):
            told = is_workflow or any(fnmatchcase(name, pattern) for pattern in _TELLING)
            if told and size_of(folder / name) <= _MOST_BYTES:
                yield folder / name


def _counts(folder: Path) -> bool:
    hidden = folder.name.startswith(".") and folder.name not in (".github", ".circleci")
    return not hidden and folder.name not in MADE
