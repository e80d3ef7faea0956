"""Access keys that contain their owner, so that none must be stored.

A session's token has the role, the session's name, the end time, and a code that only this
miniature can compute. Its secret key is derived from the token. They survive a restart, expire like
AWS's, and are invalid in other miniatures.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from bonkei.base.arn import Arn
from bonkei.base.aws_service import Caller
from bonkei.services.endpoint.errors import ApiError

PERSON = "bonkei"
"""The IAM user for the person at this machine, who is the account's administrator."""
USER_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
"""`UserName` of CreateUser (IAM API Reference)."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """`expires_at`: seconds since the epoch. None: the user's own credentials never expire."""

    access_key: str
    secret_key: str
    token: str = ""
    expires_at: float | None = None


class Issuer:
    """Issues and recognizes credentials. `key`: the home's own 32 bytes."""

    def __init__(self, key: bytes, account: str) -> None:
        self._key = key
        self.account = account
        self._id = lru_cache(maxsize=256)(self._make_id)
        self._roles: frozenset[str] = frozenset()
        self._deleted: frozenset[str] = frozenset()

    def follow(self, roles: Iterable[str]) -> None:
        """From now on, the definitions have the roles with these ARNs. Sessions of any other role
        that they had before are invalid, as when IAM deletes a role."""
        present = frozenset(roles)
        self._deleted = (self._deleted | self._roles) - present
        self._roles = present

    def person(self) -> Credentials:
        """Credentials of the IAM user `PERSON`."""
        return Credentials(self._access_key("AKIA", PERSON), self._secret(PERSON))

    def assume(
        self, role_arn: str, session: str, *, now: float, seconds: float, source: str = "",
        policy: str = "",
    ) -> Credentials:  # fmt: skip
        """Credentials for a session of `role_arn` for `seconds`. The name must be valid for STS.
        `source` and `policy`: as in `Caller`."""
        expires_at = int(now + seconds)
        wanted = [role_arn, session, expires_at, *([source] if source or policy else [])]
        wanted += [policy] if policy else []
        claims = json.dumps(wanted, separators=(",", ":")).encode()
        token = base64.b64encode(self._code(b"token", claims) + claims).decode()
        return Credentials(
            self._access_key("ASIA", token), self._secret(token), token, float(expires_at)
        )

    def user(self, name: str, *, now: float, seconds: float) -> Credentials:
        """Temporary credentials of another IAM user, like those of GetSessionToken."""
        return self.assume(f"arn:aws:iam::{self.account}:user/{name}", "", now=now, seconds=seconds)

    def secret_of(self, access_key: str, token: str, *, now: float) -> tuple[str, Caller]:
        """The secret key of an access key, and its owner.

        Raises ApiError with the codes of S3 and the query protocol.
        """
        if not token:
            if _is_same(access_key, self._access_key("AKIA", PERSON)):
                return self._secret(PERSON), self._user()
            raise _UNKNOWN
        role_arn, session, expires_at, source, policy = self._claims(token)
        if not _is_same(access_key, self._access_key("ASIA", token)):
            raise _UNKNOWN
        if role_arn in self._deleted:
            raise _UNKNOWN
        if now >= expires_at:
            raise ApiError(
                "ExpiredToken", "The security token included in the request is expired", 403
            )
        return self._secret(token), self._session(role_arn, session, source, policy)

    def authorization(self, purpose: str) -> str:
        """A bearer token for one purpose, such as one task's credentials."""
        return self._text(b"authorization", purpose, 32)

    def _claims(self, token: str) -> tuple[str, str, float, str, str]:
        try:
            raw = base64.b64decode(token, validate=True)
        except (binascii.Error, ValueError):
            raise _UNKNOWN from None
        code, claims = raw[:32], raw[32:]
        if not hmac.compare_digest(code, self._code(b"token", claims)):
            raise _UNKNOWN
        role_arn, session, expires_at, *more = json.loads(claims)
        source, policy = [*map(str, more), "", ""][:2]
        return role_arn, session, expires_at, source, policy

    def _user(self) -> Caller:
        account = self.account
        return Caller(f"arn:aws:iam::{account}:user/{PERSON}", self._id("AIDA", PERSON), account)

    def session(self, role_arn: str, name: str) -> Caller:
        """A session of a role, as used by AWS's own services; or the user with this ARN. Without
        a role, the account's administrator."""
        return self._session(role_arn, name) if role_arn else self._user()

    def _session(self, role_arn: str, session: str, source: str = "", policy: str = "") -> Caller:
        role = Arn.of(role_arn)
        if role.resource.startswith("user/"):
            return Caller(role_arn, self._id("AIDA", role_arn), role.account, role_arn)
        name = role.resource.rpartition("/")[2]  # a role's path is not part of its sessions' ARNs
        return Caller(
            f"arn:{role.partition}:sts::{role.account}:assumed-role/{name}/{session}",
            f"{self._id('AROA', role_arn)}:{session}",
            role.account,
            role_arn,
            source,
            policy,
        )

    def _access_key(self, prefix: str, of: str) -> str:
        return self._id(prefix, of)

    def _make_id(self, prefix: str, of: str) -> str:
        """Twenty characters of base 32, like all of IAM's unique identifiers."""
        digest = self._code(b"id", f"{prefix} {of}".encode())
        return prefix + base64.b32encode(digest).decode()[:16]

    def _secret(self, of: str) -> str:
        return self._text(b"secret", of, 40)

    def _text(self, purpose: bytes, of: str, length: int) -> str:
        code = self._code(purpose, of.encode("utf-8", "surrogateescape"))
        return base64.b64encode(code).decode()[:length]

    def _code(self, purpose: bytes, data: bytes) -> bytes:
        return hmac.digest(self._key, purpose + b"\0" + data, hashlib.sha256)


def _is_same(given: str, key: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), key.encode())


_UNKNOWN = ApiError(
    "InvalidClientTokenId", "The security token included in the request is invalid.", 403
)
