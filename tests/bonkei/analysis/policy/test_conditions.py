"""Condition operators, by the examples and rules of the IAM User Guide.

"IAM JSON policy elements: Condition operators" and "Single-valued vs. multivalued context keys".
"""

import pytest

from bonkei.analysis.policy.condition import Condition, UnknownOperatorError, conditions_of, holds

CONTEXT = {
    "aws:username": ("ann",),
    "aws:principaltag/team": ("Blue",),
    "aws:sourceip": ("203.0.113.7",),
    "aws:currenttime": ("2026-05-01T12:00:00Z",),
    "aws:securetransport": ("true",),
    "s3:max-keys": ("10",),
    "aws:sourcearn": ("arn:aws:sns:eu-west-1:1:alarms",),
    "aws:tagkeys": ("env", "team"),
}


@pytest.mark.parametrize(
    ("operator", "key", "values", "expected"),
    [
        ("StringEquals", "aws:username", ("bob", "ann"), True),
        ("StringEquals", "aws:username", ("Ann",), False),
        ("StringNotEquals", "aws:username", ("bob", "ann"), False),
        ("StringNotEquals", "aws:username", ("bob",), True),
        ("StringEqualsIgnoreCase", "aws:principaltag/team", ("blue",), True),
        ("StringNotEqualsIgnoreCase", "aws:principaltag/team", ("blue",), False),
        ("StringLike", "aws:username", ("a*",), True),
        ("StringLike", "aws:username", ("A*",), False),
        ("StringNotLike", "aws:username", ("b*",), True),
        ("StringLike", "aws:username", ("${aws:username}",), True),
        ("StringEquals", "aws:username", ("a*",), False),
        ("NumericLessThanEquals", "s3:max-keys", ("10",), True),
        ("NumericLessThan", "s3:max-keys", ("10",), False),
        ("NumericGreaterThan", "s3:max-keys", ("9.5",), True),
        ("NumericEquals", "s3:max-keys", ("ten",), False),
        ("NumericNotEquals", "s3:max-keys", ("11",), True),
        ("DateLessThan", "aws:currenttime", ("2026-05-02",), True),
        ("DateGreaterThanEquals", "aws:currenttime", ("2026-05-01T12:00:00Z",), True),
        ("DateGreaterThan", "aws:currenttime", ("4102444800",), False),
        ("Bool", "aws:securetransport", ("true",), True),
        ("Bool", "aws:securetransport", ("false",), False),
        ("IpAddress", "aws:sourceip", ("203.0.113.0/24",), True),
        ("IpAddress", "aws:sourceip", ("2001:db8::/32",), False),
        ("NotIpAddress", "aws:sourceip", ("198.51.100.0/24",), True),
        ("ArnLike", "aws:sourcearn", ("arn:aws:sns:*:1:a*",), True),
        ("ArnEquals", "aws:sourcearn", ("arn:aws:sns:*:1:a*",), True),
        ("ArnNotLike", "aws:sourcearn", ("arn:aws:sqs:*:*:*",), True),
        ("ForAllValues:StringEquals", "aws:tagkeys", ("env", "team", "x"), True),
        ("ForAllValues:StringEquals", "aws:tagkeys", ("env",), False),
        ("ForAnyValue:StringEquals", "aws:tagkeys", ("env",), True),
        ("ForAnyValue:StringEquals", "aws:tagkeys", ("x",), False),
        ("ForAnyValue:StringNotEquals", "aws:tagkeys", ("env",), True),
        ("ForAllValues:StringNotEquals", "aws:tagkeys", ("env",), False),
    ],
)
def test_an_operator(operator: str, key: str, values: tuple[str, ...], expected: bool) -> None:
    assert holds(Condition(operator, key, values), CONTEXT) is expected


@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [
        ("StringEquals", ("x",), False),
        ("StringEqualsIfExists", ("x",), True),
        ("StringNotEquals", ("x",), True),
        ("ArnNotLike", ("x",), True),
        ("NotIpAddress", ("10.0.0.0/8",), True),
        ("Bool", ("false",), False),
        ("ForAllValues:StringEquals", ("x",), True),
        ("ForAnyValue:StringEquals", ("x",), False),
        ("ForAnyValue:StringNotEquals", ("x",), False),
        ("Null", ("true",), True),
        ("Null", ("false",), False),
    ],
)
def test_a_key_that_the_request_lacks(
    operator: str, values: tuple[str, ...], expected: bool
) -> None:
    assert holds(Condition(operator, "aws:absent", values), CONTEXT) is expected


def test_null_of_a_present_key() -> None:
    assert holds(Condition("Null", "aws:username", ("false",)), CONTEXT)
    assert not holds(Condition("Null", "aws:username", ("true",)), CONTEXT)


def test_values_of_one_operator_and_key_belong_together() -> None:
    entries = [("StringEquals", "aws:A", "1"), ("StringEquals", "aws:a", "2")]
    assert conditions_of(entries) == (Condition("StringEquals", "aws:a", ("1", "2")),)


@pytest.mark.parametrize("operator", ["StringIs", "SomeValues:StringEquals", "Null:Bool"])
def test_an_unknown_operator(operator: str) -> None:
    with pytest.raises(UnknownOperatorError, match=operator):
        conditions_of([(operator, "aws:username", "x")])
