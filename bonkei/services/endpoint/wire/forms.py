"""The query protocol's parameters: a form whose names spell the nesting.

Lists are `Name.member.1`, maps `Name.entry.1.key` and `.value`. No service here has flat ones.
Source: "AWS query protocol" in the Smithy documentation.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from bonkei.services.endpoint.errors import ApiError
from bonkei.services.endpoint.wire import timestamps
from bonkei.services.endpoint.wire.model import ServiceModel, Shape

_DEPTH = 30  # parts of a name; no API has more
_FIELDS = 20_000
_Tree = dict[str | None, Any]
"""Nested parts of names. The text of a name is under None."""


def fields(form: str) -> list[tuple[str, str]]:
    """A form's names and values, in order. Raises ApiError MalformedInput if there are too many."""
    try:
        return parse_qsl(form, keep_blank_values=True, max_num_fields=_FIELDS)
    except ValueError:
        raise _malformed("The request has too many parameters") from None


def read(model: ServiceModel, shape: Shape, form: str) -> dict[str, Any]:
    """The parameters of a form as sent. Raises ApiError MalformedInput."""
    tree: _Tree = {}
    for name, value in fields(form):
        parts = name.split(".", _DEPTH)
        if len(parts) > _DEPTH:
            raise _malformed("The request is nested too deeply")
        inner = tree
        for part in parts:
            inner = inner.setdefault(part, {})
        inner[None] = value
    return _structure(model, shape, tree)


def _value(model: ServiceModel, shape: Shape, tree: _Tree) -> Any:
    match shape["type"]:
        case "structure":
            return _structure(model, shape, tree)
        case "list":
            return _list(model, shape, tree)
        case "map":
            return _map(model, shape, tree)
    if None not in tree:
        raise _malformed("Start of structure or map found where not expected.")
    return scalar(shape["type"], tree[None])


def _structure(model: ServiceModel, shape: Shape, tree: _Tree) -> dict[str, Any]:
    found = {}
    for name, member in shape["members"].items():
        inner = model.shape(member)
        key = member.get("locationName", name)
        if key in tree:
            found[name] = _value(model, inner, tree[key])
    return found


def _list(model: ServiceModel, shape: Shape, tree: _Tree) -> list[Any]:
    tree = tree.get(shape["member"].get("locationName", "member"), {})
    inner = model.shape(shape["member"])
    return [_value(model, inner, one) for one in _numbered(tree)]


def _map(model: ServiceModel, shape: Shape, tree: _Tree) -> dict[str, Any]:
    tree = tree.get("entry", {})
    key, value = (shape[one].get("locationName", one) for one in ("key", "value"))
    inner = model.shape(shape["value"])
    return {
        one[key][None]: _value(model, inner, one.get(value, {None: ""}))
        for one in _numbered(tree)
        if None in one.get(key, {})
    }


def _numbered(tree: _Tree) -> Iterator[_Tree]:
    """In the order of the numbers. Some numbers may be missing."""
    numbers = [part for part in tree if part is not None]
    if not all(part.isascii() and part.isdecimal() and len(part) < 10 for part in numbers):
        raise _malformed("Unexpected list element termination")
    for part in sorted(numbers, key=int):
        yield tree[part]


def scalar(kind: str, text: str) -> Any:
    """A value in the form of text: in a form, a path, a query or a header. Raises ApiError."""
    try:
        match kind:
            case "integer" | "long" | "bigInteger":
                return int(text)
            case "float" | "double" | "bigDecimal":
                return float(text)
            case "boolean":
                return {"true": True, "false": False}[text.lower()]
            case "timestamp":
                return timestamps.parse(text)
            case "blob":
                return base64.b64decode(text, validate=True)
    except (ValueError, KeyError, binascii.Error):
        raise _malformed(f"'{text[:100]}' can not be converted to a {kind}") from None
    return text


def _malformed(message: str) -> ApiError:
    return ApiError("MalformedInput", message)
