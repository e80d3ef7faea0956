"""The tokens of `aws rds generate-db-auth-token`, made by botocore."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from unittest.mock import patch

import botocore.auth
import botocore.session
import pytest

from bonkei.base.aws_service import Caller
from bonkei.services.endpoint.errors import ApiError
from bonkei.services.endpoint.identity.credentials import Issuer
from bonkei.services.endpoint.identity.database_token import verify

HOST, REGION = "main.cluster-abc.eu-west-1.rds.amazonaws.com", "eu-west-1"
ROLE = "arn:aws:iam::123456789012:role/app"
ISSUER = Issuer(b"k" * 32, "123456789012")
NOW = 1_800_000_000.0


def token(
    host: str = HOST, user: str = "app", region: str = REGION, at: float = NOW, key: str = ""
) -> str:
    """As botocore makes it for a task with the role."""
    session = botocore.session.Session()
    found = ISSUER.assume(ROLE, "task", now=NOW, seconds=3600)
    secret = key or found.secret_key
    client = session.create_client(
        "rds",
        region_name=REGION,
        aws_access_key_id=found.access_key,
        aws_secret_access_key=secret,
        aws_session_token=found.token,
    )
    moment = datetime.fromtimestamp(at, UTC).replace(tzinfo=None)
    with patch.object(botocore.auth, "get_current_datetime", return_value=moment):
        made: str = client.generate_db_auth_token(host, 5432, user, region)
    return made


def who(said: str, now: float = NOW) -> Caller:
    def secrets(key: str, session: str) -> tuple[str, Caller]:
        return ISSUER.secret_of(key, session, now=now)

    return verify(said, [f"{HOST}:5432", "127.0.0.1:5432"], "app", REGION, secrets, now=now)


@pytest.mark.parametrize("host", [HOST, HOST.upper(), "127.0.0.1"])
def test_a_token_identifies_its_caller(host: str) -> None:
    assert who(token(host)).role == ROLE
    assert who(token(host), NOW + 899).role == ROLE


@pytest.mark.parametrize(
    ("make", "now", "why"),
    [
        (lambda: "hunter22", NOW, "not an authentication token"),
        (
            lambda: token().replace("Action=connect", "Action=other"),
            NOW,
            "not an authentication token",
        ),
        (lambda: token("other.example.com"), NOW, "for other.example.com:5432, which is not"),
        (lambda: token(user="root"), NOW, "for the user root, not app"),
        (lambda: token(region="us-east-1"), NOW, "rds-db in us-east-1, not"),
        (lambda: token().replace("rds-db", "rds"), NOW, "signed for rds in"),
        (token, NOW + 901, "Signature expired"),
        (lambda: token(at=NOW + 400), NOW, "not yet current"),
        (lambda: token().replace("Expires=900", "Expires=901"), NOW, "900 at most"),
        (lambda: token().replace("Expires=900", "Expires=899"), NOW, "does not match"),
        (lambda: token(key="other"), NOW, "does not match"),
        (lambda: token()[:-1] + "x", NOW, "does not match"),
        (lambda: token().partition("X-Amz-Signature")[0], NOW, "missing Authentication Token"),
    ],
)
def test_any_other_password_is_refused(make: Callable[[], str], now: float, why: str) -> None:
    with pytest.raises(ApiError, match=why):
        who(make(), now)


def test_a_token_ends_with_the_session_that_signed_it() -> None:
    with pytest.raises(ApiError, match="token included in the request is expired"):
        who(token(at=NOW + 3500), NOW + 3601)
