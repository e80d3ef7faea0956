"""Short names for readers: without their common prefix."""

from __future__ import annotations

import re
from collections.abc import Iterable

_PART = re.compile(r"[^-_/.]+[-_/.]?")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+")


def common_prefix(names: Iterable[str]) -> str:
    """The common prefix of all names, up to a hyphen, underscore, dot or slash. Each name is longer
    than it."""
    split = [_PART.findall(name) for name in names if name]
    if len(split) < 2:
        return ""
    prefix = ""
    for parts in zip(*split, strict=False):
        if len(set(parts)) > 1 or any(len(found) == 1 for found in split):
            break
        if any("".join(found) == prefix + parts[0] for found in split):
            break
        prefix += parts[0]
    return prefix


def plural(count: int, word: str) -> str:
    """Write a number with its noun: `1 task`, `2 tasks`."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def duration(seconds: float) -> str:
    """In the largest unit with a whole number."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"


def words(text: str) -> list[str]:
    """The words of a name in lower case: PlanHasChanges, plan_has_changes -> plan, has, changes."""
    return [word.lower() for word in _WORD.findall(text)]
