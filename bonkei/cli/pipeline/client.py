"""Calls of the miniature's AWS endpoint, signed and over HTTP, like those of an SDK."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from bonkei.base.errors import BonkeiError
from bonkei.cli.context import Context

_SILENCE = 60.0  # seconds
_TARGETS = {
    "codepipeline": "CodePipeline_20150709",
    "codecommit": "CodeCommit_20150413",
}


class RefusedError(BonkeiError):
    """AWS's error: its code and its message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class Endpoint:
    """The endpoint, called as the user at this machine. Raises MiniatureError if no miniature
    runs."""

    def __init__(self, context: Context) -> None:
        self._environment: Mapping[str, str] = context.ask("aws", role="")
        self._url = urlsplit(self._environment["AWS_ENDPOINT_URL"])

    def pipeline(self, operation: str, **given: Any) -> Any:
        """Call CodePipeline. Raises RefusedError."""
        return self._call("codepipeline", operation, given)

    def repositories(self, operation: str, **given: Any) -> Any:
        """A call of CodeCommit. RefusedError."""
        return self._call("codecommit", operation, given)

    def _call(self, service: str, operation: str, given: Mapping[str, Any]) -> Any:
        from bonkei.services.endpoint.calls.request import Request, Scope
        from bonkei.services.endpoint.identity.signature import sign

        body, now, known = json.dumps(given).encode(), datetime.now(UTC), self._environment
        headers = {
            "content-type": "application/x-amz-json-1.1",
            "host": self._url.netloc,
            "x-amz-date": now.strftime("%Y%m%dT%H%M%SZ"),
            "x-amz-target": f"{_TARGETS[service]}.{operation}",
        }
        scope = Scope(
            known["AWS_ACCESS_KEY_ID"], now.strftime("%Y%m%d"), known["AWS_REGION"], service
        )
        request = Request("POST", "/", "", tuple(headers.items()))
        headers["authorization"] = sign(request, body, scope, known["AWS_SECRET_ACCESS_KEY"])
        return self._send(body, headers)

    def _send(self, body: bytes, headers: Mapping[str, str]) -> Any:
        connection = http.client.HTTPConnection(
            self._url.hostname or "", self._url.port, timeout=_SILENCE
        )
        try:
            connection.request("POST", "/", body, dict(headers))
            answer = connection.getresponse()
            content = json.loads(answer.read() or b"{}")
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise BonkeiError(
                f"the AWS endpoint does not answer: {error or type(error).__name__}",
                remedy="see `bonkei status`",
            ) from None
        finally:
            connection.close()
        if answer.status >= 300:
            code = str(content.get("__type", answer.status)).rpartition("#")[2]
            raise RefusedError(code, str(content.get("message") or content.get("Message") or ""))
        return content
