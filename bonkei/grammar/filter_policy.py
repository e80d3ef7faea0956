"""SNS's filter policies, as pure functions that decide whether a subscription wants a message.

Sources: "Subscription filter policies", "Filter policy scope", "Filter policy constraints" in the
Amazon SNS Developer Guide.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from ipaddress import ip_address, ip_network
from typing import Any

_MISSING: tuple[Any, ...] = ()
_OPERATORS = frozenset(
    {"anything-but", "cidr", "equals-ignore-case", "exists", "numeric", "prefix", "suffix"}
)
_COMPARISONS = ("=", "<", "<=", ">", ">=")
_OF_TEXT = frozenset({"cidr", "equals-ignore-case", "prefix", "suffix"})


def problem(policy: Any, scope: str = "MessageAttributes") -> str:
    """Return SNS's reason for refusing the policy. The result is empty when it is valid."""
    if not isinstance(policy, Mapping):
        return "FilterPolicy: must be a JSON object"
    for name, rule in policy.items():
        if name == "$or" and isinstance(rule, Sequence) and not isinstance(rule, str):
            found = next((said for each in rule if (said := problem(each, scope))), "")
        elif isinstance(rule, Mapping):
            nested = "FilterPolicy: Filter policy scope MessageAttributes does not support nested"
            found = problem(rule, scope) if scope == "MessageBody" else f"{nested} filter policy"
        elif isinstance(rule, list):
            found = next((said for each in rule if (said := _condition_problem(each))), "")
        else:
            found = f'FilterPolicy: "{name}" must be an object or an array'
        if found:
            return found
    return ""


def _condition_problem(condition: Any) -> str:
    if not isinstance(condition, Mapping):
        return (
            "FilterPolicy: Match value must be String, number, true, false, or null"
            * isinstance(condition, list)
        )
    if len(condition) != 1 or next(iter(condition)) not in _OPERATORS:
        return f"FilterPolicy: Unrecognized match type {next(iter(condition), '')}"
    name, given = next(iter(condition.items()))
    if name == "exists" and not isinstance(given, bool):
        return "FilterPolicy: exists match pattern must be either true or false."
    if name == "numeric" and not _is_numeric(given):
        return "FilterPolicy: Value of numeric must be an array of comparisons and numbers"
    if name in _OF_TEXT and not isinstance(given, str):
        return f"FilterPolicy: {name} match pattern must be a string"
    if name == "anything-but" and isinstance(given, Mapping):
        return _condition_problem(given)
    return ""


def _is_numeric(given: Any) -> bool:
    return (
        isinstance(given, list)
        and len(given) in (2, 4)
        and all(sign in _COMPARISONS for sign in given[::2])
        and all(_is_number(value) for value in given[1::2])
    )


def wants(policy: Mapping[str, Any], attributes: Mapping[str, Mapping[str, Any]]) -> bool:
    """Decide in the scope MessageAttributes. `attributes` are by name, with DataType and
    StringValue."""
    values = {name: _attribute(attribute) for name, attribute in attributes.items()}
    try:
        return _matches(policy, values)
    except RecursionError:
        return False


def wants_body(policy: Mapping[str, Any], body: str) -> bool:
    """Decide in the scope MessageBody. A body that is not a JSON object never matches."""
    try:
        document = json.loads(body)
        return isinstance(document, Mapping) and _matches(policy, document)
    except (ValueError, RecursionError):
        return False


def _attribute(attribute: Mapping[str, Any]) -> Any:
    text, kind = attribute.get("StringValue"), str(attribute.get("DataType", ""))
    if kind.startswith("String.Array"):
        try:
            return json.loads(str(text))
        except (ValueError, RecursionError):
            return text
    if kind.startswith("Number"):
        try:
            return Decimal(str(text))
        except InvalidOperation:
            return text
    return text


def _matches(policy: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    for name, rule in policy.items():
        if name == "$or" and isinstance(rule, list):
            if not any(_matches(each, values) for each in rule):
                return False
        elif isinstance(rule, Mapping):
            if not any(_matches(rule, each) for each in _objects(values.get(name))):
                return False
        elif not _any(rule, _scalars(values[name]) if name in values else _MISSING):
            return False
    return True


def _objects(value: Any) -> list[Mapping[str, Any]]:
    """Return the objects on the way, including those in arrays, or an empty object where there is
    none."""
    if isinstance(value, list):
        return [found for each in value for found in _objects(each)] or [{}]
    return [value] if isinstance(value, Mapping) else [{}]


def _scalars(value: Any) -> tuple[Any, ...]:
    if isinstance(value, list):
        return tuple(found for each in value for found in _scalars(each))
    return (value,)


def _any(conditions: Sequence[Any], found: tuple[Any, ...]) -> bool:
    return any(_holds(condition, found) for condition in conditions)


def _holds(condition: Any, found: tuple[Any, ...]) -> bool:
    if isinstance(condition, Mapping) and "exists" in condition:
        return bool(found) is bool(condition["exists"])
    return any(_fits(condition, value) for value in found)


def _fits(condition: Any, value: Any) -> bool:
    if not isinstance(condition, Mapping):
        return _equal(condition, value)
    operator, given = _operator(condition)
    if operator == "anything-but":
        return _is_anything_but(given, value)
    if operator == "numeric":
        is_known = _is_numeric(given) and _is_number(value)
        return is_known and _compares(given, Decimal(str(value)))
    if not isinstance(value, str):
        return False
    match operator:
        case "prefix":
            return value.startswith(str(given))
        case "suffix":
            return value.endswith(str(given))
        case "equals-ignore-case":
            return value.lower() == str(given).lower()
        case "cidr":
            return _is_in(value, given)
    return False


def _operator(condition: Mapping[str, Any]) -> tuple[str, Any]:
    """Return the operator's name and its operand. A policy from the definitions has not been
    checked, so the condition may be empty."""
    return next(iter(condition.items()), ("", None))


def _is_anything_but(given: Any, value: Any) -> bool:
    if isinstance(given, Mapping):
        return not _fits(given, value)
    excluded = given if isinstance(given, list) else [given]
    return not any(_equal(each, value) for each in excluded)


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool) or one is None or other is None:
        return one is other or (isinstance(other, str) and other == json.dumps(one))
    if _is_number(one) and _is_number(other):
        return Decimal(str(one)) == Decimal(str(other))
    return isinstance(one, str) and isinstance(other, str) and one == other


def _is_number(value: Any) -> bool:
    """Whether it is a finite number. Python's JSON also has NaN, which cannot be compared."""
    if isinstance(value, Decimal):
        return value.is_finite()
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


def _compares(pairs: Sequence[Any], value: Decimal) -> bool:
    for sign, bound in zip(pairs[::2], pairs[1::2], strict=True):
        limit = Decimal(str(bound))
        holds = {
            "=": value == limit, "<": value < limit, "<=": value <= limit,
            ">": value > limit, ">=": value >= limit,
        }  # fmt: skip
        if not holds[sign]:
            return False
    return True


def _is_in(value: str, network: str) -> bool:
    try:
        return ip_address(value) in ip_network(network)
    except ValueError:
        return False
