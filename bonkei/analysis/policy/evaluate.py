"""The decision over all policies that apply to a request.

"How AWS enforcement code logic evaluates requests to allow or deny access",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from bonkei.analysis.policy.policy import Applied, Kind, Policy, Request
from bonkei.analysis.policy.principal import Match
from bonkei.blueprint.iam import PolicyStatement

__all__ = ["Decision", "Policies", "Reason", "Request", "decide", "denial"]

_NONE = Policy(())


class Reason(StrEnum):
    """The kind of policy that decided, in the words of AWS's answer."""

    IDENTITY = "identity-based policy"
    RESOURCE = "resource-based policy"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"
    ENDPOINT = "VPC endpoint policy"
    TRUST = "role trust policy"


_ARTICLES = {Reason.IDENTITY: "an", Reason.TRUST: "the"}


@dataclass(frozen=True, slots=True)
class Policies:
    """The policies of each kind; None if no policy of that kind exists. `resource_decides` means
    that only callers that the resource's own policy names are admitted, as by a KMS key or a role's
    trust."""

    identity: Policy = _NONE
    resource: Policy | None = None
    boundary: Policy | None = None
    session: Policy | None = None
    endpoint: Policy | None = None
    resource_decides: bool = False
    is_trust: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision. `statement` is the one that allowed or explicitly denied, or None when nothing
    allowed. `absent_keys` are condition keys that a statement needs and the request lacks."""

    is_allowed: bool
    reason: Reason
    statement: PolicyStatement | None = None
    absent_keys: frozenset[str] = frozenset()

    @property
    def is_explicit(self) -> bool:
        return not self.is_allowed and self.statement is not None


def decide(request: Request, policies: Policies) -> Decision:
    """An explicit Deny anywhere wins. Then every existing kind of policy has to allow.

    In one account, an Allow in either the resource's policy or an identity policy is enough. Across
    accounts, both must allow.
    """
    applied = [
        (reason, list(policy.applied(request, _kind(reason, policies))))
        for reason, policy in _kinds(policies)
    ]
    for reason, found in applied:
        for each in found:
            if each.statement.effect == "Deny":
                return Decision(False, reason, each.statement)
    allows = dict(applied)
    grant = _grant(request, policies, allows)
    if grant is None:
        missing = _missing(request, policies, allows)
        return Decision(False, missing, None, _absent(request, policies))
    if _is_limited(grant):
        for reason in (Reason.BOUNDARY, Reason.SESSION):
            if reason in allows and not allows[reason]:
                return Decision(False, reason, None, _absent(request, policies))
    if Reason.ENDPOINT in allows and not allows[Reason.ENDPOINT]:
        return Decision(False, Reason.ENDPOINT, None, _absent(request, policies))
    return Decision(True, grant[0], grant[1].statement)


_Grant = tuple[Reason, Applied]


def _kinds(policies: Policies) -> Iterator[tuple[Reason, Policy]]:
    for reason, policy in (
        (Reason.IDENTITY, policies.identity),
        (Reason.TRUST if policies.is_trust else Reason.RESOURCE, policies.resource),
        (Reason.BOUNDARY, policies.boundary),
        (Reason.SESSION, policies.session),
        (Reason.ENDPOINT, policies.endpoint),
    ):
        if policy is not None:
            yield reason, policy


def _kind(reason: Reason, policies: Policies) -> Kind:
    return Kind(reason in (Reason.RESOURCE, Reason.TRUST), policies.boundary is not None)


def _grant(
    request: Request, policies: Policies, allows: dict[Reason, list[Applied]]
) -> _Grant | None:
    """The statement that gives the permission, before boundaries limit it."""
    kind = Reason.TRUST if policies.is_trust else Reason.RESOURCE
    by_resource = max(allows.get(kind, ()), key=lambda each: each.match, default=None)
    by_identity = next(iter(allows[Reason.IDENTITY]), None)
    caller = request.principal
    if request.resource_account not in ("", caller.account) and not caller.service:
        both = by_identity is not None and by_resource is not None
        return (Reason.IDENTITY, by_identity) if both and by_identity else None
    if by_resource is not None and by_resource.match > Match.ACCOUNT:
        return kind, by_resource
    if policies.resource_decides and by_resource is None:
        return None
    return None if by_identity is None else (Reason.IDENTITY, by_identity)


def _is_limited(grant: _Grant) -> bool:
    """A permissions boundary without an Allow does not limit a resource's policy that names the
    session or the user, or that has a `*` ("IAM role principals" in "AWS JSON policy elements:
    Principal"). It does limit one that names the role."""
    reason, applied = grant
    return reason is Reason.IDENTITY or applied.match is Match.ROLE


def _missing(request: Request, policies: Policies, allows: dict[Reason, list[Applied]]) -> Reason:
    if policies.is_trust and not allows.get(Reason.TRUST):
        return Reason.TRUST
    if policies.resource_decides and not allows.get(Reason.RESOURCE) and not policies.is_trust:
        return Reason.RESOURCE
    if request.principal.service:  # a service has no policies of its own
        return Reason.RESOURCE
    return Reason.RESOURCE if allows[Reason.IDENTITY] else Reason.IDENTITY


def _absent(request: Request, policies: Policies) -> frozenset[str]:
    return frozenset[str]().union(
        *(
            policy.absent_keys(request, _kind(reason, policies))
            for reason, policy in _kinds(policies)
        )
    )


def denial(request: Request, decision: Decision) -> str:
    """The message of the AccessDenied error.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    """
    subject = request.principal.arn or request.principal.service
    about = f"User: {subject} is not authorized to perform: {request.action}"
    if request.resource != "*":
        about += f" on resource: {request.resource}"
    if decision.is_explicit:
        article = _ARTICLES.get(decision.reason, "a")
        return f"{about} with an explicit deny in {article} {decision.reason}"
    return f"{about} because no {decision.reason} allows the {request.action} action"
