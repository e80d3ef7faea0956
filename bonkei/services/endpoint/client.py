"""Calls of the miniature's own parts. Like all calls, they are signed by a caller and go through
the endpoint.

Only JSON protocols: SQS, DynamoDB's streams, EventBridge and CloudWatch Logs speak them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import aiohttp

from bonkei.base.aws_service import AwsServiceError
from bonkei.services.endpoint.identity.credentials import Credentials
from bonkei.services.endpoint.json_calls import SILENCE, Address, content, signed, unanswered


class JsonClient:
    """One pool of connections, created when it is first needed."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def call(
        self,
        credentials: Credentials,
        address: Address,
        target: str,
        given: Mapping[str, Any],
        most: int = 0,
    ) -> Mapping[str, Any]:
        """The answer. Raises AwsServiceError. Without an answer, its status is 503. Its code is
        `TooLarge` if the answer has more than `most` bytes (0: no limit)."""
        body = json.dumps(given).encode()
        headers = signed(credentials, address, target, body)
        try:
            async with self._open().post(f"{address.url}/", data=body, headers=headers) as answer:
                text = await (_bounded(answer, most) if most else answer.text())
                return content(answer.status, text)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise unanswered(error) from None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=64),
                timeout=aiohttp.ClientTimeout(total=SILENCE),
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
