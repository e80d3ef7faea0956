"""A task's credentials, provided as ECS does.

A task's environment has an address and a token. The SDK fetches credentials there, and again before
they expire. Source: "Container credential provider" in the AWS SDKs and Tools Reference Guide, and
"Task IAM role" in the Amazon ECS Developer Guide.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from datetime import UTC, datetime

from bonkei.services.endpoint.errors import Answer
from bonkei.services.endpoint.identity.credentials import Issuer

PATH = "/v2/credentials/"
SECONDS = 6 * 3600.0  # as long as ECS's


def task_environment(
    issuer: Issuer, endpoint: str, role_arn: str, task_id: str, source: str = ""
) -> dict[str, str]:
    """The variables for a task of this role. `source`: as in `Caller`."""
    name = _name(role_arn, task_id, source)
    return {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{endpoint}{PATH}{name}",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": issuer.authorization(name),
    }


def answer(
    issuer: Issuer, path: str, authorization: str, *, now: float, seconds: float | None = None
) -> Answer:
    """The credentials for an address of `task_environment`, if the token is right."""
    name = path.removeprefix(PATH)
    expected = issuer.authorization(name).encode()
    if not hmac.compare_digest(authorization.encode("utf-8", "replace"), expected):
        return _answer(403, {"code": "AccessDenied", "message": "the authorization token is wrong"})
    role_arn, task_id, source = _parts(name)
    credentials = issuer.assume(
        role_arn, task_id, now=now, seconds=seconds or SECONDS, source=source
    )
    expires = datetime.fromtimestamp(credentials.expires_at or 0, UTC)
    return _answer(
        200,
        {
            "RoleArn": role_arn,
            "AccessKeyId": credentials.access_key,
            "SecretAccessKey": credentials.secret_key,
            "Token": credentials.token,
            "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
        },
    )


def _answer(status: int, content: dict[str, str]) -> Answer:
    return Answer(status, json.dumps(content).encode(), (("content-type", "application/json"),))


def _name(role_arn: str, task_id: str, source: str) -> str:
    text = " ".join(filter(None, (role_arn, task_id, source)))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _parts(name: str) -> tuple[str, str, str]:
    try:
        text = base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        text = ""
    role_arn, task_id, source, *_ = (*text.split(" ", 2), "", "")
    return role_arn, task_id, source
