"""Finds modules outside the definitions that they call by a path such as `../shared/queue`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from bonkei.base.folders import below, entries, text_of

_SOURCE = re.compile(r'\bsource\s*=\s*"(\.\.?/[^"]*)"')
_ENDINGS = (".tf", ".tofu", ".tftest.hcl")


def modules(definitions: Path) -> list[Path]:
    """Return their folders, including those of modules that such a module calls."""
    found: set[Path] = set()
    new = _called(below(definitions, *_ENDINGS))
    while new:
        new = {each for each in new - found if not each.is_relative_to(definitions)}
        found |= new
        new = {each for folder in new for each in _called(files(folder))}
    return sorted(each for each in found if each.is_dir())


def files(module: Path) -> list[Path]:
    """The files of one module."""
    return [each for each in entries(module) if each.name.endswith(_ENDINGS)]


def _called(sources: Iterable[Path]) -> set[Path]:
    return {
        Path(os.path.normpath(file.parent / path))
        for file in sources
        for path in _SOURCE.findall(text_of(file) or "")
    }
