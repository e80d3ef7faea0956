"""Condition blocks.

"IAM JSON policy elements: Condition operators",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
and "Single-valued vs. multivalued context keys" for the operators of sets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from operator import eq, ge, gt, le, lt

from bonkei.analysis.policy.wildcard import Context, matches, matches_arn, plain, substitute

_Test = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator on one key. At least one of its values must match; with a negated operator, none
    may.

    `operator` as the policy has it, such as `ForAnyValue:StringLikeIfExists`; `key` in lower case.
    `has_variables`: whether `${…}` in a value is a policy variable.
    """

    operator: str
    key: str
    values: tuple[str, ...]
    has_variables: bool = True


class UnknownOperatorError(ValueError):
    """IAM does not know the operator."""


def conditions_of(
    entries: Iterable[tuple[str, str, str]], *, has_variables: bool = True
) -> tuple[Condition, ...]:
    """Join (operator, key, value) by operator and key. Raises UnknownOperatorError."""
    values: dict[tuple[str, str], list[str]] = {}
    for operator, key, value in entries:
        _parse(operator)
        values.setdefault((operator, key.lower()), []).append(value)
    return tuple(Condition(*head, tuple(found), has_variables) for head, found in values.items())


def holds(condition: Condition, context: Context) -> bool:
    """Whether the condition is met. If the request lacks the key, the condition fails, unless the
    operator is negated, ends in IfExists, or is ForAllValues."""
    quantifier, name, if_exists = _parse(condition.operator)
    given = context.get(condition.key, ())
    if name == "Null":
        return any((value == "true") == (not given) for value in condition.values)
    positive = _OPPOSITES.get(name, name)
    is_negated = positive != name
    if not given:
        return quantifier == "ForAllValues" or (
            quantifier != "ForAnyValue" and (if_exists or is_negated)
        )
    wanted: Sequence[str | None] = condition.values
    if condition.has_variables:
        wanted = [substitute(value, context) for value in condition.values]
    test = _TESTS[positive]

    def satisfies(value: str) -> bool:
        found = any(pattern is not None and test(pattern, value) for pattern in wanted)
        return found != is_negated

    if quantifier == "ForAnyValue":
        return any(map(satisfies, given))
    # Compare a single-valued operator with several values. With a negated operator, every value
    # must hold.
    if quantifier == "ForAllValues" or is_negated:
        return all(map(satisfies, given))
    return any(map(satisfies, given))


def _parse(operator: str) -> tuple[str, str, bool]:
    quantifier, _, rest = operator.rpartition(":")
    name = rest.removesuffix("IfExists")
    if quantifier not in ("", "ForAllValues", "ForAnyValue") or name not in _NAMES:
        raise UnknownOperatorError(operator)
    return quantifier, name, rest != name


def _same(wanted: str, given: str) -> bool:
    return plain(wanted) == given


def _same_in_any_case(wanted: str, given: str) -> bool:
    return plain(wanted).lower() == given.lower()


def _ordered(value: Callable[[str], float], compare: Callable[[float, float], bool]) -> _Test:
    def test(wanted: str, given: str) -> bool:
        try:
            return compare(value(given), value(wanted))
        except ValueError:
            return False

    return test


def _instant(text: str) -> float:
    """Seconds since the epoch. A policy may also give this number."""
    try:
        return float(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _address(wanted: str, given: str) -> bool:
    try:
        return ip_address(given) in ip_network(wanted, strict=False)
    except ValueError:
        return False


_TESTS: dict[str, _Test] = {
    "StringEquals": _same,
    "StringEqualsIgnoreCase": _same_in_any_case,
    "StringLike": matches,
    "NumericEquals": _ordered(float, eq),
    "NumericLessThan": _ordered(float, lt),
    "NumericLessThanEquals": _ordered(float, le),
    "NumericGreaterThan": _ordered(float, gt),
    "NumericGreaterThanEquals": _ordered(float, ge),
    "DateEquals": _ordered(_instant, eq),
    "DateLessThan": _ordered(_instant, lt),
    "DateLessThanEquals": _ordered(_instant, le),
    "DateGreaterThan": _ordered(_instant, gt),
    "DateGreaterThanEquals": _ordered(_instant, ge),
    "Bool": _same_in_any_case,
    "BinaryEquals": _same,
    "IpAddress": _address,
    "ArnEquals": matches_arn,
    "ArnLike": matches_arn,
}
_OPPOSITES = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}
_NAMES = {*_TESTS, *_OPPOSITES, "Null"}
