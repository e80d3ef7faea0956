"""Terraform's values as plain Python values.

| Terraform                 | Python                                                   |
|---------------------------|----------------------------------------------------------|
| null                      | None                                                     |
| unknown (known after apply) | UNKNOWN                                                |
| string, bool              | str, bool                                                |
| number                    | int; float or Decimal if it is not a whole number        |
| list, set, tuple          | list (a set's elements are distinct, their order is free) |
| map, object               | dict                                                     |
| nested block, list or set | list of dict                                             |
| nested block, single      | dict or None                                             |
| an attribute of any type  | Typed                                                    |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeGuard, final

Value: TypeAlias = Any
"""One of the shapes above. The schema, not Python's type checker, knows which."""

Object: TypeAlias = Mapping[str, Value]
"""A resource's attributes and nested blocks by name."""


@final
class Unknown:
    """The type of `UNKNOWN`, of which there is one."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __bool__(self) -> bool:
        raise TypeError("an unknown value is neither true nor false; compare it with `is UNKNOWN`")

    def __deepcopy__(self, memo: object) -> Unknown:
        return self

    def __reduce__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()
"""A value that Terraform will know only after apply."""


@dataclass(frozen=True, slots=True)
class Typed:
    """The value of an attribute that may have any type, with the type it has (cty's JSON form)."""

    type: Any
    value: Value


def typed(value: Any) -> Typed:
    """A plain value with the type that Terraform gives a literal of it."""
    return Typed(_type_of(value), value)


def _type_of(value: Any) -> Any:
    match value:
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case list():
            return ["tuple", [_type_of(item) for item in value]]
        case dict():
            return ["object", {key: _type_of(item) for key, item in value.items()}]
        case _:
            return "string"


def is_known(value: Value) -> bool:
    """Whether neither the value nor anything in it is unknown."""
    if value is UNKNOWN:
        return False
    if isinstance(value, Mapping):
        return all(map(is_known, value.values()))
    if isinstance(value, list):
        return all(map(is_known, value))
    return not isinstance(value, Typed) or is_known(value.value)


def given(value: Value) -> TypeGuard[Any]:
    """Whether a value is known and not null, so that it can be looked at."""
    return value is not None and value is not UNKNOWN


def known_items(values: Value) -> Iterable[Value]:
    """The elements of a list or set that can be looked at; none if it is itself null or unknown."""
    return (value for value in values if given(value)) if given(values) else ()
