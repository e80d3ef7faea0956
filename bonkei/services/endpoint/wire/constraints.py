"""A model's constraints on a value: required members, length, size, characters.

The messages are those of AWS's services ("1 validation error detected: Value null at 'name' failed
to satisfy constraint: Member must not be null").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice
from typing import Any

from bonkei.services.endpoint.errors import ApiError
from bonkei.services.endpoint.wire.model import ServiceModel, Shape

_TOLD = 10  # at most this many mistakes of one call are reported
_SHOWN = 2_000  # characters of a value
_LONGEST = 512  # characters of the name of a log group or a log stream
_UNTOLD = frozenset({"logGroupIdentifier"})  # AWS does not repeat these
_NUMBERS = frozenset({"integer", "long", "float", "double", "bigInteger", "bigDecimal"})


def check(model: ServiceModel, operation: str, parameters: Mapping[str, Any]) -> None:
    """Raises ApiError, with the operation's name for the error."""
    shape = model.input(operation)
    _check_names(model, parameters)
    faults = list(islice(_structure(model, shape, parameters, ""), _TOLD))
    if faults:
        count = f"{len(faults)} validation error{'s' if len(faults) > 1 else ''} detected: "
        raise ApiError(_code(model, operation), count + "; ".join(faults))


def _check_names(model: ServiceModel, parameters: Mapping[str, Any]) -> None:
    """CloudWatch Logs has words of its own for names that are too long."""
    if model.metadata["endpointPrefix"] != "logs":
        return
    if any(_size(parameters.get(each)) > _LONGEST for each in ("logGroupName", "logStreamName")):
        raise ApiError(
            "InvalidParameterException",
            "Invalid LogGroup or LogStream, both must have length less than or equal to "
            f"{_LONGEST}.",
        )


def _code(model: ServiceModel, operation: str) -> str:
    """CloudWatch Logs, ECS and ECR have no ValidationException. They use these codes."""
    if model.metadata["protocols"][-1] == "query":
        return "ValidationError"
    for code in ("ValidationException", "InvalidParameterException", "InvalidInputException"):
        if model.raises(operation, code):
            return code
    return "ValidationException"


def _structure(
    model: ServiceModel, shape: Shape, value: Mapping[str, Any], at: str
) -> Iterator[str]:
    for name in shape.get("required", ()):
        if value.get(name) is None:
            yield (
                f"Value null at '{_at(at, name)}' failed to satisfy constraint: "
                "Member must not be null"
            )
    for name, one in value.items():
        yield from _value(model, model.shape(shape["members"][name]), one, _at(at, name))


def _value(model: ServiceModel, shape: Shape, value: Any, at: str) -> Iterator[str]:
    if value is None or shape.get("document"):
        return
    kind = shape["type"]
    for constraint in _broken(shape, kind, value):
        shown = "" if at in _UNTOLD else f" {_shown(shape, value)}"
        yield f"Value{shown} at '{at}' failed to satisfy constraint: {constraint}"
    if kind == "structure":
        yield from _structure(model, shape, value, at)
    elif kind == "list":
        inner = model.shape(shape["member"])
        for number, one in enumerate(value, 1):
            yield from _value(model, inner, one, f"{at}.{number}.member")
    elif kind == "map":
        keys, inner = model.shape(shape["key"]), model.shape(shape["value"])
        for key, one in value.items():
            for constraint in _broken(keys, "string", key):
                yield (
                    f"Value {_shown(keys, key)} at '{at}' failed to satisfy constraint: "
                    f"Map keys must satisfy constraint: [{constraint}]"
                )
            yield from _value(model, inner, one, f"{at}.{key}.member")


def _broken(shape: Shape, kind: str, value: Any) -> Iterator[str]:
    low, high = shape.get("min"), shape.get("max")
    if low is not None or high is not None:
        number = kind in _NUMBERS
        size = value if number else _size(value)
        what = "value" if number else "length"
        if low is not None and size < low:
            yield f"Member must have {what} greater than or equal to {low}"
        if high is not None and size > high:
            yield f"Member must have {what} less than or equal to {high}"
    if kind != "string":
        return
    if (pattern := shape.get("pattern")) and not _matches(pattern, value):
        yield f"Member must satisfy regular expression pattern: {pattern}"
    if (known := shape.get("enum")) and value not in known:
        yield f"Member must satisfy enum value set: [{', '.join(sorted(known, key=_bucket))}]"


def _bucket(text: str) -> int:
    """AWS lists an enumeration in the order of a hash table: by the last five bits of Java's hash
    codes, as the recordings of LocalStack's tests have it."""
    found = 0
    for letter in text:
        found = (31 * found + ord(letter)) % 32
    return found


def _size(value: Any) -> int:
    return len(value) if isinstance(value, str | bytes | list | dict) else 0


def _matches(pattern: str, value: str) -> bool:
    compiled = _compiled(pattern)
    return compiled is None or compiled.fullmatch(value) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """Some patterns work only in Java. These are not checked."""
    for java, ours in _JAVA:
        pattern = pattern.replace(java, ours)
    try:
        return re.compile(pattern)
    except re.error:
        return None


_JAVA = (
    (r"\p{L}\p{Z}\p{N}", r"\w\s"),
    (r"\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}", r"^\x00-\x1f\x7f"),
)


def _shown(shape: Shape, value: Any) -> str:
    if shape.get("sensitive"):
        return "'***'"
    text = f"{value}"
    return f"'{text[:_SHOWN]}'"


def _at(outer: str, name: str) -> str:
    spelled = name[:1].lower() + name[1:]
    return f"{outer}.{spelled}" if outer else spelled
