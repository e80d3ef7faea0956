"""The checks and relations of a type's arguments, in the shape of its blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from bonkei.definitions.provider.behaviour import Problem
from bonkei.definitions.provider.facts.checks import Check, Known, checks_of
from bonkei.definitions.provider.values import Object, Value, given

Path: TypeAlias = tuple[str | int, ...]


@dataclass(slots=True)
class Rules:
    """The arguments of one block with their checks, and the blocks inside."""

    path: str = ""
    checks: dict[str, list[Check]] = field(default_factory=dict)
    of_elements: dict[str, list[Check]] = field(default_factory=dict)
    """The checks of each element, if the argument is a collection."""
    relations: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)
    """The kind, the argument that states it, and the paths of the related arguments."""
    inner: dict[str, Rules] = field(default_factory=dict)


def read_rules(known: Mapping[str, Known], enumerations: Mapping[str, Sequence[str]]) -> Rules:
    """Read the rules of a type, from the dotted path of an argument to its facts."""
    root = Rules()
    for path, one in known.items():
        *outer, name = path.split(".")
        node = root
        for step in outer:
            here = f"{node.path}.{step}" if node.path else step
            node = node.inner.setdefault(step, Rules(here))
        checks = list(checks_of(one, enumerations))
        if checks:
            node.checks[name] = checks
        each = {key.removeprefix("each_"): fact for key, fact in one.items() if key[:5] == "each_"}
        if of_elements := list(checks_of(each, enumerations)):
            node.of_elements[name] = of_elements
        for kind in ("conflicts", "exactly_one", "at_least_one", "needs"):
            if kind in one:
                named = tuple(_absolute(other, node.path) for other in one[kind])
                node.relations.append((kind, path, named))
    return root


def _absolute(name: str, block: str) -> str:
    """Return a path from the root. A path that begins with "./" starts at its own block."""
    if not name.startswith("./"):
        return name
    return f"{block}.{name[2:]}" if block else name[2:]


def problems(node: Rules, config: Object) -> Iterator[Problem]:
    """The problems of a configuration that AWS or the provider would refuse."""
    yield from _inside(node, config, (), config)


def _inside(node: Rules, block: Object, at: Path, root: Object) -> Iterator[Problem]:
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


def _checked(checks: Sequence[Check], value: Value, at: Path) -> Iterator[Problem]:
    message = (
        next((said for check in checks if (said := check(value))), None) if given(value) else None
    )
    if message:
        name = ".".join(part for part in at if isinstance(part, str))
        yield Problem(at, f'Invalid value for "{name}"', message)


def _related(node: Rules, block: Object, at: Path, root: Object) -> Iterator[Problem]:
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
