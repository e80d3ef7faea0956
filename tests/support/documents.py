"""The parts of a Markdown page that must be equal in two translations."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


@dataclass(frozen=True, slots=True)
class Document:
    """A page, read once."""

    file: Path
    text: str

    @classmethod
    def read(cls, file: Path) -> Document:
        return cls(file, file.read_text(encoding="utf-8"))

    @property
    def prose(self) -> str:
        """The text without the blocks of code."""
        return _FENCE.sub("", self.text)

    def headings(self) -> list[tuple[int, str]]:
        """Level and text of each heading, in order."""
        found = re.findall(r"^(#+) (.+)$", self.prose, re.MULTILINE)
        return [(len(marks), words) for marks, words in found]

    def anchors(self) -> set[str]:
        """The anchors that GitHub makes of headings."""
        return {
            re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-") for _, words in self.headings()
        }

    def blocks(self, language: str) -> list[str]:
        """The blocks of code in a language; `""` for blocks without a language."""
        return [body for name, body in _FENCE.findall(self.text) if name == language]

    def commands(self) -> list[str]:
        """The lines of every block, with continued lines joined, without comments."""
        joined = [body.replace("\\\n", " ") for _, body in _FENCE.findall(self.text)]
        lines = [re.sub(r"\s+#\s.*", "", line) for body in joined for line in body.splitlines()]
        return [" ".join(line.split()) for line in lines if line.strip()]

    def code(self) -> list[str]:
        """The code spans of the prose."""
        return [" ".join(found.split()) for found in re.findall(r"`([^`]+)`", self.prose)]

    def links(self) -> list[str]:
        return _LINK.findall(self.prose)

    def figures(self) -> list[list[str]]:
        """The cells of tables that are figures alone, which do not depend on the language."""
        rows = re.findall(r"^\|(.*)\|$", self.prose, re.MULTILINE)
        cells = [[cell.strip(" *") for cell in row.split("|")] for row in rows]
        return [[cell for cell in row if re.fullmatch(r"-?\d+([.,]\d+)*", cell)] for row in cells]
