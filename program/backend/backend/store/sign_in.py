"""What the database takes in place of a password: a token of IAM, for one connection.

It is a presigned URL without its scheme, which lasts for 15 minutes ("IAM database authentication",
Amazon Aurora User Guide; "AWS Signature Version 4", IAM User Guide). The credentials are the task's
("Container credential provider", AWS SDKs and Tools Reference Guide).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import time
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

import psycopg

from backend.settings import DatabaseSettings

_TOKEN_SECONDS = 900
_FETCH_SECONDS = 2
_RENEWED_BEFORE = 300  # seconds before the credentials end
_OF_ECS = "http://169.254.170.2"


@dataclass(frozen=True, slots=True)
class Credentials:
    access_key: str
    secret_key: str
    token: str
    expires_at: float


class SignIn:
    """The password, or a new token for each connection."""

    def __init__(self, settings: DatabaseSettings) -> None:
        self._settings = settings
        self._credentials: Credentials | None = None

    async def password(self) -> str:
        """Raises psycopg.OperationalError if the task gets no credentials."""
        if self._settings.database_password is not None:
            return self._settings.database_password.get_secret_value()
        now, found = time.time(), self._credentials
        if found is None or found.expires_at - now < _RENEWED_BEFORE:
            try:
                found = self._credentials = await asyncio.to_thread(_fetch)
            except (OSError, ValueError, KeyError) as error:
                raise psycopg.OperationalError(f"no credentials of the task: {error}") from error
        return token(self._settings, found, now)


def token(settings: DatabaseSettings, credentials: Credentials, now: float) -> str:
    moment = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{moment[:8]}/{settings.database_iam_region}/rds-db/aws4_request"
    host = f"{settings.database_host}:{settings.database_port}".lower()
    parameters = {
        "Action": "connect",
        "DBUser": settings.database_username,
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{credentials.access_key}/{scope}",
        "X-Amz-Date": moment,
        "X-Amz-Expires": str(_TOKEN_SECONDS),
        "X-Amz-Security-Token": credentials.token,
        "X-Amz-SignedHeaders": "host",
    }
    query = urlencode(parameters, quote_via=quote, safe="-_.~")
    nothing = hashlib.sha256(b"").hexdigest()
    request = f"GET\n/\n{query}\nhost:{host}\n\nhost\n{nothing}"
    digest = hashlib.sha256(request.encode()).hexdigest()
    key = f"AWS4{credentials.secret_key}".encode()
    for part in (*scope.split("/"), f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}"):
        key = hmac.digest(key, part.encode(), "sha256")
    return f"{host}/?{query}&X-Amz-Signature={key.hex()}"


def _fetch() -> Credentials:
    relative = os.environ.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
    url = _OF_ECS + relative if relative else os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
    request = urllib.request.Request(url)  # noqa: S310 - ECS's, on the task's own link
    if authorization := os.environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN"):
        request.add_header("Authorization", authorization)
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(request, timeout=_FETCH_SECONDS) as answer:
        found = json.load(answer)
    expires = datetime.fromisoformat(found["Expiration"]).timestamp()
    return Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["Token"], expires)
