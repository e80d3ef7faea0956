"""Large blocks that occur more than once, kept once."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

Json = Any

_LARGE = 400  # characters of JSON


def share(types: list[Json]) -> dict[str, Json]:
    """Replace, in place, each large nested block that occurs again by {"ref": name}.

    Returns the blocks by name; they refer to each other in the same way.
    """
    counts: Counter[str] = Counter()
    for block in types:
        _count(block, counts)
    shared: dict[str, Json] = {}
    names: dict[str, str] = {}
    for block in types:
        _replace(block, counts, names, shared)
    return shared


def _text(block: Json) -> str:
    return json.dumps(block, sort_keys=True)


def _count(block: Json, counts: Counter[str]) -> None:
    for nested in block["block_types"].values():
        text = _text(nested["block"])
        counts[text] += 1
        if counts[text] == 1:
            _count(nested["block"], counts)


def _replace(
    block: Json, counts: Counter[str], names: dict[str, str], shared: dict[str, Json]
) -> None:
    for nested in block["block_types"].values():
        content = nested["block"]
        text = _text(content)
        if text in names:
            nested["block"] = {"ref": names[text]}
        elif len(text) > _LARGE and counts[text] > 1:
            names[text] = name = f"block{len(names)}"
            copy = json.loads(text)
            _replace(copy, counts, names, shared)
            shared[name] = copy
            nested["block"] = {"ref": name}
        else:
            _replace(content, counts, names, shared)
