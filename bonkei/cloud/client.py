"""Calls of the miniature's own parts. Like all calls, they are signed by a caller and go through
the endpoint.

Only JSON protocols: SQS, DynamoDB's streams, EventBridge and CloudWatch Logs speak them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bonkei.aws_service import AwsServiceError
from bonkei.cloud.calls.request import Request, Scope
from bonkei.cloud.identity.credentials import Credentials
from bonkei.cloud.identity.signature import sign

_SILENCE = 30.0  # seconds; polling a queue takes up to 20


@dataclass(frozen=True, slots=True)
class Address:
    """The destination of a call. `service`: its name in the signature."""

    url: str
    service: str
    region: str


class JsonClient:
    """One pool of connections, created when it is first needed."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def call(
        self,
        credentials: Credentials,
        address: Address,
        target: str,
        content: Mapping[str, Any],
        most: int = 0,
    ) -> Mapping[str, Any]:
        """The answer. Raises AwsServiceError. Without an answer, its status is 503. Its code is
        `TooLarge` if the answer has more than `most` bytes (0: no limit)."""
        body = json.dumps(content).encode()
        now = datetime.now(UTC)
        headers = [
            ("content-type", "application/x-amz-json-1.0"),
            ("host", urlsplit(address.url).netloc),
            ("x-amz-date", now.strftime("%Y%m%dT%H%M%SZ")),
            ("x-amz-target", target),
        ]
        if credentials.token:
            headers.append(("x-amz-security-token", credentials.token))
        scope = Scope(
            credentials.access_key, now.strftime("%Y%m%d"), address.region, address.service
        )
        request = Request("POST", "/", "", tuple(headers))
        authorization = sign(request, body, scope, credentials.secret_key)
        try:
            async with self._open().post(
                f"{address.url}/", data=body, headers=[*headers, ("authorization", authorization)]
            ) as answer:
                text = await (_bounded(answer, most) if most else answer.text())
                return _content(answer.status, text)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise AwsServiceError(
                "ServiceUnavailable", f"no answer: {type(error).__name__}", 503
            ) from None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=64),
                timeout=aiohttp.ClientTimeout(total=_SILENCE),
                trust_env=False,
            )
        return self._session


async def _bounded(answer: aiohttp.ClientResponse, most: int) -> str:
    found = bytearray()
    async for piece in answer.content.iter_any():
        found += piece
        if len(found) > most:
            answer.close()
            raise AwsServiceError("TooLarge", f"the answer has more than {most:,} bytes")
    return found.decode("utf-8", "replace")


def _content(status: int, text: str) -> Mapping[str, Any]:
    try:
        content = json.loads(text or "{}")
    except ValueError:
        content = {}
    if status >= 300:
        code = str(content.get("__type", "Unknown")).rpartition("#")[2]
        raise AwsServiceError(code, str(content.get("message") or text[:200]), status)
    return dict(content)
