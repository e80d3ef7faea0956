"""The token that signs in to a database in place of a password (`generate-db-auth-token`).

It is a presigned URL without its scheme: `HOST:PORT/?Action=connect&DBUser=USER&X-Amz-…`, signed
for the service rds-db. "IAM database authentication for Amazon RDS" (Amazon Aurora User Guide):
"Each token has a lifetime of 15 minutes."
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from bonkei.base.aws_service import Caller
from bonkei.services.endpoint.calls.request import Request
from bonkei.services.endpoint.errors import ApiError
from bonkei.services.endpoint.identity import signature

SECONDS = 900
_SERVICE = "rds-db"
_NO_BODY = hashlib.sha256(b"").hexdigest()


def verify(
    token: str,
    places: Collection[str],
    user: str,
    region: str,
    secrets: signature.Secrets,
    *,
    now: float,
) -> Caller:
    """The signer of a token for this user of the database. `places`: the cluster's names and
    addresses, each with its port. Raises ApiError."""
    place, is_token, query = token.partition("/?")
    place = place.lower()  # clients sign it so
    request = Request("GET", "/", query, (("host", place),))
    asked, scope = request.parameters, request.scope
    if not is_token or asked.get("Action") != "connect" or scope is None:
        raise _refused("the password is not an authentication token of RDS")
    if (scope.service, scope.region) != (_SERVICE, region):
        raise _refused(
            f"the token is signed for {scope.service} in {scope.region}, not {_SERVICE} in {region}"
        )
    if place not in {each.lower() for each in places}:
        raise _refused(f"the token is for {place}, which is not this cluster")
    if asked.get("DBUser") != user:
        raise _refused(f"the token is for the user {asked.get('DBUser', '')}, not {user}")
    if not asked.get("X-Amz-Expires", "").isdecimal() or int(asked["X-Amz-Expires"]) > SECONDS:
        raise _refused(f"the token's X-Amz-Expires must be {SECONDS} at most")
    return signature.verify(request, _NO_BODY, secrets, now=now)


def _refused(why: str) -> ApiError:
    return ApiError("AccessDenied", why, 403)
