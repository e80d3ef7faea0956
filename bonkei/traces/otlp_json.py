"""OTLP's JSON as spans. Exporters of JavaScript send it, hundreds of spans at once. Protobuf's own
reader of JSON takes a millisecond for each.

Ids are hexadecimal, names are in lowerCamelCase, 64-bit numbers may be text, and unknown members
are ignored ("OTLP Specification", JSON Protobuf Encoding).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from bonkei.traces.span import KINDS, LONGEST, MOST_ATTRIBUTES, UNKNOWN, Span

_HEX = re.compile(r"[0-9a-fA-F]*")
_ERRORS = (2, "STATUS_CODE_ERROR")
_NAMES = {f"SPAN_KIND_{name.upper()}": name for name in KINDS}
_NANO = 2**64  # no number is as large


def read(body: bytes) -> Iterator[Span]:
    """Raises ValueError, TypeError, OverflowError or RecursionError if it is no such request."""
    for resource in _list(json.loads(body), "resourceSpans"):
        attributes = _list(_member(resource, "resource", dict, {}), "attributes")
        named = (_value(each) for each in attributes if each.get("key") == "service.name")
        service = next(named, "")[:LONGEST] or UNKNOWN
        for scope in _list(resource, "scopeSpans"):
            for span in _list(scope, "spans"):
                if (trace := _id(span, "traceId", 32)) and (own := _id(span, "spanId", 16)):
                    yield _span(span, trace, own, service)


def _span(span: dict[str, Any], trace: str, own: str, service: str) -> Span:
    begin = _nanoseconds(span, "startTimeUnixNano") / 1e9
    return Span(
        trace=trace,
        id=own,
        parent=_id(span, "parentSpanId", 16),
        service=service,
        name=_text(_member(span, "name", str, "")),
        kind=_kind(_member(span, "kind", (int, str), 0)),
        begin=begin,
        seconds=max(0.0, _nanoseconds(span, "endTimeUnixNano") / 1e9 - begin),
        is_error=_member(span, "status", dict, {}).get("code") in _ERRORS,
        attributes=tuple(
            (_text(_member(each, "key", str, "")), _value(each))
            for each in _list(span, "attributes")[:MOST_ATTRIBUTES]
        ),
    )


def _member(value: Any, name: str, kind: type | tuple[type, ...], usual: Any) -> Any:
    """A member of this kind; null is as none."""
    if not isinstance(value, dict):
        raise TypeError(name)
    found = value.get(name)
    if found is None:
        return usual
    if not isinstance(found, kind):
        raise TypeError(name)
    return found


def _list(value: Any, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _member(value, name, list, [])
    if not all(isinstance(each, dict) for each in found):
        raise TypeError(name)
    return found


def _id(span: dict[str, Any], name: str, length: int) -> str:
    """Empty unless it is one."""
    found = span.get(name)
    is_one = isinstance(found, str) and len(found) == length and _HEX.fullmatch(found)
    return str(found).lower() if is_one else ""


def _nanoseconds(span: dict[str, Any], name: str) -> int:
    number = int(_member(span, name, (int, float, str), 0))
    if not 0 <= number < _NANO:
        raise ValueError(name)
    return number


def _kind(kind: int | str) -> str:
    if isinstance(kind, str):
        return _NAMES.get(kind, KINDS[0])
    return KINDS[kind] if 0 <= kind < len(KINDS) else KINDS[0]


def _text(text: str) -> str:
    """Cut to its length. UnicodeEncodeError for half a character, which nothing could show."""
    text = text[:LONGEST]
    if not text.isascii():
        text.encode()
    return text


def _value(attribute: dict[str, Any]) -> str:
    """The value of an attribute, as text."""
    for name, found in _member(attribute, "value", dict, {}).items():
        if name in _VALUES and found is not None:
            return _text(_VALUES[name](found))
    return ""


def _string(found: Any) -> str:
    if not isinstance(found, str):
        raise TypeError
    return found


def _array(found: Any) -> str:
    return ", ".join(_value({"value": each}) for each in _list(found, "values")[:MOST_ATTRIBUTES])


_VALUES: dict[str, Callable[[Any], str]] = {
    "stringValue": _string,
    "boolValue": lambda found: str(bool(found)),
    "intValue": lambda found: str(int(found)),
    "doubleValue": lambda found: str(float(found)),
    "bytesValue": lambda found: f"{len(base64.b64decode(_string(found)))} bytes",
    "arrayValue": _array,
    "kvlistValue": lambda _: "{…}",
}
