"""Security Token Service: who one is, and the way to another role."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from bonkei.cloud.credentials import Issuer
from bonkei.cloud.errors import Answer, ApiError
from bonkei.cloud.services import Asked, Operation

_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
_SESSION = re.compile(r"[\w+=,.@-]{2,64}")
_SHORTEST, _LONGEST, _USUAL = 900, 43_200, 3_600


def operations(
    issuer: Issuer, is_role: Callable[[str], bool], clock: Callable[[], float]
) -> Mapping[str, Operation]:
    """`is_role`: whether the definitions have a role of this ARN."""

    async def get_caller_identity(asked: Asked) -> Answer:
        caller = asked.caller
        return _xml(
            asked,
            f"<Arn>{escape(caller.arn)}</Arn><UserId>{escape(caller.user_id)}</UserId>"
            f"<Account>{caller.account}</Account>",
        )

    async def assume_role(asked: Asked) -> Answer:
        role = str(asked.parameters.get("RoleArn", ""))
        session = str(asked.parameters.get("RoleSessionName", ""))
        if not _SESSION.fullmatch(session):
            raise ApiError("ValidationError", "RoleSessionName must be 2 to 64 of [\\w+=,.@-]")
        if not is_role(role):
            raise ApiError(
                "AccessDenied",
                f"User: {asked.caller.arn} is not authorized to perform: sts:AssumeRole on "
                f"resource: {role}",
                403,
            )
        seconds = _duration(asked)
        credentials = issuer.assume(role, session, now=clock(), seconds=seconds)
        _, caller = issuer.secret_of(credentials.access_key, credentials.token, now=clock())
        expires = datetime.fromtimestamp(credentials.expires_at or 0, UTC)
        return _xml(
            asked,
            f"<AssumedRoleUser><Arn>{escape(caller.arn)}</Arn>"
            f"<AssumedRoleId>{escape(caller.user_id)}</AssumedRoleId></AssumedRoleUser>"
            f"<Credentials><AccessKeyId>{credentials.access_key}</AccessKeyId>"
            f"<SecretAccessKey>{escape(credentials.secret_key)}</SecretAccessKey>"
            f"<SessionToken>{escape(credentials.token)}</SessionToken>"
            f"<Expiration>{expires:%Y-%m-%dT%H:%M:%SZ}</Expiration></Credentials>",
        )

    return {"GetCallerIdentity": get_caller_identity, "AssumeRole": assume_role}


def _duration(asked: Asked) -> float:
    given = str(asked.parameters.get("DurationSeconds", _USUAL))
    if not given.isdecimal() or not _SHORTEST <= int(given) <= _LONGEST:
        raise ApiError(
            "ValidationError", f"DurationSeconds must be between {_SHORTEST} and {_LONGEST}"
        )
    return float(given)


def _xml(asked: Asked, result: str) -> Answer:
    name = asked.call.operation
    text = (
        f'<{name}Response xmlns="{_NAMESPACE}"><{name}Result>{result}</{name}Result>'
        f"<ResponseMetadata><RequestId>{asked.request_id}</RequestId></ResponseMetadata>"
        f"</{name}Response>"
    )
    headers = (("content-type", "text/xml"), ("x-amzn-requestid", asked.request_id))
    return Answer(200, text.encode(), headers)
