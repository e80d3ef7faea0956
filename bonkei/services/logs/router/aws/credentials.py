"""The task role's credentials, from ECS's address. They are fetched again before they expire.

Source: "Container credential provider" (AWS SDKs and Tools Reference Guide).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bonkei.services.logs.router.aws.http import send

_EARLY = 300.0  # seconds before they expire
_ECS = "http://169.254.170.2"


class CredentialsError(OSError):
    """No credentials were found."""


@dataclass(frozen=True, slots=True)
class Credentials:
    access_key: str
    secret_key: str
    token: str = ""
    expires_at: float | None = None


class CredentialsProvider:
    """`environment`: AWS_CONTAINER_CREDENTIALS_FULL_URI (or _RELATIVE_URI), or static keys."""

    def __init__(
        self, environment: Mapping[str, str], clock: Callable[[], float] = time.time
    ) -> None:
        self._environment = environment
        self._clock = clock
        self._known: Credentials | None = None

    async def get(self) -> Credentials:
        """Raises CredentialsError when there are none."""
        known = self._known
        if known is not None and (
            known.expires_at is None or self._clock() < known.expires_at - _EARLY
        ):
            return known
        self._known = await self._fetch()
        return self._known

    def forget(self) -> None:
        """The known credentials were refused: forget them."""
        self._known = None

    async def _fetch(self) -> Credentials:
        told = self._environment
        url = told.get("AWS_CONTAINER_CREDENTIALS_FULL_URI", "")
        if relative := told.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
            url = _ECS + relative
        if not url:
            if "AWS_ACCESS_KEY_ID" in told and "AWS_SECRET_ACCESS_KEY" in told:
                return Credentials(
                    told["AWS_ACCESS_KEY_ID"],
                    told["AWS_SECRET_ACCESS_KEY"],
                    told.get("AWS_SESSION_TOKEN", ""),
                )
            raise CredentialsError("there are no credentials: the task has no role")
        headers = {"Accept": "application/json"}
        if token := told.get("AWS_CONTAINER_AUTHORIZATION_TOKEN"):
            headers["Authorization"] = token
        answer = await send("GET", url, headers, seconds=5.0)
        if answer.status != 200:
            raise CredentialsError(f"{url} answers {answer.status}")
        found = json.loads(answer.body)
        return Credentials(
            found["AccessKeyId"],
            found["SecretAccessKey"],
            found.get("Token", ""),
            datetime.fromisoformat(found["Expiration"]).timestamp(),
        )
