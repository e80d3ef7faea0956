"""Terraform's state, as printed by `terraform show -json`, indexed by resource type.

Format: "JSON Output Format", https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from bonkei.blueprint.state.block import Block
from bonkei.blueprint.state.error import BlueprintError

_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class Resource(Block):
    """One instance of a resource or data source. With `count` and `for_each`, each instance is
    separate."""

    type: str = ""
    mode: str = "managed"  # managed | data


Argument: TypeAlias = tuple[int, int, str]
"""The place of a resource in its state, the argument's number there, and its path."""


@dataclass(frozen=True)
class State:
    """Every resource of every module, in the order of their addresses."""

    resources: tuple[Resource, ...] = ()

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> State:
        """Read the output of `terraform show -json`; an empty state has no resources."""
        if not isinstance(document, Mapping):
            raise BlueprintError("", "", "the state is not a JSON object")
        values = document.get("values")
        if values is None:
            return cls()
        root = Block("the state", {"values": values}).required_block("values")
        module = root.block("root_module")
        found = list(_resources(module)) if module else []
        return cls(tuple(sorted(found, key=lambda resource: natural(resource.address))))

    def with_more(self, more: Iterable[Resource]) -> State:
        """Return the state with further resources, each in its place."""
        found = [*self.resources, *more]
        if len(found) == len(self.resources):
            return self
        return State(tuple(sorted(found, key=lambda resource: natural(resource.address))))

    def managed(self, *types: str) -> tuple[Resource, ...]:
        """The resources of these types. There may be several: an old and a new name of one
        thing."""
        return tuple(r for r in self.known(*types) if r.mode == "managed")

    def present(self, type_name: str) -> tuple[Resource, ...]:
        """The resources of a type, and what data sources have found of it outside the stack."""
        own = self.managed(type_name)
        seen = {each.text("id", "") for each in own}
        known = (each for each in self.known(type_name) if each.values.get("arn"))
        found = {each.text("id", ""): each for each in known}
        return (*own, *(each for name, each in found.items() if name not in seen))

    def known(self, *types: str) -> tuple[Resource, ...]:
        """Return resources and data sources of these types, which both have their attributes."""
        places = sorted(place for one in set(types) for place in self._places.get(one, ()))
        return tuple(self.resources[place] for place in places)

    @cached_property
    def _places(self) -> Mapping[str, Sequence[int]]:
        """Where the resources of each type are."""
        places: dict[str, list[int]] = defaultdict(list)
        for place, resource in enumerate(self.resources):
            places[resource.type].append(place)
        return places

    @cached_property
    def arguments(self) -> Mapping[str, Sequence[Argument]]:
        """The arguments of managed resources that hold a text, by that text. A policy's text does
        not count as what it names."""
        found: dict[str, list[Argument]] = defaultdict(list)
        for place, resource in enumerate(self.resources):
            if resource.mode == "managed":
                for number, (path, text) in enumerate(_texts(resource.values)):
                    found[text].append((place, number, path))
        return found

    def arns(self) -> tuple[str, ...]:
        """The ARN of everything that has one."""
        found = (resource.values.get("arn") for resource in self.resources)
        return tuple(sorted({arn for arn in found if isinstance(arn, str) and arn}))

    def find(self, value: str, by: str, *types: str) -> Resource | None:
        """The resource or data source of these types with `value` in its attribute `by`."""
        for resource in self.known(*types):
            if value and resource.values.get(by) == value:
                return resource
        return None


def _texts(attributes: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """The path of each text, and the text."""
    for name, found in attributes.items():
        here = f"{path}.{name}" if path else name
        for item in found if isinstance(found, list) else [found]:
            if isinstance(item, str):
                yield here, item
            elif isinstance(item, dict):
                yield from _texts(item, here)


def natural(address: str) -> tuple[tuple[int, int, str], ...]:
    """A sort key that puts x[2] before x[10]."""
    return tuple(
        (0, int(part), "") if part.isdecimal() else (1, 0, part)
        for part in _DIGITS.split(address)
        if part
    )


def _resources(module: Block) -> Iterator[Resource]:
    """Walks without recursion, because modules may be nested to any depth."""
    modules = [module]
    while modules:
        current = modules.pop()
        modules.extend(current.blocks("child_modules"))
        for block in current.blocks("resources"):
            if block.has("deposed_key"):  # the old half of an unfinished replacement
                continue
            address = block.text("address")
            values = block.values.get("values") or {}
            if not isinstance(values, Mapping):
                raise BlueprintError(address, "values", "not a map")
            yield Resource(
                address=address,
                values=values,
                type=block.text("type"),
                mode=block.choice("mode", ("managed", "data"), "managed"),
            )
