"""A planned value as in Terraform's JSON, and its unknown or sensitive parts.

https://developer.hashicorp.com/terraform/internals/json-format#change-representation
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from bonkei.definitions.provider.schema import Block
from bonkei.definitions.provider.values import UNKNOWN, Typed, Value, given

Path = tuple[str | int, ...]


def as_json(value: Value) -> Any:
    """Return the value without unknown parts. An unknown member is left out, an unknown element is
    null."""
    if isinstance(value, Typed):
        return as_json(value.value)
    if isinstance(value, dict):
        return {name: as_json(each) for name, each in value.items() if _raw(each) is not UNKNOWN}
    if isinstance(value, list):
        return [as_json(each) for each in value]
    if value is UNKNOWN:
        return None
    return float(value) if isinstance(value, Decimal) else value


def unknown(value: Value) -> Any:
    """Return True for each unknown part, in the value's shape. Only members with unknown parts are
    included."""
    value = _raw(value)
    if value is UNKNOWN:
        return True
    if isinstance(value, dict):
        found = {name: unknown(each) for name, each in value.items()}
        return {name: each for name, each in found.items() if each is not False}
    if isinstance(value, list):
        return [unknown(each) for each in value]
    return False


def marks(value: Value, paths: Sequence[Path]) -> Any:
    """Return True at each path, in the value's own shape. Only members with a mark are included."""
    if any(not path for path in paths):
        return True
    value = _raw(value)
    if isinstance(value, dict):
        found = {name: _below(each, name, paths) for name, each in value.items()}
        return {name: each for name, each in found.items() if each is not False}
    if isinstance(value, list):
        return [_below(each, number, paths) for number, each in enumerate(value)]
    return False


def sensitive_paths(block: Block, value: Value, at: Path = ()) -> Iterator[Path]:
    """Return the sensitive parts according to the schema. A set is sensitive as a whole, because
    its elements have no names."""
    for name, attribute in block.attributes.items():
        if attribute.sensitive:
            yield (*at, name)
    for name, nested in block.blocks.items() if isinstance(value, dict) else ():
        inside = value.get(name)
        here = (*at, name)
        if not given(inside):
            continue
        if nested.nesting == "single":
            yield from sensitive_paths(nested.block, inside, here)
            continue
        elements = inside.items() if isinstance(inside, dict) else enumerate(inside)
        for key, element in elements:
            found = sensitive_paths(nested.block, element, (*here, key))
            if nested.nesting != "set":
                yield from found
            elif any(True for _ in found):
                yield here
                break


def _raw(value: Value) -> Value:
    return value.value if isinstance(value, Typed) else value


def _below(value: Value, key: str | int, paths: Sequence[Path]) -> Any:
    return marks(value, [path[1:] for path in paths if path[0] == key])
