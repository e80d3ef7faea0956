"""The people who may assume the role that releases infrastructure."""

from __future__ import annotations

import fnmatch
from typing import Any

from stack import PRODUCTION, Stack

SECOND_FACTOR = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
ROLES = "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com"


def conditions(stack: Stack, role: str = "OperatorRole") -> list[dict[str, Any]]:
    """The conditions of each statement that admits people."""
    trust = stack.resources[role]["Properties"]["AssumeRolePolicyDocument"]
    return [statement["Condition"] for statement in trust["Statement"]]


def test_a_second_factor_is_required() -> None:
    for role in ("OperatorRole", "ApproverRole"):
        assert conditions(Stack(PRODUCTION), role) == [SECOND_FACTOR]


def test_operators_of_a_permission_set_do_not_become_approvers_by_it() -> None:
    sets = {"IdentityCenterPermissionSet": "Operators", "ApproverPermissionSet": "Approvers"}
    (only,) = conditions(Stack({**PRODUCTION, **sets}), "ApproverRole")
    pattern = only["ArnLike"]["aws:PrincipalArn"]
    members = [f"{ROLES}/AWSReservedSSO_{name}_0123456789abcdef" for name in sets.values()]
    assert [fnmatch.fnmatchcase(arn, pattern) for arn in members] == [False, True]


def test_members_of_a_permission_set_come_through_identity_center() -> None:
    stack = Stack({**PRODUCTION, "IdentityCenterPermissionSet": "Operators"})
    first, second = conditions(stack)
    assert first == SECOND_FACTOR

    def lets_in(arn: str) -> bool:
        return fnmatch.fnmatchcase(arn, second["ArnLike"]["aws:PrincipalArn"])

    assert lets_in(f"{ROLES}/AWSReservedSSO_Operators_0123456789abcdef")
    assert lets_in(f"{ROLES}/ap-northeast-1/AWSReservedSSO_Operators_0123456789abcdef")
    assert not lets_in(f"{ROLES}/AWSReservedSSO_OperatorsToo_0123456789abcdef")
    assert not lets_in(f"{ROLES}/AWSReservedSSO_Operators_Too_0123456789abcdef")
    assert not lets_in("arn:aws:iam::123456789012:role/AWSReservedSSO_Operators_0123456789abcdef")
