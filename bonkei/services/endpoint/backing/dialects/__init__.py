"""What the services answer where MiniStack answers otherwise.

s3, sqs, kms, dynamodb, ssm   the differences of one service each, pure
tables                        those of DynamoDB that depend on what a table has
errors                        what is in an error of S3 and SQS besides its code, pure

S3 and SQS differ before an answer is whole, so `passing` asks `s3` and `sqs` itself.
"""

from __future__ import annotations

from aiohttp import web

from bonkei.services.endpoint.backing.dialects import dynamodb, errors, kms, ssm
from bonkei.services.endpoint.calls.request import Call, Request
from bonkei.services.endpoint.errors import Answer

_REFUSED, _CONDITION = 400, 412


def check(call: Call, body: bytes) -> None:
    """Raises ApiError for what the service refuses."""
    if call.service == "kms":
        kms.check(call, body)
    elif call.service == "ssm":
        ssm.check(call, body)
    elif call.service == "dynamodb":
        dynamodb.check(call, body)


def translated(
    call: Call, account: str, request: Request, body: bytes, response: web.StreamResponse
) -> web.StreamResponse:
    """The answer as the service gives it."""
    if not isinstance(response, web.Response) or not isinstance(response.body, bytes):
        return response
    if call.service == "kms":
        other = kms.answered(call, account, response.status, response.body)
    elif response.status < _REFUSED:
        is_table = call.service == "dynamodb"
        other = dynamodb.answered(call, response.body) if is_table else None
    else:
        other = _refused(call, request, body, response, response.body)
    if other is None:
        return response
    return web.Response(status=other.status, body=other.body, headers=dict(other.headers))


def _refused(
    call: Call, request: Request, body: bytes, response: web.Response, answer: bytes
) -> Answer | None:
    head = {name.lower(): value for name, value in response.headers.items()}
    head.pop("content-length", None)
    if call.service == "dynamodb":
        return dynamodb.refused(call, answer)
    if call.service == "ssm":
        return ssm.refused(call, body, answer)
    if call.service == "s3":
        if response.status == _CONDITION:
            content = errors.with_condition(request.header, answer)
        else:
            content = errors.without_body(body, answer)
        return None if content is None else Answer(response.status, content, tuple(head.items()))
    if call.service == "sqs" and call.protocol == "json":
        found = errors.with_namespace(head, body, answer)
        return None if found is None else Answer(response.status, found[1], tuple(found[0].items()))
    return None
