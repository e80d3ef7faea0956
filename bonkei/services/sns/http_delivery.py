"""Delivery to an HTTP or HTTPS endpoint.

Source: "HTTP/HTTPS headers" and "Amazon SNS message delivery retries" in the Amazon SNS Developer
Guide: 2xx is success, 4xx other than 429 is final.
"""

from __future__ import annotations

import ssl

import aiohttp

from bonkei.base.link_local import LinkLocalError, other_socket
from bonkei.services.sns.errors import DeliveryError
from bonkei.services.sns.subscriptions import Subscription

_SECONDS = 15.0  # for an answer


class HttpDelivery:
    """One client, which is created when it is first needed."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._trusted: ssl.SSLContext | None = None

    async def post(self, to: Subscription, kind: str, message_id: str, body: str) -> None:
        """Raises DeliveryError unless the endpoint takes it."""
        headers = {
            "x-amz-sns-message-type": kind,
            "x-amz-sns-message-id": message_id,
            "x-amz-sns-topic-arn": to.topic,
            "x-amz-sns-subscription-arn": to.arn,
            "Content-Type": "text/plain; charset=UTF-8",
            "User-Agent": "Amazon Simple Notification Service Agent",
        }
        if to.is_raw and kind == "Notification":
            headers["x-amz-sns-rawdelivery"] = "true"
        try:
            async with self._open().post(
                to.endpoint, data=body.encode(), headers=headers, allow_redirects=False,
                ssl=self._trust() if to.endpoint.lower().startswith("https:") else True,
            ) as answer:  # fmt: skip
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            if isinstance(cause := getattr(error, "os_error", error), LinkLocalError):
                raise DeliveryError(str(cause), is_final=True) from None
            raise DeliveryError(f"no answer: {type(error).__name__}") from None
        if not 200 <= status < 300:
            raise DeliveryError(
                f"status {status}", is_final=400 <= status < 500 and status not in (408, 429)
            )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=_SECONDS)
            connector = aiohttp.TCPConnector(socket_factory=other_socket)
            self._session = aiohttp.ClientSession(
                connector=connector, timeout=timeout, trust_env=False
            )
        return self._session

    def _trust(self) -> ssl.SSLContext:
        """aiohttp's own context trusts no certificate: see `importing.without_certificates`."""
        if self._trusted is None:
            self._trusted = ssl.create_default_context()
        return self._trusted
