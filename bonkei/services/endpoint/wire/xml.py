"""The query protocol's answers: XML with the model's names."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from bonkei.services.endpoint.wire import timestamps
from bonkei.services.endpoint.wire.model import ServiceModel, Shape

HEAD = b'<?xml version="1.0" encoding="UTF-8"?>\n'
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text(value: str) -> str:
    """A value's text. A character that XML cannot contain becomes U+FFFD."""
    return escape(_NO_XML.sub("\ufffd", value), quote=False)


def envelope(
    model: ServiceModel, operation: str, value: Mapping[str, Any], request_id: str
) -> bytes:
    """The answer of an operation, in its wrapper."""
    shape = model.output(operation)
    inside = "".join(_members(model, shape, value))
    if wrapper := model.operations[operation].get("output", {}).get("resultWrapper"):
        inside = f"<{wrapper}>{inside}</{wrapper}>"
    whole = (
        f'<{operation}Response xmlns="{namespace(model)}">{inside}<ResponseMetadata>'
        f"<RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>"
    )
    return HEAD + whole.encode()


def namespace(model: ServiceModel) -> str:
    """The XML namespace of a service's answers, for an attribute."""
    return escape(model.metadata.get("xmlNamespace", ""))


def _members(model: ServiceModel, shape: Shape, value: Mapping[str, Any]) -> Iterator[str]:
    for name, one in value.items():
        member = shape["members"][name]
        if one is not None:
            yield from _element(model, model.shape(member), member.get("locationName", name), one)


def _element(model: ServiceModel, shape: Shape, name: str, value: Any) -> Iterator[str]:
    kind = shape["type"]
    yield f"<{name}>"
    if kind == "structure":
        yield from _members(model, shape, value)
    elif kind == "list":
        inner = model.shape(shape["member"])
        item = shape["member"].get("locationName", "member")
        for one in value:
            yield from _element(model, inner, item, one)
    elif kind == "map":
        for key, one in value.items():
            yield f"<entry>{''.join(_entry(model, shape, key, one))}</entry>"
    else:
        yield text(_scalar(kind, value))
    yield f"</{name}>"


def _entry(model: ServiceModel, shape: Shape, key: str, value: Any) -> Iterator[str]:
    keys, values = shape["key"], shape["value"]
    yield from _element(model, model.shape(keys), keys.get("locationName", "key"), key)
    yield from _element(model, model.shape(values), values.get("locationName", "value"), value)


def _scalar(kind: str, value: Any) -> str:
    if kind == "boolean":
        return "true" if value else "false"
    if kind in ("integer", "long"):
        return str(int(value))
    if kind == "timestamp":
        return timestamps.iso(value)
    if kind == "blob":
        return base64.b64encode(value).decode()
    return str(value)
