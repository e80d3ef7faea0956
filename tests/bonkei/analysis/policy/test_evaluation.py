"""The policy that decides, by the cases of "Policy evaluation logic", and properties of any
policy.
"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonkei.analysis.policy import Policies, Policy, Principal, Reason, Request, decide, denial
from bonkei.blueprint.iam import PolicyStatement

ROLE = "arn:aws:iam::111122223333:role/app"
SESSION = "arn:aws:sts::111122223333:assumed-role/app/task"
BUCKET = "arn:aws:s3:::documents/a.txt"
CALLER = Principal(SESSION, "111122223333", ROLE)
REQUEST = Request(CALLER, "s3:GetObject", BUCKET)


def statement(
    effect: str, action: str = "s3:GetObject", *who: str, **more: object
) -> PolicyStatement:
    principals = tuple(("AWS", each) for each in who)
    fields = {"resources": ("*",), **more}
    return PolicyStatement("x.y", effect, (action,), principals=principals, **fields)  # type: ignore[arg-type]


ALLOW = Policy([statement("Allow")])
DENY = Policy([statement("Deny")])
OTHER = Policy([statement("Allow", "s3:PutObject")])


def granted_to(*who: str, action: str = "s3:GetObject") -> Policy:
    return Policy([statement("Allow", action, *who)])


@pytest.mark.parametrize(
    ("policies", "reason", "explicit"),
    [
        (Policies(), Reason.IDENTITY, False),
        (Policies(identity=OTHER), Reason.IDENTITY, False),
        (Policies(identity=DENY), Reason.IDENTITY, True),
        (Policies(ALLOW, resource=Policy([statement("Deny", "s3:*", "*")])), Reason.RESOURCE, True),
        (Policies(ALLOW, boundary=OTHER), Reason.BOUNDARY, False),
        (Policies(ALLOW, boundary=DENY), Reason.BOUNDARY, True),
        (Policies(ALLOW, session=OTHER), Reason.SESSION, False),
        (Policies(ALLOW, endpoint=OTHER), Reason.ENDPOINT, False),
        (Policies(resource=granted_to(ROLE), boundary=OTHER), Reason.BOUNDARY, False),
        (Policies(resource=granted_to("111122223333")), Reason.IDENTITY, False),
        (Policies(ALLOW, resource=OTHER, resource_decides=True), Reason.RESOURCE, False),
        (Policies(ALLOW, Policy(()), is_trust=True, resource_decides=True), Reason.TRUST, False),
    ],
)  # fmt: skip
def test_a_denial_has_its_policy(policies: Policies, reason: Reason, explicit: bool) -> None:
    decision = decide(REQUEST, policies)
    assert (decision.is_allowed, decision.reason) == (False, reason)
    assert decision.is_explicit is explicit


@pytest.mark.parametrize(
    "policies",
    [
        Policies(ALLOW),
        Policies(ALLOW, boundary=ALLOW, session=ALLOW, endpoint=ALLOW),
        Policies(resource=granted_to(ROLE)),
        Policies(resource=granted_to(SESSION), boundary=OTHER, session=OTHER),
        Policies(resource=granted_to("*")),
        Policies(resource=granted_to("*", ROLE), boundary=OTHER, session=OTHER),
        Policies(ALLOW, resource=OTHER),
        Policies(ALLOW, resource=granted_to("111122223333"), resource_decides=True),
    ],
)
def test_an_allow(policies: Policies) -> None:
    assert decide(REQUEST, policies).is_allowed


def test_across_accounts_both_sides_must_allow() -> None:
    request = replace(REQUEST, resource_account="444455556666")
    assert not decide(request, Policies(ALLOW)).is_allowed
    assert not decide(request, Policies(resource=granted_to(ROLE))).is_allowed
    assert decide(request, Policies(ALLOW, resource=granted_to("111122223333"))).is_allowed


def test_the_resources_policy_admits_a_service() -> None:
    service = Principal(service="events.amazonaws.com")
    policy = PolicyStatement(
        "t", "Allow", ("sns:Publish",), resources=("*",),
        principals=(("Service", "events.amazonaws.com"),),
        conditions=(("StringEquals", "aws:SourceAccount", "1"),),
    )  # fmt: skip
    request = Request(service, "sns:Publish", "arn:t", {"aws:sourceaccount": ("1",)})
    assert decide(request, Policies(resource=Policy([policy]))).is_allowed
    owned = replace(request, resource_account="123456789012")  # a service has no account
    assert decide(owned, Policies(resource=Policy([policy]))).is_allowed
    other = replace(request, context={})
    decision = decide(other, Policies(resource=Policy([policy])))
    assert not decision.is_allowed
    assert decision.absent_keys == {"aws:sourceaccount"}


def test_not_action_not_resource_and_not_principal() -> None:
    allow_others = PolicyStatement("x", "Allow", not_actions=("s3:Get*",), not_resources=(BUCKET,))
    policies = Policies(Policy([allow_others]))
    assert not decide(REQUEST, policies).is_allowed
    put = replace(REQUEST, action="s3:PutObject")
    assert not decide(put, policies).is_allowed
    assert decide(replace(put, resource="arn:aws:s3:::documents/b.txt"), policies).is_allowed
    only_role = statement("Deny", "s3:*", not_principals=(("AWS", ROLE),))
    assert decide(REQUEST, Policies(ALLOW, resource=Policy([only_role]))).is_allowed
    stranger = replace(
        REQUEST, principal=Principal("arn:aws:iam::111122223333:user/x", "111122223333")
    )
    assert not decide(stranger, Policies(ALLOW, resource=Policy([only_role]))).is_allowed


@pytest.mark.parametrize(
    ("policies", "allowed"),
    [
        (Policies(resource=ALLOW), False),
        (Policies(ALLOW, resource=DENY), True),
        (Policies(resource=Policy([statement("Allow"), statement("Allow", "s3:*", ROLE)])), True),
        (Policies(resource=ALLOW, is_trust=True, resource_decides=True), False),
    ],
)
def test_a_resources_statement_without_a_principal_is_about_no_caller(
    policies: Policies, allowed: bool
) -> None:
    assert decide(REQUEST, policies).is_allowed is allowed


@pytest.mark.parametrize(
    ("who", "bounded", "allowed"),
    [
        ((ROLE,), False, True),
        ((ROLE,), True, False),
        ((SESSION, ROLE, "111122223333"), True, False),
        (("111122223333",), False, False),
    ],
)
def test_who_is_excepted_from_a_deny(who: tuple[str, ...], bounded: bool, allowed: bool) -> None:
    """ "IAM JSON policy elements: NotPrincipal": the account alone excepts none of its callers, and
    a caller with a permissions boundary is always denied."""
    principals = tuple(("AWS", each) for each in who)
    deny = Policy([statement("Deny", "s3:*", not_principals=principals)])
    policies = Policies(ALLOW, resource=deny, boundary=ALLOW if bounded else None)
    assert decide(REQUEST, policies).is_allowed is allowed


QUEUE = "arn:aws:sqs:eu-west-1:111122223333:jobs"


@pytest.mark.parametrize(
    ("resource", "allowed"),
    [
        ("arn:aws:sqs", True),
        ("arn:aws:sqs:*:111122223333", True),
        ("arn:aws:sqs:eu-central-1", False),
        ("arn:aws:sns", False),
    ],
)
def test_an_identitys_policy_completes_an_incomplete_arn(resource: str, allowed: bool) -> None:
    """ "IAM identifiers": `arn:aws:sqs` is equivalent to `arn:aws:sqs:*:*:*`."""
    request = replace(REQUEST, action="sqs:SendMessage", resource=QUEUE)
    identity = Policy([statement("Allow", "sqs:*", resources=(resource,))])
    assert decide(request, Policies(identity)).is_allowed is allowed
    but = PolicyStatement("x", "Allow", ("sqs:*",), not_resources=(resource,))
    assert decide(request, Policies(Policy([but]))).is_allowed is not allowed
    of_resource = Policy([statement("Allow", "sqs:*", ROLE, resources=("arn:aws:sqs",))])
    assert not decide(request, Policies(resource=of_resource)).is_allowed


@pytest.mark.parametrize(
    ("policies", "ending"),
    [
        (Policies(), "because no identity-based policy allows the s3:GetObject action"),
        (Policies(DENY), "with an explicit deny in an identity-based policy"),
        (Policies(ALLOW, boundary=DENY), "with an explicit deny in a permissions boundary"),
        (
            Policies(ALLOW, endpoint=OTHER),
            "because no VPC endpoint policy allows the s3:GetObject action",
        ),
        (
            Policies(is_trust=True, resource=Policy([statement("Deny", "s3:*", "*")])),
            "with an explicit deny in the role trust policy",
        ),
    ],
)
def test_the_message_of_a_denial(policies: Policies, ending: str) -> None:
    words = denial(REQUEST, decide(REQUEST, policies))
    assert words == (
        f"User: {SESSION} is not authorized to perform: s3:GetObject on resource: {BUCKET} {ending}"
    )


# Properties of any policy.

ACTIONS = ("s3:GetObject", "s3:PutObject", "sqs:SendMessage")
RESOURCES = (BUCKET, "arn:aws:s3:::documents/b.txt", "arn:aws:sqs:eu-west-1:1:queue")
statements = st.builds(
    PolicyStatement,
    st.just("x.y"),
    st.sampled_from(("Allow", "Deny")),
    actions=st.lists(st.sampled_from((*ACTIONS, "s3:*", "*")), min_size=1, max_size=2).map(tuple),
    resources=st.lists(st.sampled_from((*RESOURCES, "*")), min_size=1, max_size=2).map(tuple),
)
policy_texts = st.lists(statements, max_size=4)
requests = st.builds(Request, st.just(CALLER), st.sampled_from(ACTIONS), st.sampled_from(RESOURCES))


@given(requests, policy_texts, statements)
def test_a_deny_always_wins(
    request: Request, texts: list[PolicyStatement], more: PolicyStatement
) -> None:
    deny = replace(more, effect="Deny", actions=("*",), resources=("*",))
    assert not decide(request, Policies(Policy([*texts, deny]))).is_allowed


@given(requests, policy_texts, statements)
def test_an_allow_never_removes_a_permission(
    request: Request, texts: list[PolicyStatement], more: PolicyStatement
) -> None:
    before = decide(request, Policies(Policy(texts))).is_allowed
    after = decide(request, Policies(Policy([*texts, replace(more, effect="Allow")]))).is_allowed
    assert after or not before


@given(requests, policy_texts, policy_texts)
def test_a_boundary_never_adds_a_permission(
    request: Request, texts: list[PolicyStatement], boundary: list[PolicyStatement]
) -> None:
    free = decide(request, Policies(Policy(texts))).is_allowed
    bounded = decide(request, Policies(Policy(texts), boundary=Policy(boundary))).is_allowed
    assert free or not bounded
