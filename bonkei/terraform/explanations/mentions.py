"""Finds places in the definitions, for errors that Terraform reports without one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Mention:
    """A line of the definitions, or nowhere."""

    file: Path | None = None
    line: int | None = None
    code: str = ""


def first_mention(pattern: re.Pattern[str], definitions: Path) -> Mention:
    """The first line with a match; files of the root module come first."""
    files = sorted(definitions.rglob("*.tf"), key=lambda file: (len(file.parts), file))
    for file in files:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
        for number, text in enumerate(lines, start=1):
            if pattern.search(text):
                return Mention(file, number, text)
    return Mention()
