"""The query protocol's parameters: a form in whose names the nesting is spelled.

Lists are `Name.member.1`, or `Name.1` where they are flat, maps `Name.entry.1.key` and `.value`.
Source: "AWS query protocol" in the Smithy documentation.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from bonkei.cloud.errors import ApiError
from bonkei.cloud.wire import timestamps
from bonkei.cloud.wire.model import ServiceModel, Shape

_DEPTH = 100
_Tree = dict[str, Any]
"""Parts of names, in one another; the text of a name is under the empty part."""


def read(model: ServiceModel, shape: Shape, form: str) -> dict[str, Any]:
    """The parameters of a form as it was sent. ApiError MalformedInput."""
    tree: _Tree = {}
    for name, value in parse_qsl(form, keep_blank_values=True, encoding="utf-8"):
        inner = tree
        for part in name.split("."):
            inner = inner.setdefault(part, {})
        inner[""] = value
    found: dict[str, Any] = _structure(model, shape, tree, 0)
    return found


def _value(model: ServiceModel, shape: Shape, tree: _Tree, depth: int) -> Any:
    if depth > _DEPTH:
        raise _malformed("The request is nested too deeply")
    match shape["type"]:
        case "structure":
            return _structure(model, shape, tree, depth)
        case "list":
            return _list(model, shape, tree, depth)
        case "map":
            return _map(model, shape, tree, depth)
    if "" not in tree:
        raise _malformed("Start of structure or map found where not expected.")
    return scalar(shape["type"], tree[""])


def _structure(model: ServiceModel, shape: Shape, tree: _Tree, depth: int) -> dict[str, Any]:
    found = {}
    for name, member in shape["members"].items():
        inner = model.shape(member)
        key = member.get("locationName", name)
        if inner["type"] == "list" and inner.get("flattened"):
            key = inner["member"].get("locationName", key)
        if key in tree:
            found[name] = _value(model, inner, tree[key], depth + 1)
    return found


def _list(model: ServiceModel, shape: Shape, tree: _Tree, depth: int) -> list[Any]:
    if not shape.get("flattened"):
        tree = tree.get(shape["member"].get("locationName", "member"), {})
    inner = model.shape(shape["member"])
    return [_value(model, inner, one, depth + 1) for one in _numbered(tree)]


def _map(model: ServiceModel, shape: Shape, tree: _Tree, depth: int) -> dict[str, Any]:
    if not shape.get("flattened"):
        tree = tree.get("entry", {})
    key, value = (shape[one].get("locationName", one) for one in ("key", "value"))
    inner = model.shape(shape["value"])
    return {
        one[key][""]: _value(model, inner, one.get(value, {"": ""}), depth + 1)
        for one in _numbered(tree)
        if "" in one.get(key, {})
    }


def _numbered(tree: _Tree) -> Iterator[_Tree]:
    """In the order of the numbers, of which some may be missing."""
    numbers = [part for part in tree if part]
    if not all(part.isascii() and part.isdecimal() for part in numbers):
        raise _malformed("Unexpected list element termination")
    for part in sorted(numbers, key=int):
        yield tree[part]


def scalar(kind: str, text: str) -> Any:
    """A value that is spelled as text: in a form, a path, a query or a header. ApiError."""
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
