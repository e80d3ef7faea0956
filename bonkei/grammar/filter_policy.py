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

_NESTED = "Filter policy scope MessageAttributes does not support nested filter policy"
_MOST = 150
_MOST_KEYS = 5
"""Combinations of values, of all alternatives together, and keys ("Filter policy constraints"). A
value counts as often as it is deep, and of nested keys the outer one."""


def problem(policy: Any, scope: str = "MessageAttributes") -> str:
    """Return SNS's reason for refusing the policy. The result is empty when it is valid."""
    if not isinstance(policy, Mapping):
        return "FilterPolicy: must be a JSON object"
    if scope == "MessageAttributes" and _is_nested(policy):
        return _NESTED
    try:
        pattern = parse_pattern(policy) if policy else None
    except EventPatternError as error:
        return f"FilterPolicy: {error.reason}"
    return "" if pattern is None else _too_much(pattern)


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
