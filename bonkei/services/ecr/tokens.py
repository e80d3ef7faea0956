"""The password of `docker login`: its owner and its expiry, signed. So nothing must be stored.

Source: GetAuthorizationToken in the Amazon ECR API Reference: it is valid for 12 hours, with the
permissions of the principal that requested it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from dataclasses import asdict, dataclass

from bonkei.base.aws_service import Caller

SECONDS = 12 * 3600
USER = "AWS"


@dataclass(frozen=True, slots=True)
class Tokens:
    """`key`: secret, the home's own."""

    key: bytes

    def issue(self, caller: Caller, now: float) -> str:
        """The password."""
        content = json.dumps({"caller": asdict(caller), "until": now + SECONDS}).encode()
        return base64.b64encode(self._sign(content) + content).decode()

    def read(self, authorization: str, now: float) -> Caller | None:
        """The sender of this header (`Basic USER:PASSWORD`); None when it cannot be verified."""
        try:
            scheme, _, encoded = authorization.partition(" ")
            user, _, password = base64.b64decode(encoded, validate=True).partition(b":")
            signed = base64.b64decode(password, validate=True)
        except (binascii.Error, ValueError):
            return None
        signature, content = signed[:32], signed[32:]
        is_ours = hmac.compare_digest(signature, self._sign(content))
        if scheme.lower() != "basic" or user != USER.encode() or not is_ours:
            return None
        document = json.loads(content)
        return Caller(**document["caller"]) if document["until"] > now else None

    def _sign(self, content: bytes) -> bytes:
        return hmac.digest(self.key, b"registry\0" + content, "sha256")
