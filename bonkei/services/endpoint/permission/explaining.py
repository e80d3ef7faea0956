"""May this role do this? The answer of IAM to a question without a call, and the reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bonkei.analysis.policy import Principal, Request, decide, denial
from bonkei.base.aws_service import Caller
from bonkei.blueprint.iam import PolicyStatement
from bonkei.services.endpoint.errors import CloudError
from bonkei.services.endpoint.permission.estate import Estate

Context = Mapping[str, tuple[str, ...]]
_ACTION = re.compile(r"[a-z0-9-]{1,60}:[A-Za-z0-9]{1,100}")
_RESOURCE = re.compile(r"\*|arn:[^\s*?]{1,1500}")


@dataclass(frozen=True, slots=True)
class Explanation:
    """`statement`: the one that allows or explicitly denies; None if nothing allows. `near`:
    statements about the action that do not decide, because of another resource or an unmet
    condition. `unknown`: policies without a known text; with them there is no answer."""

    is_allowed: bool
    reason: str
    message: str
    statement: PolicyStatement | None
    near: tuple[PolicyStatement, ...]
    looked_at: tuple[str, ...]
    absent_keys: tuple[str, ...]
    unknown: tuple[str, ...]


def explain(
    estate: Estate, caller: Caller, action: str, resource: str, context: Context
) -> Explanation:
    """`context`: condition keys in lower case. Raises CloudError for an invalid question."""
    if not _ACTION.fullmatch(action):
        raise CloudError(
            f"{action!r} is not an action", remedy="write it as IAM does: s3:GetObject, without a *"
        )
    if not _RESOURCE.fullmatch(resource):
        raise CloudError(
            f"{resource!r} is not a resource",
            remedy="write its whole ARN, or * for an action without",
        )
    unknown = estate.unknown_policies(caller.role)
    policies = estate.policies(caller.role, resource, action)
    request = Request(
        Principal(caller.arn, caller.account, caller.role), action, resource, dict(context)
    )
    decision = decide(request, policies)
    every = (policies.identity, policies.resource, policies.boundary)
    about = [each for policy in every if policy is not None for each in policy.about(action)]
    near = tuple(dict.fromkeys(each for each in about if each is not decision.statement))
    return Explanation(
        decision.is_allowed,
        str(decision.reason),
        "" if decision.is_allowed else denial(request, decision),
        decision.statement,
        near,
        estate.looked_at(caller.role, resource),
        tuple(sorted(decision.absent_keys)),
        unknown,
    )
