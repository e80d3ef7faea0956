"""What the real provider's own schemas say of each argument, read from a data file.

A behaviour (`bonkei.provider.behaviour`) says what only a program can: what is minted, and rules
between values. What the real provider states as data is not said a second time: what replaces a
resource, defaults, which arguments exclude or need each other, enumerations, ranges, lengths and
patterns. `scripts/extract_facts.py` makes the file; it says which version it is of.
"""

from __future__ import annotations

import dataclasses
import functools
import gzip
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, TypeAlias

from bonkei.provider.behaviour import Problem, ResourceBehaviour
from bonkei.provider.values import Object, Value, given

Path: TypeAlias = tuple[str | int, ...]
Known: TypeAlias = Mapping[str, Any]
_GENERIC = ResourceBehaviour()


@dataclass(frozen=True, slots=True)
class IdentityAttribute:
    """One part of what names a resource in an `import` block."""

    name: str
    required: bool
    argument: str
    """The resource's argument or attribute that has its value."""


@dataclass(frozen=True, slots=True)
class Facts:
    """A data file's content."""

    version: str
    types: Mapping[str, Mapping[str, Known]]
    """Type -> dotted path of an argument -> what is known of it."""
    enumerations: Mapping[str, Sequence[str]]
    identities: Mapping[str, Sequence[IdentityAttribute]]

    def stating(self, key: str, type_name: str) -> list[str]:
        """The paths of the arguments of which that is known, such as "default" or "sensitive"."""
        return [path for path, one in self.types.get(type_name, {}).items() if key in one]

    def enrich(self, type_name: str, behaviour: ResourceBehaviour) -> ResourceBehaviour:
        """A behaviour with the facts of its type: what it says itself goes first."""
        known = self.types.get(type_name)
        if not known:
            return behaviour
        defaults = {path: one["default"] for path, one in known.items() if "default" in one}
        own = behaviour.validate
        rules = functools.cache(lambda: _node(known, self.enumerations))

        def validate(config: Object) -> Sequence[Problem]:
            problems = list(own(config))
            told = {(problem.path, problem.summary) for problem in problems}
            found = _problems(rules(), config)
            return [*problems, *(one for one in found if (one.path, one.summary) not in told)]

        return dataclasses.replace(
            behaviour,
            validate=validate,
            argument_defaults={**defaults, **behaviour.argument_defaults},
            force_new=behaviour.force_new | {path for path, one in known.items() if "new" in one},
        )


def load(name: str) -> Facts:
    """Read a data file of this package, such as "aws-facts.json.gz"."""
    packed = resources.files("bonkei.provider").joinpath("data", name).read_bytes()
    document = json.loads(gzip.decompress(packed))
    return Facts(
        version=document["version"],
        types=document["types"],
        enumerations=document["enumerations"],
        identities={
            type_name: [
                IdentityAttribute(one[0], one[1], one[-1] if one[2:] else one[0]) for one in parts
            ]
            for type_name, parts in document["identities"].items()
        },
    )


class EnrichedBehaviours(Mapping[str, ResourceBehaviour]):
    """The behaviours of all types, each put together with its facts when it is first asked for."""

    def __init__(self, own: Mapping[str, ResourceBehaviour], facts: Facts) -> None:
        self._own = own
        self._facts = facts
        self._made: dict[str, ResourceBehaviour] = {}

    def __getitem__(self, type_name: str) -> ResourceBehaviour:
        if type_name not in self._made:
            if type_name not in self._own and type_name not in self._facts.types:
                raise KeyError(type_name)
            own = self._own.get(type_name, _GENERIC)
            self._made[type_name] = self._facts.enrich(type_name, own)
        return self._made[type_name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._own.keys() | self._facts.types.keys())

    def __len__(self) -> int:
        return len(self._own.keys() | self._facts.types.keys())


