"""The pages that make the guide, in its order."""

from __future__ import annotations

from guides import Block, Command, deeds
from miniatures import ROOT

PAGES = ("set-up", "updating", "rotating", "people")
OPERATIONS = ROOT / "docs" / "operations"


def commands(page: str) -> list[Command]:
    """`page` with its ending: `.md` or `.ja.md`."""
    return [each for each in deeds(OPERATIONS / page) if isinstance(each, Command)]


def variables() -> list[Block]:
    """All blocks of variables after those of set-up.md."""
    found = [each for page in PAGES[1:] for each in deeds(OPERATIONS / f"{page}.md")]
    return [each for each in found if isinstance(each, Block) and each.language == "hcl"]
