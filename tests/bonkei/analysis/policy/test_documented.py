"""The examples of AWS's own documentation, with the documented outcomes."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from bonkei.analysis.policy import Policies, Policy, Principal, Reason, Request, decide
from bonkei.blueprint.iam import read_policy_document
from bonkei.blueprint.state.block import Block

ACCOUNT = "123456789012"


def policy(*statements: dict[str, Any]) -> Policy:
    text = json.dumps({"Version": "2012-10-17", "Statement": statements})
    return Policy(read_policy_document(Block("x.y", {"policy": text}), "policy"))


def test_variables_need_the_version_that_has_them() -> None:
    """ "IAM JSON policy elements: Version": in a document without it, `${aws:username}` is text."""
    own = {
        "Effect": "Allow",
        "Action": "s3:*",
        "Resource": "arn:aws:s3:::b/${aws:username}",
        "Condition": {"StringEquals": {"aws:userid": "${aws:username}"}},
    }
    text = {"Version": "2008-10-17", "Statement": own}
    for document in (text, {"Statement": own}):
        block = Block("x.y", {"policy": json.dumps(document)})
        old = Policies(Policy(read_policy_document(block, "policy")))
        names = {"aws__username": "ann", "aws__userid": "ann"}
        assert not decide(ask("ann", "s3:GetObject", "arn:aws:s3:::b/ann", **names), old).is_allowed
        literal = ask("ann", "s3:GetObject", "arn:aws:s3:::b/${aws:username}", **names)
        assert not decide(literal, old).is_allowed  # for its condition
        names["aws__userid"] = "${aws:username}"
        literal = ask("ann", "s3:GetObject", "arn:aws:s3:::b/${aws:username}", **names)
        assert decide(literal, old).is_allowed
    new = ask("ann", "s3:GetObject", "arn:aws:s3:::b/ann", aws__username="ann", aws__userid="ann")
    assert decide(new, Policies(policy(own))).is_allowed


def ask(who: str, action: str, resource: str = "*", **context: str) -> Request:
    keys = {name.replace("__", ":").lower(): (value,) for name, value in context.items()}
    return Request(Principal(f"arn:aws:iam::{ACCOUNT}:user/{who}", ACCOUNT), action, resource, keys)


# "Evaluating identity-based policies and resource-based policies", the example of Carlos Salazar:
# IAM User Guide, reference_policies_evaluation-logic_policies_evaluation_example.html
CARLOS = policy(
    {
        "Sid": "AllowS3ListRead",
        "Effect": "Allow",
        "Action": [
            "s3:GetBucketLocation", "s3:GetAccountPublicAccessBlock", "s3:ListAccessPoints",
            "s3:ListAllMyBuckets",
        ],
        "Resource": "arn:aws:s3:::*",
    },
    {
        "Sid": "AllowS3Self",
        "Effect": "Allow",
        "Action": ["s3:*"],
        "Resource": [
            "arn:aws:s3:::amzn-s3-demo-bucket/*",
            "arn:aws:s3:::amzn-s3-demo-bucket",
        ],
    },
    {
        "Sid": "DenyS3Logs",
        "Effect": "Deny",
        "Action": "s3:*",
        "Resource": "arn:aws:s3:::*log*",
    },
)  # fmt: skip
OWN_BUCKET = policy(
    {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/carlossalazar"},
        "Action": ["s3:*"],
        "Resource": ["arn:aws:s3:::amzn-s3-demo-bucket/*"],
    }
)


@pytest.mark.parametrize(
    ("action", "resource", "allowed", "explicit"),
    [
        ("s3:ListAllMyBuckets", "arn:aws:s3:::*", True, False),
        ("s3:PutObject", "arn:aws:s3:::amzn-s3-demo-bucket/a", True, False),
        # "The request to a log bucket is denied, although …": the explicit deny decides.
        ("s3:ListBucket", "arn:aws:s3:::amzn-s3-demo-bucket-logs", False, True),
        ("s3:PutObject", "arn:aws:s3:::amzn-s3-demo-bucket/carlossalazar-log.txt", False, True),
        # No statement matches another bucket: the implicit deny.
        ("s3:ListBucket", "arn:aws:s3:::amzn-s3-demo-other", False, False),
    ],
)
def test_carlos(action: str, resource: str, allowed: bool, explicit: bool) -> None:
    request = ask("carlossalazar", action, resource)
    decision = decide(request, Policies(CARLOS, resource=OWN_BUCKET))
    assert (decision.is_allowed, decision.is_explicit) == (allowed, explicit)


# "Permissions boundaries for IAM entities", the example of Shirley Rodriguez:
# docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
SHIRLEY = policy({"Effect": "Allow", "Action": ["s3:*", "cloudwatch:*", "ec2:*"], "Resource": "*"})


@pytest.mark.parametrize(
    ("identity", "action", "allowed"),
    [
        # "The boundary by itself grants nothing", and it "does not allow iam:CreateUser".
        ("iam:CreateUser", "iam:CreateUser", False),
        ("s3:GetObject", "s3:GetObject", True),
        ("s3:GetObject", "ec2:RunInstances", False),
    ],
)
def test_shirley(identity: str, action: str, allowed: bool) -> None:
    granted = policy({"Effect": "Allow", "Action": identity, "Resource": "*"})
    decision = decide(ask("ShirleyRodriguez", action), Policies(granted, boundary=SHIRLEY))
    assert decision.is_allowed is allowed
    if action == identity and not allowed:
        assert decision.reason is Reason.BOUNDARY


# "IAM policy elements: Variables and tags":
# docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
FOLDER = policy(
    {
        "Action": ["s3:ListBucket"],
        "Effect": "Allow",
        "Resource": ["arn:aws:s3:::amzn-s3-demo-bucket"],
        "Condition": {"StringLike": {"s3:prefix": ["${aws:username}/*"]}},
    },
    {
        "Action": ["s3:GetObject", "s3:PutObject"],
        "Effect": "Allow",
        "Resource": ["arn:aws:s3:::amzn-s3-demo-bucket/${aws:username}/*"],
    },
)


@pytest.mark.parametrize(
    ("action", "path", "prefix", "allowed"),
    [
        ("s3:GetObject", "/bob/a", "", True),
        ("s3:GetObject", "/alice/a", "", False),
        ("s3:ListBucket", "", "bob/x", True),
        ("s3:ListBucket", "", "alice/x", False),
    ],
)
def test_a_folder_for_each_user(action: str, path: str, prefix: str, allowed: bool) -> None:
    request = ask(
        "bob", action, f"arn:aws:s3:::amzn-s3-demo-bucket{path}", aws__username="bob",
        s3__prefix=prefix,
    )  # fmt: skip
    assert decide(request, Policies(FOLDER)).is_allowed is allowed


# "IAM JSON policy elements: NotAction", "Using NotAction with Deny":
# docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notaction.html
NO_MFA = policy(
    {"Effect": "Allow", "Action": "*", "Resource": "*"},
    {
        "Sid": "DenyAllUsersNotUsingMFA",
        "Effect": "Deny",
        "NotAction": "iam:*",
        "Resource": "*",
        "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
    },
)


@pytest.mark.parametrize(
    ("action", "mfa", "allowed"),
    [
        ("s3:GetObject", "true", True),
        ("s3:GetObject", "false", False),
        ("s3:GetObject", None, False),  # IfExists: "evaluates to true when the key is not present"
        ("iam:EnableMFADevice", "false", True),
    ],
)
def test_everything_except_iam_needs_mfa(action: str, mfa: str | None, allowed: bool) -> None:
    context = {} if mfa is None else {"aws__multifactorauthpresent": mfa}
    assert decide(ask("x", action, **context), Policies(NO_MFA)).is_allowed is allowed


def test_thousands_of_statements_are_decided_in_bounded_time() -> None:
    statements = [
        {"Effect": "Allow", "Action": f"s3:Get*{n}", "Resource": f"arn:aws:s3:::{'a*' * 40}{n}"}
        for n in range(3_000)
    ]
    whole = policy(*statements)
    request = ask("x", "s3:GetObject", "arn:aws:s3:::" + "a" * 1_000)
    began = time.process_time()
    assert not decide(request, Policies(whole)).is_allowed
    assert time.process_time() - began < 5
