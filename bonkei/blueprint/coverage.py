"""Definitions that the miniature does not simulate, with the reason.

Nothing is ignored silently: data/coverage.toml judges resource types and arguments, and readers
note the definitions that they cannot carry over.
"""

from __future__ import annotations

import fnmatch
import json
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from bonkei.blueprint.state import Resource, State, natural

Category = Literal["missing", "declarative", "unknown"]


@dataclass(frozen=True, slots=True)
class NotSimulated:
    """A resource type, or a part of one resource (which `address` then names).

    `category` is `missing` (it could run here, but does not), `declarative` (AWS enforces it, so
    there is nothing to run) or `unknown` (this resource type has not been judged yet).
    """

    kind: str  # resource type, or type.argument
    reason: str
    count: int = 1
    address: str = ""
    category: Category = "missing"


@dataclass(slots=True)
class Gaps:
    """Collects notes during one reading. The same note about the same thing counts once."""

    found: dict[tuple[str, str, str], NotSimulated] = field(default_factory=dict)

    def part(self, block: Resource, argument: str, reason: str) -> None:
        """Note a part of a resource, by its argument."""
        kind = f"{block.type}.{argument}"
        note = NotSimulated(kind=kind, reason=reason, address=block.address)
        self.found.setdefault((block.address, kind, reason), note)

    def resource(self, block: Resource, reason: str) -> None:
        """Note a whole resource of a type that is otherwise simulated."""
        note = NotSimulated(kind=block.type, reason=reason, address=block.address)
        self.found.setdefault((block.address, note.kind, reason), note)


_UNKNOWN = "not known to Bonkei"
_STAND_IN = "a stand-in for its provider takes the arguments, and sends them nowhere"


def read_coverage(state: State, gaps: Gaps) -> tuple[NotSimulated, ...]:
    """Whole types first, with their counts; then parts by address. The order is fixed."""
    found = [*_types(state), *_parts(state), *gaps.found.values()]
    return tuple(sorted(found, key=lambda item: (item.kind, natural(item.address))))


def _types(state: State) -> Iterator[NotSimulated]:
    counts = Counter(resource.type for resource in state.resources if resource.mode == "managed")
    for kind, count in counts.items():
        category, reason = judge(kind)
        if category != "simulated":
            yield NotSimulated(kind=kind, reason=reason, count=count, category=category)


def judge(kind: str) -> tuple[Any, str]:
    """A type's category and the reason, by its name or else by the best matching pattern."""
    judged = _judged_types()
    if kind in judged:
        return judged[kind]
    fitting = (pattern for pattern in judged if fnmatch.fnmatchcase(kind, pattern))
    closest = max(fitting, key=len, default=None)
    if closest is None:
        return ("unknown", _UNKNOWN) if kind.startswith("aws_") else ("missing", _STAND_IN)
    return judged[closest]


def _parts(state: State) -> Iterator[NotSimulated]:
    for part in coverage_table()["parts"]:
        for resource in state.managed(*_names(part["type"])):
            used = [v for v in _values_at(resource.values, part["path"].split(".")) if v]
            if any(_noted(part, value) for value in used):
                kind = f"{resource.type}.{part['path']}"
                yield NotSimulated(kind=kind, reason=part["reason"], address=resource.address)


def _names(kind: str) -> tuple[str, str]:
    """A type by both of its names: `aws_alb` is an older name of `aws_lb`."""
    return kind, kind.replace("aws_lb", "aws_alb", 1)


def _noted(part: Mapping[str, Any], value: Any) -> bool:
    return value in part["only"] if "only" in part else value not in part.get("unless", ())


@cache
def coverage_table() -> dict[str, Any]:
    """The content of the table."""
    data = Path(__file__).with_name("data") / "coverage.toml"
    return tomllib.loads(data.read_text(encoding="utf-8"))


@cache
def _judged_types() -> dict[str, tuple[Any, str]]:
    categories: tuple[Category | str, ...] = ("simulated", "declarative", "missing")
    return {
        kind: (category, group["reason"])
        for category in categories
        for group in coverage_table()[category]
        for kind in group["types"]
    }


def _values_at(value: Any, path: list[str]) -> Iterator[Any]:
    """Every value at a path through blocks. If the path continues inside a text, the text is parsed
    as JSON."""
    match value:
        case list():
            for item in value:
                yield from _values_at(item, path)
        case _ if not path:
            yield value
        case str():
            yield from _values_at(_decoded(value), path)
        case Mapping():
            for name in fnmatch.filter(value, path[0]):
                yield from _values_at(value[name], path[1:])


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