@dataclass(slots=True)
class _Node:
    """The arguments of one block with their checks, and the blocks inside."""

    path: str = ""
    checks: dict[str, list[Callable[[Value], str | None]]] = field(default_factory=dict)
    of_elements: dict[str, list[Callable[[Value], str | None]]] = field(default_factory=dict)
    """Those of each element, where the argument is a collection."""
    relations: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)
    """Kind, the argument that states it, and the paths of those that it is about."""
    inner: dict[str, _Node] = field(default_factory=dict)


def _node(known: Mapping[str, Known], enumerations: Mapping[str, Sequence[str]]) -> _Node:
    root = _Node()
    for path, one in known.items():
        *outer, name = path.split(".")
        node = root
        for step in outer:
            here = f"{node.path}.{step}" if node.path else step
            node = node.inner.setdefault(step, _Node(here))
        checks = list(_checks(one, enumerations))
        if checks:
            node.checks[name] = checks
        each = {key.removeprefix("each_"): fact for key, fact in one.items() if key[:5] == "each_"}
        if of_elements := list(_checks(each, enumerations)):
            node.of_elements[name] = of_elements
        for kind in ("conflicts", "exactly_one", "at_least_one", "needs"):
            if kind in one:
                named = tuple(_absolute(other, node.path) for other in one[kind])
                node.relations.append((kind, path, named))
    return root


def _absolute(name: str, block: str) -> str:
    """A path from the root; one that begins with "./" is from the block that it is in."""
    if not name.startswith("./"):
        return name
    return f"{block}.{name[2:]}" if block else name[2:]


def _problems(node: _Node, config: Object) -> Iterator[Problem]:
    yield from _inside(node, config, (), config)


def _inside(node: _Node, block: Object, at: Path, root: Object) -> Iterator[Problem]:
    for name, checks in node.checks.items():
        yield from _checked(checks, block.get(name), (*at, name))
    for name, checks in node.of_elements.items():
        elements = block.get(name)
        for index, element in enumerate(elements if isinstance(elements, list) else ()):
            yield from _checked(checks, element, (*at, name, index))
    yield from _related(node, block, at, root)
    for name, inner in node.inner.items():
        value = block.get(name)
        if isinstance(value, Mapping):
            yield from _inside(inner, value, (*at, name), root)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, Mapping):
                    yield from _inside(inner, item, (*at, name, index), root)


def _checked(
    checks: Sequence[Callable[[Value], str | None]], value: Value, at: Path
) -> Iterator[Problem]:
    message = (
        next((said for check in checks if (said := check(value))), None) if given(value) else None
    )
    if message:
        name = ".".join(part for part in at if isinstance(part, str))
        yield Problem(at, f'Invalid value for "{name}"', message)


def _related(node: _Node, block: Object, at: Path, root: Object) -> Iterator[Problem]:
    told: set[frozenset[str]] = set()
    for kind, path, names in node.relations:
        name = path.rpartition(".")[2]
        there = {one: _states(one, node.path, block, root) for one in {path, *names}}
        if kind == "conflicts" and there[path] == "set":
            others = [one for one in names if there[one] == "set" and one != path]
            if others and frozenset({path, others[0]}) not in told:
                told.add(frozenset({path, others[0]}))
                detail = f'"{path}" and "{others[0]}" exclude each other.'
                yield Problem((*at, name), "Conflicting arguments", detail)
        elif kind == "needs" and there[path] == "set":
            missing = [one for one in names if there[one] == "absent"]
            if missing:
                detail = f'"{path}" needs "{missing[0]}" to be given.'
                yield Problem((*at, name), "Missing argument", detail)
        elif kind in ("exactly_one", "at_least_one") and frozenset(names) not in told:
            told.add(frozenset(names))
            yield from _of_several(kind, names, there, at)


