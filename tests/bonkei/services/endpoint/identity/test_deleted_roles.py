"""A role that the definitions no longer have: its sessions are invalid at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from bonkei.services.endpoint.errors import ApiError
from bonkei.services.endpoint.identity.credentials import Issuer
from tests.bonkei.services.endpoint.rigs import DECLARED, Rig

ROLE, OTHER = "arn:aws:iam::1:role/shop", "arn:aws:iam::1:role/other"


def use(issuer: Issuer, role: str) -> str:
    """The role of a new session's caller."""
    made = issuer.assume(role, "me", now=1_000, seconds=900)
    return issuer.secret_of(made.access_key, made.token, now=1_000)[1].role


def test_only_what_was_declared_can_be_deleted() -> None:
    issuer = Issuer(b"k" * 32, "1")
    issuer.follow([ROLE])
    assert use(issuer, ROLE) == ROLE
    assert use(issuer, OTHER) == OTHER  # of another owner: nothing is known of it
    issuer.follow([])
    issuer.follow([])
    with pytest.raises(ApiError) as caught:
        use(issuer, ROLE)
    assert caught.value.code == "InvalidClientTokenId"
    assert use(issuer, OTHER) == OTHER
    issuer.follow([ROLE])
    assert use(issuer, ROLE) == ROLE


def test_a_session_ends_with_its_role(start: Callable[..., Rig]) -> None:
    rig = start()
    parameters, s3 = rig.client("ssm", "task"), rig.client("s3", "task")
    assert parameters.get_parameter(Name="/shop/a")
    rig.do(rig.cloud.apply(replace(DECLARED, roles=())))
    for call in (lambda: parameters.get_parameter(Name="/shop/a"), s3.list_buckets):
        with pytest.raises(ClientError, match=r"security token|InvalidAccessKeyId"):
            call()
