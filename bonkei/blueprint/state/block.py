"""Typed access to a block of attributes, so that no reader meets a KeyError or a wrong type.

Terraform's state has null for an unset attribute, and a list for a nested block. Here an unset
attribute is read as its default. A block that can occur once is read as that block or None.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from functools import cache
from typing import Any, NoReturn, TypeVar

from bonkei.blueprint.state.error import BlueprintError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Block:
    """The attributes of the resource at `address`. `path` is the place in the resource, for error
    messages."""

    address: str
    values: Mapping[str, Any] = field(repr=False)
    path: str = ""

    def at(self, name: str) -> str:
        """The attribute's path within the resource, in readable form."""
        return ".".join(part for part in (self.path, name) if part)

    def refuse(self, name: str, problem: str, *, remedy: str = "") -> NoReturn:
        """Raise a BlueprintError about one attribute."""
        raise BlueprintError(self.address, self.at(name), problem, remedy=remedy)

    def read(self, kind: Callable[..., T], /, **given: Any) -> T:
        """A value of a dataclass. What is not `given` is the attribute with the field's own name,
        of the field's type. It is required where the field has no default."""
        for one in _plain_fields(kind):
            if one.name not in given:
                given[one.name] = self._plain(one)
        return kind(**given)

    def has(self, name: str) -> bool:
        """Whether the attribute has a value (not null, not empty)."""
        return self.values.get(name) not in (None, "", [], {})

    def text(self, name: str, default: str | None = None) -> str:
        """A string. Required when there is no default."""
        value = self.values.get(name)
        if value is None:
            return self._default(name, default)
        if not isinstance(value, str):
            self._wrong(name, value, "a string")
        return value

    def choice(self, name: str, allowed: tuple[str, ...], default: str | None = None) -> str:
        """A string that is one of `allowed`."""
        value = self.text(name, default)
        if value not in allowed:
            self.refuse(name, f"none of {', '.join(allowed)}")
        return value

    def number(self, name: str, default: float | None = None) -> float:
        """A number; Terraform writes some numbers as strings."""
        value = self.values.get(name)
        if value is None or value == "":
            return self._default(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            self._wrong(name, value, "a number")
        try:
            number = float(value)
        except (ValueError, OverflowError):
            self._wrong(name, value, "a number")
        if not math.isfinite(number):
            self.refuse(name, "not a finite number")
        return number

    def integer(self, name: str, default: int | None = None) -> int:
        """A whole number."""
        value = self.number(name, default)
        if value != int(value):
            self.refuse(name, "not a whole number")
        return int(value)

    def flag(self, name: str, default: bool | None = False) -> bool:
        """A boolean."""
        value = self.values.get(name)
        if value is None:
            return bool(default)
        if not isinstance(value, bool):
            self._wrong(name, value, "true or false")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings; empty when unset."""
        return tuple(self._each(name, str, "a list of strings"))

    def pairs(self, name: str) -> tuple[tuple[str, str], ...]:
        """A map of strings as pairs, sorted by key; empty when unset."""
        value = self.values.get(name)
        if value is None:
            return ()
        if not isinstance(value, Mapping):
            self._wrong(name, value, "a map of strings")
        for key, item in value.items():
            if not isinstance(item, str):
                self._wrong(f"{name}.{key}", item, "a string")
        return tuple(sorted(value.items()))

    def blocks(self, name: str) -> tuple[Block, ...]:
        """Nested blocks, in the state's order; empty when unset."""
        value = self.values.get(name)
        if isinstance(value, Mapping):
            return (Block(self.address, value, self.at(name)),)
        found = self._each(name, Mapping, "a list of blocks")
        return tuple(
            Block(self.address, item, self.at(f"{name}[{index}]"))
            for index, item in enumerate(found)
        )

    def block(self, name: str) -> Block | None:
        """The nested block that may occur once, or None."""
        found = self.blocks(name)
        if len(found) > 1:
            self.refuse(name, "more than one block")
        return found[0] if found else None

    def part(self, name: str) -> Block:
        """The nested block that may occur once, or an empty one: its values have their defaults."""
        return self.block(name) or Block(self.address, {}, self.at(name))

    def required_block(self, name: str) -> Block:
        """The nested block that has to be there."""
        found = self.block(name)
        if found is None:
            self.refuse(name, "the block is missing")
        return found

    def json(self, name: str) -> Any:
        """The value of an attribute with JSON text."""
        text = self.text(name)
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            self.refuse(name, f"not JSON ({error})")

    def _plain(self, one: Field[Any]) -> Any:
        if one.name == "address":
            return self.address
        default = None if one.default is MISSING else one.default
        return getattr(self, _METHODS[str(one.type)])(one.name, default)

    def _each(self, name: str, kind: type[Any], expected: str) -> list[Any]:
        value = self.values.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self._wrong(name, value, expected)
        for index, item in enumerate(value):
            if not isinstance(item, kind):
                self._wrong(f"{name}[{index}]", item, f"an item of {expected}")
        return value

    def _default(self, name: str, default: T | None) -> T:
        if default is None:
            self.refuse(name, "not set", remedy="run `bonkei apply` so that the state is complete")
        return default

    def _wrong(self, name: str, value: object, expected: str) -> NoReturn:
        self.refuse(name, f"{_JSON_NAMES.get(type(value), 'null')} where {expected} belongs")


_METHODS = {"str": "text", "int": "integer", "float": "number", "bool": "flag"}


@cache
def _plain_fields(kind: Any) -> tuple[Field[Any], ...]:
    return tuple(one for one in fields(kind) if one.type in _METHODS)


_JSON_NAMES: dict[type, str] = {
    str: "a string",
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "a map",
}
