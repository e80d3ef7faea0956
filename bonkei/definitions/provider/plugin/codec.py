"""Terraform's wire form of values: MessagePack, as the plugin protocol's object-wire-format says.

Unknown values are an extension (code 0, or 12 with refinements, which are dropped: a provider may).
Whole numbers outside 64 bits and fractions that a double does not hold exactly, such as 0.1, are
strings; here that is 0.1, the float, since this is how everybody writes it. A value of an
attribute of any type is a pair of its type's JSON and itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgpack

from bonkei.definitions.provider.schema import Type
from bonkei.definitions.provider.values import UNKNOWN, Typed, Value

_UNKNOWN_CODES = (0, 12)
_UNKNOWN = msgpack.ExtType(0, b"\0")
_COMPACT = json.JSONEncoder(separators=(",", ":"))


def decode(data: bytes, type_: Type) -> Value:
    """Return the value of `type_` in MessagePack. An empty message is null."""
    if not data:
        return None
    return _from_wire(msgpack.unpackb(data, ext_hook=_extension, strict_map_key=False), type_)


def encode(value: Value, type_: Type) -> bytes:
    """The inverse of `decode`."""
    return bytes(msgpack.packb(_to_wire(value, type_), use_bin_type=True))


def type_bytes(type_: Type) -> bytes:
    """Return a type as the protocol has it, in JSON."""
    return _COMPACT.encode(type_).encode()


def from_json(value: Any, type_: Type) -> Value:
    """Read a value from the state file. Unknown members are dropped, missing ones are null."""
    return _typed(value, type_, lambda pair: (pair["type"], pair["value"]))


def _extension(code: int, data: bytes) -> Any:
    if code in _UNKNOWN_CODES:
        return UNKNOWN
    raise ValueError(
        f"MessagePack extension {code} with {len(data)} bytes is not a Terraform value"
    )


def _from_wire(value: Any, type_: Type) -> Value:
    return _typed(value, type_, lambda pair: (json.loads(pair[0]), pair[1]))


def _typed(value: Any, type_: Type, parts: Callable[[Any], tuple[Type, Any]]) -> Value:
    """The value in its type. `parts` splits a value of any type into its own type and itself."""
    if value is None or value is UNKNOWN:
        return value
    if type_ == "dynamic":
        actual, inside = parts(value)
        return Typed(actual, _typed(inside, actual, parts))
    if isinstance(type_, str):
        return _number(value) if type_ == "number" else value
    kind, inner = type_
    if kind == "object":
        return {name: _typed(value.get(name), member, parts) for name, member in inner.items()}
    if kind == "tuple":
        return [_typed(item, member, parts) for item, member in zip(value, inner, strict=True)]
    if kind == "map":
        return {key: _typed(item, inner, parts) for key, item in value.items()}
    return [_typed(item, inner, parts) for item in value]


def _number(value: int | float | str | Decimal) -> int | float | Decimal:
    if isinstance(value, int):
        return value
    exact = Decimal(value)
    if exact == exact.to_integral_value():
        return int(exact)
    return float(exact) if _written(float(exact)) == exact else exact


def _written(value: float) -> Decimal:
    """The number that a float's shortest notation means: 0.1, not 0.1000000000000000055…"""
    return Decimal(repr(value))


def _to_wire(value: Value, type_: Type) -> Any:
    if value is None:
        return None
    if value is UNKNOWN:
        return _UNKNOWN
    if type_ == "dynamic":
        if not isinstance(value, Typed):
            raise TypeError(f"an attribute of any type needs a Typed value, not {value!r}")
        return [type_bytes(value.type), _to_wire(value.value, value.type)]
    if isinstance(type_, str):
        return _primitive(value, type_)
    kind, inner = type_
    if kind == "object":
        return {name: _to_wire(_mapping(value).get(name), member) for name, member in inner.items()}
    if kind == "tuple":
        return [_to_wire(item, member) for item, member in zip(value, inner, strict=True)]
    if kind == "map":
        return {key: _to_wire(item, inner) for key, item in _mapping(value).items()}
    if isinstance(value, str | Mapping):
        raise TypeError(f"a {kind} cannot be {value!r}")
    return [_to_wire(item, inner) for item in value]


def _mapping(value: Value) -> Mapping[str, Value]:
    if not isinstance(value, Mapping):
        raise TypeError(f"a map or an object cannot be {value!r}")
    return value


def _primitive(value: Value, type_: str) -> Any:
    if type_ == "string" and isinstance(value, str):
        return value
    if type_ == "bool" and isinstance(value, bool):
        return value
    if type_ == "number" and isinstance(value, int | float | Decimal) and value is not True:
        return _number_to_wire(value)
    raise TypeError(f"a {type_} cannot be {value!r}")


def _number_to_wire(value: int | float | Decimal) -> int | float | str:
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else str(value)
    if isinstance(value, float):
        exact = Decimal(value) if value.is_integer() else _written(value)
    else:
        exact = value
    if exact == exact.to_integral_value():
        return _number_to_wire(int(exact))
    return float(exact) if Decimal(float(exact)) == exact else str(exact)
