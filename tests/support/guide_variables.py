"""Which variables of the pages go into which release of the infrastructure.

The pages change a variable at most twice, and between its two changes come a release of the
infrastructure and one of the programs. So two rounds are enough for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from guides import Block

ROUNDS = 2
_VARIABLE = re.compile(r"(\w+) *= *(?:\{ *(\w+) *=)?")


def subject(block: Block) -> str:
    """What a block changes: a variable, or a member of `database`, which has several subjects."""
    found = _VARIABLE.match(block.body)
    assert found, block.where
    return f"{found[1]}.{found[2]}" if found[1] == "database" else found[1]


def rounds(blocks: Iterable[Block]) -> list[list[Block]]:
    """The first block of each subject in the first round, its second one in the second."""
    found: list[list[Block]] = [[] for _ in range(ROUNDS)]
    seen: dict[str, int] = {}
    for block in blocks:
        number = seen.get(subject(block), 0)
        assert number < ROUNDS, f"a third change: {block.where}"
        found[number].append(block)
        seen[subject(block)] = number + 1
    return found


def body(block: Block) -> str:
    """Without its comments."""
    return re.sub(r" *#.*", "", block.body)
