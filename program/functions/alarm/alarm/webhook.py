"""The webhook's URL, from AWS Secrets Manager: the secret's string is the URL."""

from __future__ import annotations

import time
from collections.abc import Callable

from alarm.clients import client

SECONDS_KEPT = 300.0

Fetch = Callable[[str], str]


class Webhook:
    """Fetches the URL when it is first needed, and again after five minutes or `forget`."""

    def __init__(
        self,
        secret_arn: str,
        fetch: Fetch | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._secret_arn = secret_arn
        self._fetch = fetch or fetch_secret
        self._clock = clock
        self._url = ""
        self._until = float("-inf")

    def url(self) -> str:
        if self._clock() >= self._until:
            self._url = self._fetch(self._secret_arn).strip()
            self._until = self._clock() + SECONDS_KEPT
        return self._url

    def forget(self) -> None:
        self._until = float("-inf")


def fetch_secret(secret_arn: str) -> str:
    return str(client("secretsmanager").get_secret_value(SecretId=secret_arn)["SecretString"])
