"""What KMS, DynamoDB and Systems Manager answer where MiniStack answers otherwise.

kms, dynamodb, ssm   the differences of one service each, pure
"""

from __future__ import annotations

from aiohttp import web

from bonkei.services.endpoint.backing.dialects import dynamodb, kms, ssm
from bonkei.services.endpoint.calls.request import Call


def check(call: Call, body: bytes) -> None:
    """Raises ApiError for what the service refuses."""
    if call.service == "kms":
        kms.check(call, body)
    elif call.service == "ssm":
        ssm.check(call, body)


def translated(
    call: Call, account: str, body: bytes, response: web.StreamResponse
) -> web.StreamResponse:
    """The answer as the service gives it."""
    if not isinstance(response, web.Response) or not isinstance(response.body, bytes):
        return response
    other = None
    if call.service == "kms":
        other = kms.answered(call, account, response.status, response.body)
    elif call.service == "dynamodb" and response.status >= 400:
        other = dynamodb.refused(call, response.body)
    elif call.service == "ssm" and response.status >= 400:
        other = ssm.refused(call, body, response.body)
    if other is None:
        return response
    return web.Response(status=other.status, body=other.body, headers=dict(other.headers))
