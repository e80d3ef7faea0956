"""The commands and variables of a page of docs/operations, in order, each with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Command:
    """A command, with continued lines joined. `line`: where the page has it."""

    page: str
    line: int
    text: str

    @property
    def where(self) -> str:
        return f"docs/operations/{self.page}:{self.line}: {self.text}"


@dataclass(frozen=True, slots=True)
class Block:
    """Text for a file: `hcl` for the variables, `ini` for ~/.aws/config."""

    page: str
    line: int
    language: str
    body: str

    @property
    def where(self) -> str:
        return f"docs/operations/{self.page}:{self.line}: {self.body.strip()}"


def deeds(file: Path) -> list[Command | Block]:
    return list(_deeds(file))


def _deeds(file: Path) -> Iterator[Command | Block]:
    text = file.read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        line = text.count("\n", 0, found.start(2)) + 1
        if found[1]:
            yield Block(file.name, line, found[1], found[2])
            continue
        waiting, begun = "", line
        for number, written in enumerate(found[2].splitlines(), line):
            begun = begun if waiting else number
            waiting = f"{waiting} {written.strip()}".strip()
            if waiting.endswith("\\"):
                waiting = waiting[:-1].rstrip()
            elif waiting:
                yield Command(file.name, begun, waiting)
                waiting = ""


def section(file: Path, line: int) -> str:
    """The heading above a line."""
    before = file.read_text(encoding="utf-8").splitlines()[:line]
    return next((each.lstrip("# ") for each in reversed(before) if each.startswith("#")), file.stem)
