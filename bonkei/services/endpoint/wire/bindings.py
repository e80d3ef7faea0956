"""REST: the values of a call in its path, query and headers, and those of an answer.

Source: "HTTP binding traits" in the Smithy documentation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from bonkei.services.endpoint.wire import forms
from bonkei.services.endpoint.wire.model import Route, ServiceModel, Shape


def read(
    model: ServiceModel, route: Route, path: str, query: str, headers: Mapping[str, str]
) -> dict[str, Any]:
    """The values outside the body. Header names are in lower case."""
    shape = model.input(route.operation)
    labels = route.path.fullmatch(path)
    asked = parse_qsl(query, keep_blank_values=True)
    found: dict[str, Any] = {}
    for name, member in shape["members"].items():
        wire_name, inner = member.get("locationName", name), model.shape(member)
        match member.get("location"):
            case "uri" if labels is not None:
                found[name] = forms.scalar(inner["type"], unquote(labels[wire_name]))
            case "querystring":
                values = [value for key, value in asked if key == wire_name]
                if values:
                    found[name] = _several(model, inner, values)
            case "header" if wire_name.lower() in headers:
                found[name] = forms.scalar(inner["type"], headers[wire_name.lower()].strip())
    return found


def _several(model: ServiceModel, shape: Shape, values: list[str]) -> Any:
    if shape["type"] == "list":
        kind = model.shape(shape["member"])["type"]
        return [forms.scalar(kind, value) for value in values]
    return forms.scalar(shape["type"], values[-1])


def headers_of(shape: Shape, value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The headers of an answer, all of them texts."""
    for name, member in shape["members"].items():
        if member.get("location") == "header" and value.get(name) is not None:
            yield member.get("locationName", name).lower(), str(value[name])


def status_of(shape: Shape, value: Mapping[str, Any], usual: int) -> int:
    """The status of an answer. A member may set it."""
    for name, member in shape["members"].items():
        if member.get("location") == "statusCode" and value.get(name) is not None:
            return int(value[name])
    return usual
