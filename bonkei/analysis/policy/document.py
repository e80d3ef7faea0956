"""The document of a resource's own policy, checked as a service checks it when a call writes it.

The words are Amazon S3's (`MalformedPolicy`). "Grammar of the IAM JSON policy language",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import json
import re
from typing import Any

from bonkei.analysis.policy.condition import UnknownOperatorError
from bonkei.analysis.policy.policy import Policy
from bonkei.blueprint import BlueprintError
from bonkei.blueprint.iam import PolicyStatement, read_policy_document
from bonkei.blueprint.state.block import Block

_PRINCIPAL = re.compile(
    r"\*|\d{12}|arn:[\w-]+:(iam|sts)::(\d{12}|aws|cloudfront):.+|A(RO|ID)A[A-Z0-9]{12,}"
)
_REQUIRED = (("Effect",), ("Principal", "NotPrincipal"), ("Action", "NotAction"))


class MalformedPolicyError(ValueError):
    """A service would refuse the document."""


def read_resource_policy(address: str, text: str) -> tuple[PolicyStatement, ...]:
    """The statements of a resource's policy. Raises MalformedPolicyError."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise MalformedPolicyError("Policies must be valid JSON and the first byte must be '{'")
    statements = document.get("Statement")
    if not statements:
        raise MalformedPolicyError("Missing required field Statement")
    for each in statements if isinstance(statements, list) else [statements]:
        _check(each)
    try:
        found = read_policy_document(Block(address, {"policy": text}), "policy")
        Policy(found)
    except UnknownOperatorError as error:
        raise MalformedPolicyError(f"Invalid Condition type : {error}") from None
    except BlueprintError as error:
        raise MalformedPolicyError(f"Policy has an invalid element: {error}") from None
    return found


def _check(statement: Any) -> None:
    if not isinstance(statement, dict):
        raise MalformedPolicyError("Statement is not an object")
    for names in _REQUIRED:
        if not any(name in statement for name in names):
            raise MalformedPolicyError(f"Missing required field {names[0]}")
    for name in _REQUIRED[1]:
        principal = statement.get(name, "*")
        if not principal:
            raise MalformedPolicyError(f"Missing required field {name} cannot be empty!")
        of_aws = principal.get("AWS", ()) if isinstance(principal, dict) else principal
        for each in [of_aws] if isinstance(of_aws, str) else of_aws:
            if not _PRINCIPAL.fullmatch(str(each)):
                raise MalformedPolicyError("Invalid principal in policy")
