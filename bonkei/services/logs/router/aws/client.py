"""Signed requests.

Source: "AWS Signature Version 4 for API requests" (IAM User Guide).
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from bonkei.services.logs.router.aws.credentials import Credentials, CredentialsProvider
from bonkei.services.logs.router.aws.http import HttpAnswer, send

_ALGORITHM = "AWS4-HMAC-SHA256"


class AwsClient:
    """Calls one service in one region. `endpoint`: a URL; empty for AWS's own endpoint."""

    def __init__(
        self, service: str, region: str, endpoint: str, credentials: CredentialsProvider
    ) -> None:
        self._service = service
        self._region = region
        if endpoint and "://" not in endpoint:
            endpoint = f"https://{endpoint}"
        self._endpoint = (endpoint or f"https://{service}.{region}.amazonaws.com").rstrip("/")
        self._credentials = credentials

    async def request(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> HttpAnswer:
        """`path` is not quoted yet. Raises OSError if there is no answer."""
        credentials = await self._credentials.get()
        url = f"{self._endpoint}{quote(path, safe='/-_.~')}"
        signed = sign(
            method, url, headers, body, self._service, self._region, credentials, time.time()
        )
        answer = await send(method, url, signed, body)
        if answer.status in (401, 403):
            self._credentials.forget()
        return answer


def sign(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    service: str,
    region: str,
    credentials: Credentials,
    now: float,
) -> dict[str, str]:
    """The headers, including those of the signature."""
    moment = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    parts = urlsplit(url)
    payload = hashlib.sha256(body).hexdigest()
    all_headers = {
        **{name.lower(): value for name, value in headers.items()},
        "host": parts.netloc,
        "x-amz-date": moment,
        "x-amz-content-sha256": payload,
    }
    if credentials.token:
        all_headers["x-amz-security-token"] = credentials.token
    names = sorted(all_headers)
    path = parts.path or "/"
    canonical = "\n".join(
        (
            method,
            path if service == "s3" else quote(path, safe="/~"),
            parts.query,
            *(f"{name}:{all_headers[name].strip()}" for name in names),
            "",
            ";".join(names),
            payload,
        )
    )
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{credentials.secret_key}".encode()
    for part in (moment[:8], region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    text = f"{_ALGORITHM}\n{moment}\n{scope}\n{digest}".encode()
    signature = hmac.new(key, text, hashlib.sha256).hexdigest()
    all_headers["authorization"] = (
        f"{_ALGORITHM} Credential={credentials.access_key}/{scope}, "
        f"SignedHeaders={';'.join(names)}, Signature={signature}"
    )
    return all_headers
