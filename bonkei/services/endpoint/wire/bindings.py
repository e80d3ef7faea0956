"""REST: the values of a call in its path, query and headers, and those of an answer.

Source: "HTTP binding traits" in the Smithy documentation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from bonkei.services.endpoint.wire import forms, timestamps
from bonkei.services.endpoint.wire.model import Member, Route, ServiceModel, Shape


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
                if inner["type"] == "map":
                    found[name] = _query_map(model, shape, inner, asked)
                elif values:
                    found[name] = _several(model, inner, values)
            case "header" if wire_name.lower() in headers:
                text = headers[wire_name.lower()]
                several = text.split(",") if inner["type"] == "list" else [text]
                found[name] = _several(model, inner, [one.strip() for one in several])
            case "headers":
                start = wire_name.lower()
                given = {
                    key[len(start) :]: value
                    for key, value in headers.items()
                    if key.startswith(start)
                }
                if given:
                    found[name] = given
    return found


def _query_map(
    model: ServiceModel, shape: Shape, inner: Shape, asked: list[tuple[str, str]]
) -> dict[str, Any]:
    """Everything that no other member of the operation has taken."""
    taken = {
        member.get("locationName", name)
        for name, member in shape["members"].items()
        if member.get("location") == "querystring"
    }
    value = model.shape(inner["value"])
    found: dict[str, Any] = {}
    for key, text in asked:
        if key in taken:
            continue
        if value["type"] == "list":
            found.setdefault(key, []).append(text)
        else:
            found[key] = text
    return found


def _several(model: ServiceModel, shape: Shape, values: list[str]) -> Any:
    if shape["type"] == "list":
        kind = model.shape(shape["member"])["type"]
        return [forms.scalar(kind, value) for value in values]
    return forms.scalar(shape["type"], values[-1])


def headers_of(
    model: ServiceModel, shape: Shape, value: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """The headers of an answer."""
    for name, member in shape["members"].items():
        one = value.get(name)
        if one is None:
            continue
        wire_name = member.get("locationName", name)
        if member.get("location") == "header":
            yield wire_name.lower(), _text(model.shape(member), one)
        elif member.get("location") == "headers":
            for key, text in one.items():
                yield f"{wire_name}{key}".lower(), str(text)


def status_of(shape: Shape, value: Mapping[str, Any], usual: int) -> int:
    """The status of an answer. A member may set it."""
    members: Mapping[str, Member] = shape["members"]
    for name, member in members.items():
        if member.get("location") == "statusCode" and value.get(name) is not None:
            return int(value[name])
    return usual


def _text(shape: Shape, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime) or shape["type"] == "timestamp":
        return timestamps.http_date(value)
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value)
