"""The conditions of a validator in the provider's source."""

from __future__ import annotations

import re
from typing import Any

from scripts.schema.golang.values import Call, Value

Json = Any


def constant(value: Value) -> Json:
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Call) and value.name == "enum-member":
        return {"member": f"{value.types[0]}.{value.arguments[0]}"}
    return None


def checks_of_sdk(fields: dict[str, Value]) -> dict[str, Json]:
    checks: dict[str, Json] = {}
    for name in ("ValidateFunc", "ValidateDiagFunc"):
        value = fields.get(name)
        if isinstance(value, Call):
            checks |= check(value)
    return checks


def check(call: Call) -> dict[str, Json]:
    """The conditions of one validator; none if its meaning is not certain."""
    name, arguments = call.name.rpartition(".")[2], call.arguments
    if name in ("ToDiagFunc", "All"):
        found: dict[str, Json] = {}
        for one in arguments:
            found |= check(one) if isinstance(one, Call) else {}
        return found
    if name in _BOUNDS:
        key, low, high = _BOUNDS[name]
        count = sum(isinstance(one, int) for one in (low, high))
        if not are_numbers(arguments, count) or not _measures(call):
            return {}
        return {
            key: [arguments[one] if isinstance(one, int) else _OPEN[one] for one in (low, high)]
        }
    if name == "StringIsNotEmpty":
        return {"length": [1, None]}
    if name in ("StringMatch", "RegexMatches") and isinstance(arguments[0], Call):
        said = arguments[1] if len(arguments) > 1 else ""
        return _pattern(arguments[0].arguments[0], said if isinstance(said, str) else "")
    return _values(name, call)


_OPEN = {"none": None, "zero": 0}
_BOUNDS: dict[str, tuple[str, int | str, int | str]] = {
    "IntBetween": ("range", 0, 1),
    "FloatBetween": ("range", 0, 1),
    "Between": ("range", 0, 1),
    "IntAtLeast": ("range", 0, "none"),
    "FloatAtLeast": ("range", 0, "none"),
    "AtLeast": ("range", 0, "none"),
    "IntAtMost": ("range", "none", 0),
    "StringLenBetween": ("length", 0, 1),
    "LengthBetween": ("length", 0, 1),
    "LengthAtLeast": ("length", 0, "none"),
    "LengthAtMost": ("length", "zero", 0),
}
"""Validator -> the kind of its limit, and the positions of its lower and upper bound."""


def _measures(call: Call) -> bool:
    """Whether a validator called "Between" or "AtLeast" is one of numbers."""
    name = call.name.rpartition(".")[2]
    numbers = ("int64validator", "int32validator", "float64validator")
    return name not in ("Between", "AtLeast") or call.name.startswith(numbers)


def _values(name: str, call: Call) -> dict[str, Json]:
    """An enumeration, of the API or written out."""
    ignored = {"ignore_case": True}
    if call.types and name in ("Validate", "FrameworkValidate"):
        return {"enum": call.types[0]}
    if call.types and name in ("ValidateIgnoreCase", "FrameworkValidateIgnoreCase"):
        return {"enum": call.types[0], **ignored}
    if name == "StringInSlice":
        values = _texts(call.arguments[0])
        return (
            {"enum": values, **(ignored if call.arguments[1:] == (True,) else {})} if values else {}
        )
    if name == "IntInSlice" and isinstance(numbers := call.arguments[0], list):
        return {"enum": numbers} if all(isinstance(one, int) for one in numbers) else {}
    if call.name == "stringvalidator.OneOf":
        values = _texts([*call.arguments])
        return {"enum": values} if values else {}
    return {}


def are_numbers(arguments: tuple[Value, ...], count: int) -> bool:
    numbers = [one for one in arguments if isinstance(one, int | float)]
    return len(arguments) == count == len(numbers)


def _texts(values: Value) -> list[Json]:
    found = [constant(one) for one in values] if isinstance(values, list) else []
    return found if all(isinstance(one, str | dict) for one in found) else []


def _pattern(pattern: Value, said: str) -> dict[str, Json]:
    """A pattern that means the same in Python."""
    if not isinstance(pattern, str) or re.search(r"\\[pPzQ]|\[\[:", pattern):
        return {}
    try:
        re.compile(pattern)
    except re.error:
        return {}
    return {"patterns": [[pattern, said]]}
