"""The password of `aws codecommit credential-helper`, made as the AWS CLI makes it."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from bonkei.base.aws_service import Caller
from bonkei.services.endpoint.errors import ApiError
from bonkei.services.endpoint.identity.git_signature import verify

HOST, PATH, REGION = "127.0.0.1", "/v1/repos/app", "eu-west-1"
ME = Caller("arn:aws:iam::123456789012:user/me", "me", "123456789012")


def password(at: float, path: str = PATH, key: str = "secret") -> str:
    """The algorithm of `sign_request` in awscli/customizations/codecommit.py."""
    moment = datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%S")
    signer = SigV4Auth(Credentials("key", key), "codecommit", REGION)
    request = AWSRequest("GIT", f"https://{HOST}{path}")
    request.context["timestamp"] = moment
    text = signer.string_to_sign(request, f"GIT\n{path}\n\nhost:{HOST}\n\nhost\n")
    return f"{moment}Z{signer.signature(text, request)}"


def who(name: str, said: str, now: float) -> Caller:
    def secrets(key: str, token: str) -> tuple[str, Caller]:
        assert (key, token) in (("key", ""), ("key", "a%token"))
        return "secret", ME

    return verify(name, said, (HOST, PATH), REGION, secrets, now=now)


def test_the_helpers_password_identifies_its_caller() -> None:
    now = time.time()
    assert who("key", password(now), now) == ME
    assert who("key%a%token", password(now), now) == ME


def test_any_other_password_is_refused() -> None:
    now = time.time()
    for said in (
        "hunter22",
        password(now - 1_000),
        password(now, "/v1/repos/other"),
        password(now, key="other"),
    ):
        with pytest.raises(ApiError):
            who("key", said, now)