def _of_several(
    kind: str, names: Sequence[str], there: Mapping[str, str], at: Path
) -> Iterator[Problem]:
    found = [one for one in names if there[one] == "set"]
    listed = ", ".join(f'"{one}"' for one in names)
    if not found and not any(there[one] == "unknown" for one in names):
        word = "One" if kind == "exactly_one" else "At least one"
        yield Problem(at, "Missing argument", f"{word} of {listed} must be given.")
    elif kind == "exactly_one" and len(found) > 1:
        name = found[1].rpartition(".")[2]
        detail = f'"{found[0]}" and "{found[1]}" exclude each other.'
        yield Problem((*at, name), "Conflicting arguments", detail)


def _states(path: str, block_path: str, block: Object, root: Object) -> str:
    """Whether the argument at a path is "set", "absent" or "unknown" yet."""
    here, rest = root, path
    if block_path and path.startswith(f"{block_path}."):
        here, rest = block, path.removeprefix(f"{block_path}.")
    value: Value = here
    for step in rest.split("."):
        if isinstance(value, list):
            value = value[0] if value else None
        if not isinstance(value, Mapping):
            break
        value = value.get(step)
    if value is None or value == []:
        return "absent"
    return "set" if given(value) else "unknown"


def _checks(
    known: Known, enumerations: Mapping[str, Sequence[str]]
) -> Iterator[Callable[[Value], str | None]]:
    if "enum" in known:
        yield _one_of(known["enum"], enumerations, ignore_case="ignore_case" in known)
    if "range" in known:
        yield _between(*known["range"])
    if "length" in known:
        yield _length(*known["length"])
    for pattern, meaning in known.get("patterns", ()):
        yield _matches(pattern, meaning)
    if "max" in known or "min" in known:
        yield _count(known.get("min", 0), known.get("max"))


def _one_of(
    named: str | Sequence[Value], enumerations: Mapping[str, Sequence[str]], *, ignore_case: bool
) -> Callable[[Value], str | None]:
    values = enumerations[named] if isinstance(named, str) else named
    allowed = {str(value).upper() for value in values} if ignore_case else set(values)

    def check(value: Value) -> str | None:
        if isinstance(value, list) or (str(value).upper() if ignore_case else value) in allowed:
            return None
        listed = ", ".join(f'"{one}"' for one in values)
        return f'Expected one of {listed}, got "{value}".'

    return check


def _between(low: float | None, high: float | None) -> Callable[[Value], str | None]:
    def check(value: Value) -> str | None:
        if isinstance(value, str | bool | list):
            return None
        if (low is None or value >= low) and (high is None or value <= high):
            return None
        if high is None:
            return f"Expected {low} or more, got {value}."
        if low is None:
            return f"Expected {high} or less, got {value}."
        return f"Expected a number from {low} to {high}, got {value}."

    return check


def _length(low: int, high: int | None) -> Callable[[Value], str | None]:
    def check(value: Value) -> str | None:
        size = len(value.encode()) if isinstance(value, str) else low
        if size >= low and (high is None or size <= high):
            return None
        wanted = f"{low} or more" if high is None else f"{low} to {high}"
        shown = f' in "{value}"' if size <= 200 else ""
        return f"Expected {wanted} characters, got {size}{shown}."

    return check


def _matches(pattern: str, meaning: str) -> Callable[[Value], str | None]:
    whole = re.sub(r"(?<!\\)\$$", r"\\Z", pattern)  # Go's $ is the end, not a line's
    compiled = re.compile(whole)

    def check(value: Value) -> str | None:
        if not isinstance(value, str) or compiled.search(value):
            return None
        return f'"{value}": {meaning}.' if meaning else f'"{value}" does not match {pattern}.'

    return check


def _count(low: int, high: int | None) -> Callable[[Value], str | None]:
    def check(value: Value) -> str | None:
        if not isinstance(value, list) or (
            len(value) >= low and (high is None or len(value) <= high)
        ):
            return None
        wanted = f"{low} or more" if high is None else f"{low} to {high}"
        return f"Expected {wanted} elements, got {len(value)}."

    return check
