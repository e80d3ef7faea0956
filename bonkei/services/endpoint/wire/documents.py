"""Values in a document: those of JSON and CBOR, and the corresponding values of a call.

CBOR has its own bytes and timestamps. JSON has base 64 and numbers for them. Everything else is the
same, so both use the same code.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bonkei.services.endpoint.errors import ApiError
from bonkei.services.endpoint.wire import timestamps
from bonkei.services.endpoint.wire.model import Member, ServiceModel, Shape

_DEPTH = 100
"""Nested structures. No API is nested more deeply, and Python's stack would overflow."""


def read(model: ServiceModel, shape: Shape, value: Any, depth: int = 0) -> Any:
    """The value of a shape. Raises ApiError SerializationException if it has another type."""
    if depth > _DEPTH:
        raise ApiError("SerializationException", "The request is nested too deeply.")
    kind = shape["type"]
    if shape.get("document"):
        return value
    if kind == "structure":
        _require(value, dict, kind)
        return _structure(model, shape, value, depth + 1)
    if kind == "list":
        _require(value, list, kind)
        inner = model.shape(shape["member"])
        return [None if one is None else read(model, inner, one, depth + 1) for one in value]
    if kind == "map":
        _require(value, dict, kind)
        inner = model.shape(shape["value"])
        return {
            str(name): None if one is None else read(model, inner, one, depth + 1)
            for name, one in value.items()
        }
    return _scalar(kind, value)


def _structure(
    model: ServiceModel, shape: Shape, value: Mapping[str, Any], depth: int
) -> dict[str, Any]:
    found = {}
    for name, member in shape["members"].items():
        if "location" in member:
            continue
        given = value.get(member.get("locationName", name))
        if given is not None:
            found[name] = read(model, model.shape(member), given, depth)
    return found


def _scalar(kind: str, value: Any) -> Any:
    match kind:
        case "string" | "character":
            _require(value, str, kind)
        case "boolean":
            _require(value, bool, kind)
        case "integer" | "long" | "bigInteger":
            if isinstance(value, float) and value.is_integer():
                return int(value)
            _require(value, int, kind)
        case "float" | "double" | "bigDecimal":
            if value in ("NaN", "Infinity", "-Infinity"):
                return float(value)
            _require(value, int | float, kind)
            return float(value)
        case "timestamp":
            try:
                return timestamps.parse(value)
            except ValueError:
                raise _wrong(value, kind) from None
        case "blob":
            return _blob(value)
    return value


def _blob(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    _require(value, str, "blob")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ApiError("SerializationException", "A blob is not valid base 64.") from None


def _require(value: Any, wanted: Any, kind: str) -> None:
    if not isinstance(value, wanted) or (isinstance(value, bool) and kind != "boolean"):
        raise _wrong(value, kind)


_KINDS: Mapping[type, str] = {
    str: "STRING_VALUE", int: "NUMBER_VALUE", float: "DECIMAL_VALUE", dict: "START_OBJECT",
    list: "START_ARRAY", type(None): "NULL_VALUE",
}  # fmt: skip


def _wrong(value: Any, kind: str) -> ApiError:
    given = f"{value}".upper() + "_VALUE" if isinstance(value, bool) else ""
    given = given or _KINDS.get(type(value), type(value).__name__)
    return ApiError("SerializationException", f"{given} can not be converted to a {kind}")


def write(model: ServiceModel, shape: Shape, value: Any, *, binary: bool) -> Any:
    """The document of a value. `binary`: for CBOR. Raises TypeError or KeyError if the value does
    not fit the shape. This is a bug of the service, not of the client."""
    kind = shape["type"]
    if kind == "structure":
        return _write_structure(model, shape, value, binary)
    if kind == "list":
        inner = model.shape(shape["member"])
        return [write(model, inner, one, binary=binary) for one in value]
    if kind == "map":
        inner = model.shape(shape["value"])
        return {key: write(model, inner, one, binary=binary) for key, one in value.items()}
    if kind == "blob":
        return bytes(value) if binary else base64.b64encode(value).decode()
    if kind == "timestamp":
        return _moment(value) if binary else timestamps.seconds(value)
    if kind in ("integer", "long"):
        return int(value)
    if kind in ("float", "double"):
        return _special(float(value)) if not binary else float(value)
    return value


def _write_structure(
    model: ServiceModel, shape: Shape, value: Mapping[str, Any], binary: bool
) -> dict[str, Any]:
    members: Mapping[str, Member] = shape["members"]
    written = {}
    for name, one in value.items():
        if one is None:
            continue
        member = members[name]
        if "location" not in member:
            key = name if binary else member.get("locationName", name)
            written[key] = write(model, model.shape(member), one, binary=binary)
    return written


def _moment(value: datetime | float) -> Any:
    from cbor2 import CBORTag  # noqa: PLC0415 - two services of many are spoken to like this

    return CBORTag(1, timestamps.seconds(value))  # a double, as AWS writes it


def _special(value: float) -> float | str:
    """JSON cannot express them, so Smithy's protocols write them as strings."""
    if value != value:
        return "NaN"
    return {float("inf"): "Infinity", float("-inf"): "-Infinity"}.get(value, value)
