"""One evaluation with two users: the readers of definitions, and the decision about calls."""

from dataclasses import replace

import pytest
from hypothesis import given

from bonkei.analysis.policy import Policies, Policy, Request, decide
from bonkei.analysis.policy.lenient import allowed
from bonkei.blueprint.iam import PolicyStatement
from tests.bonkei.analysis.policy.test_evaluation import policy_texts, requests

OBJECT = "arn:aws:s3:::documents/ann/a.txt"


def said(effect: str, **more: object) -> PolicyStatement:
    fields = {"actions": ("s3:GetObject",), "resources": ("*",), **more}
    return PolicyStatement("x.y", effect, **fields)  # type: ignore[arg-type]


CONDITION = (("StringEquals", "aws:SourceVpce", "vpce-1"),)


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([said("Allow")], True),
        ([said("Allow", conditions=CONDITION)], True),
        ([said("Allow"), said("Deny", conditions=CONDITION)], True),
        ([said("Allow"), said("Deny")], False),
        ([said("Allow", principals=(("AWS", "arn:x"),))], True),
        ([said("Allow", resources=("arn:aws:s3:::documents/${aws:username}/*",))], True),
        ([said("Allow", resources=("arn:aws:s3:::other/${aws:username}/*",))], False),
        ([said("Allow", actions=(), not_actions=("s3:Get*",))], False),
        ([said("Allow", conditions=(("StringIs", "a", "b"),))], True),
    ],
)
def test_answers_without_a_request(statements: list[PolicyStatement], expected: bool) -> None:
    assert allowed(statements, "s3:GetObject", OBJECT) is expected


@given(requests, policy_texts)
def test_without_conditions_both_answers_are_equal(
    request: Request, statements: list[PolicyStatement]
) -> None:
    decided = decide(request, Policies(Policy(statements))).is_allowed
    assert allowed(statements, request.action, request.resource) is decided


@given(requests, policy_texts)
def test_a_condition_never_denies_before_a_request(
    request: Request, statements: list[PolicyStatement]
) -> None:
    """A condition narrows later requests, so the largest possible permission stays the same."""
    narrowed = [replace(each, conditions=CONDITION) for each in statements]
    later = decide(request, Policies(Policy(narrowed))).is_allowed
    assert allowed(narrowed, request.action, request.resource) or not later
