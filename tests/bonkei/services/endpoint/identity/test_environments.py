"""The variables through which SDKs find the endpoint and their role."""

from __future__ import annotations

import pytest

from bonkei.base.aws_service import Caller
from bonkei.blueprint.iam import Role
from bonkei.services.endpoint.errors import CloudError
from bonkei.services.endpoint.identity.credentials import Issuer
from bonkei.services.endpoint.identity.environments import CallerEnvironments

ROLE = "arn:aws:iam::1:role/f"
ISSUER = Issuer(b"k" * 32, "1")
CALLERS = CallerEnvironments(
    ISSUER, lambda: "http://127.0.0.1:1", lambda: "eu-west-1", lambda: (), lambda: 1_000.0
)


def test_a_function_calls_as_its_role() -> None:
    found = CALLERS.function(ROLE, "notify")
    key, token = found["AWS_ACCESS_KEY_ID"], found["AWS_SESSION_TOKEN"]
    secret, caller = ISSUER.secret_of(key, token, now=1_000.0 + 3_600)
    assert (secret, caller.role) == (found["AWS_SECRET_ACCESS_KEY"], ROLE)
    assert caller.arn.endswith("assumed-role/f/notify")
    assert (found["AWS_ENDPOINT_URL"], found["AWS_REGION"]) == ("http://127.0.0.1:1", "eu-west-1")


def test_a_build_and_a_task_fetch_credentials() -> None:
    build, task = CALLERS.build(ROLE, "shop:1"), CALLERS.task(ROLE, "id")
    for found in (build, task):
        assert found["AWS_CONTAINER_CREDENTIALS_FULL_URI"].startswith("http://127.0.0.1:1/")
        assert found["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
    assert build["AWS_REGION"] == "eu-west-1"
    assert "AWS_CONTAINER_AUTHORIZATION_TOKEN" not in CALLERS.task("", "id")


def caller_of(found: dict[str, str]) -> Caller:
    key, token = found["AWS_ACCESS_KEY_ID"], found.get("AWS_SESSION_TOKEN", "")
    return ISSUER.secret_of(key, token, now=1_000.0)[1]


def test_a_person_calls_as_the_role_that_the_end_of_a_name_means() -> None:
    declared = Role("aws_iam_role.task", "arn:aws:iam::1:role/shop-task", "shop-task", ())
    callers = CallerEnvironments(ISSUER, lambda: "", lambda: "", lambda: (declared,), lambda: 1_000)
    for name in ("task", declared.name, declared.arn):
        assert caller_of(callers.person(name)).role == declared.arn


def test_another_user_is_no_administrator() -> None:
    somebody = caller_of(CALLERS.person(user="somebody"))
    assert somebody.arn == somebody.role == "arn:aws:iam::1:user/somebody"
    assert somebody.is_user
    for me in (CALLERS.person(), CALLERS.person(user="bonkei")):
        assert (caller_of(me).arn, caller_of(me).role) == ("arn:aws:iam::1:user/bonkei", "")


def test_a_member_of_a_permission_set_has_the_role_that_identity_center_makes() -> None:
    role = "AWSReservedSSO_Operators_0123456789abcdef"
    member = caller_of(CALLERS.person(role, "somebody"))
    assert member.role == f"arn:aws:iam::1:role/aws-reserved/sso.amazonaws.com/{role}"
    assert member.arn == f"arn:aws:sts::1:assumed-role/{role}/somebody"
    assert not member.is_user


@pytest.mark.parametrize(
    ("role", "user"), [("", "some body"), ("", "a" * 65), ("AWSReservedSSO_Operators", "")]
)
def test_nobody_is_made_up(role: str, user: str) -> None:
    with pytest.raises(CloudError):
        CALLERS.person(role, user)
