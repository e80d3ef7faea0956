"""SNS's filter policies, as pure functions that decide whether a subscription wants a message.

"Amazon SNS message filtering", https://docs.aws.amazon.com/sns/latest/dg/sns-message-filtering.html
A policy is an event pattern. It may be empty.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NoReturn

from bonkei.grammar.event_pattern import EventPatternError, parse_pattern
from bonkei.grammar.event_pattern.rules import Pattern
from bonkei.grammar.event_pattern.values import Steps

_NESTED = "Filter policy scope MessageAttributes does not support nested filter policy"
_MOST = 150
_MOST_KEYS = 5
"""Combinations of values, of all alternatives together, and keys ("Filter policy constraints"). A
value counts as often as it is deep, and of nested keys the outer one."""


def problem(policy: Any, scope: str = "MessageAttributes", *, with_place: bool = False) -> str:
    """Return SNS's reason for refusing the policy. The result is empty when it is valid.
    `with_place`: and how far it was read."""
    if not isinstance(policy, Mapping):
        return "FilterPolicy: must be a JSON object"
    try:
        pattern = parse_pattern(policy) if policy else None
    except EventPatternError as error:
        at = _place(policy, error.at) if with_place and error.at is not None else ""
        return f"FilterPolicy: {error.reason}{at}"
    if scope == "MessageAttributes" and _is_nested(policy):
        return _NESTED
    return "" if pattern is None else _too_much(pattern)


def _place(policy: Any, steps: Steps) -> str:
    """As Jackson tells it, the JSON parser of AWS, of the policy without spaces."""
    text, value = "", policy
    for step in steps:
        if isinstance(value, str):  # to its end
            text, value = text + _written(value)[:-1], ""
        elif isinstance(value, Mapping):
            names = list(value)
            before = "".join(_field(value, name) + "," for name in names[: names.index(step)])
            text, value = f"{text}{{{before}{_written(step)}:", value[step]
        else:
            before = ",".join(map(_written, value[: int(step)]))
            is_there = int(step) < len(value)
            text += f"[{before}{',' if is_there and before else ''}"
            value = value[int(step)] if is_there else ""
    last = 1 if isinstance(value, str | list | Mapping) else len(_written(value))
    column = len(text) + last + 1
    return f'\n at [Source: (String)"{_written(policy)}"; line: 1, column: {column}]'


def _field(value: Mapping[str, Any], name: str) -> str:
    return f"{_written(name)}:{_written(value[name])}"


def _written(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _is_nested(policy: Mapping[str, Any]) -> bool:
    either = policy.get("$or")
    parts = either if isinstance(either, list) else ()
    return any(isinstance(one, Mapping) for one in policy.values()) or any(
        isinstance(part, Mapping) and _is_nested(part) for part in parts
    )


def _too_much(pattern: Pattern) -> str:
    if any(
        len({path.partition(".")[0] for path, _ in rule}) > _MOST_KEYS for rule in pattern.rules
    ):
        return f"FilterPolicy: Filter policy can not have more than {_MOST_KEYS} keys"
    combined = (
        math.prod(len(each) * (path.count(".") + 1) for path, each in rule)
        for rule in pattern.rules
    )
    return "FilterPolicy: Filter policy is too complex" if sum(combined) > _MOST else ""


def wants(policy: Mapping[str, Any], attributes: Mapping[str, Mapping[str, Any]]) -> bool:
    """Decide in the scope MessageAttributes. `attributes` are by name, with DataType and
    StringValue."""
    return _matches(policy, {name: _attribute(one) for name, one in attributes.items()})


def wants_body(policy: Mapping[str, Any], body: str) -> bool:
    """Decide in the scope MessageBody. A body that is not a JSON object never matches."""
    try:
        document = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, Mapping) and _matches(policy, document)


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _matches(policy: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """One of the definitions may be wrong: it has not been checked. Nothing fits it."""
    if not policy:
        return True
    try:
        return _parsed(json.dumps(policy)).matches(values)
    except (EventPatternError, RecursionError):
        return False


@lru_cache(maxsize=256)
def _parsed(text: str) -> Pattern:
    return parse_pattern(json.loads(text))


def _attribute(attribute: Mapping[str, Any]) -> Any:
    text, kind = attribute.get("StringValue"), str(attribute.get("DataType", ""))
    if not kind.startswith(("String.Array", "Number")):
        return text
    try:
        return json.loads(str(text), parse_constant=_refuse)
    except (ValueError, RecursionError):
        return text
