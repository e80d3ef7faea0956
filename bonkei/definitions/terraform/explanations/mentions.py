"""Finds places in the definitions, for errors that Terraform reports without one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from bonkei.base.folders import below, text_of


@dataclass(frozen=True, slots=True)
class Mention:
    """A line of the definitions, or no place at all."""

    file: Path | None = None
    line: int | None = None
    code: str = ""


def first_mention(pattern: re.Pattern[str], definitions: Path) -> Mention:
    """The first line with a match; files of the root module come first."""
    files = sorted(below(definitions, ".tf"), key=lambda file: (len(file.parts), file))
    for file in files:
        lines = (text_of(file) or "").splitlines()
        for number, text in enumerate(lines, start=1):
            if pattern.search(text):
                return Mention(file, number, text)
    return Mention()
