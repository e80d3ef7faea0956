"""Diagrams in a Markdown page: a picture, and a link to its Mermaid text, which can be copied and
read aloud.

Where a page has a pair of these comments, the text between them is rewritten:

    <!-- diagram: system -->
    <!-- /diagram -->
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from os.path import relpath
from pathlib import Path

from bonkei.analysis.diagram.model import Diagram
from bonkei.base.errors import BonkeiError

_BLOCK = re.compile(r"(<!-- diagram: ([\w-]+) -->\n).*?(<!-- /diagram -->)", re.DOTALL)


class PageError(BonkeiError):
    """A page asks for a diagram that is not drawn."""


def update_page(page: Path, text: str, diagrams: Iterable[Diagram], folder: Path) -> str:
    """The page's text with its current diagrams. `folder`: the folder with their files."""
    by_name = {diagram.name: diagram for diagram in diagrams}
    place = Path(relpath(folder, page.parent)).as_posix()

    def written(match: re.Match[str]) -> str:
        return match[1] + _block(_find(by_name, match[2], page), place) + match[3]

    return _BLOCK.sub(written, text)


def _find(diagrams: Mapping[str, Diagram], name: str, page: Path) -> Diagram:
    if name not in diagrams:
        raise PageError(
            f"{page} asks for the diagram {name}, which is not drawn",
            remedy=f"name one of {', '.join(sorted(diagrams))}",
        )
    return diagrams[name]


def _block(diagram: Diagram, place: str) -> str:
    file = f"{place}/{diagram.name}"
    return f"\n![{diagram.title}]({file}.svg)\n\n[Mermaid]({file}.mmd)\n\n"
