"""Calls that are delayed, refused, or never answered, because of a fault."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal

from bonkei.services.endpoint.errors import ApiError
from bonkei.services.endpoint.wire.model import find_model

Refusal = Literal["internal", "throttle", "unavailable"]


@dataclass(frozen=True, slots=True)
class Disturbance:
    """First `seconds` pass. Then the call is refused, never answered (`silent`), or answered as
    usual."""

    seconds: float = 0.0
    refusal: Refusal | None = None
    silent: bool = False


Disturb = Callable[[Collection[str], str], Disturbance | None]
"""The disturbance of a call. The arguments: the names of its service (the signed one and
botocore's), and its operation."""

# "Common errors" in each service's API reference; "Error responses" of Amazon S3 (SlowDown, 503);
# "Invoke" of AWS Lambda (TooManyRequestsException, 429); "SendMessage" of Amazon SQS
# (RequestThrottled); "Error handling with DynamoDB" (ThrottlingException, 400).
_THROTTLED: dict[str, tuple[str, int]] = {
    "s3": ("SlowDown", 503),
    "lambda": ("TooManyRequestsException", 429),
    "sqs": ("RequestThrottled", 400),
}
_WORDS = {"SlowDown": "Please reduce your request rate."}
_BY = " (a fault of `bonkei fault`)"


async def disturbed(disturb: Disturb | None, service: str, operation: str, protocol: str) -> bool:
    """Whether the call must stay unanswered. `service`: the name in the credential scope. Raises
    ApiError if the call is refused."""
    if disturb is None:
        return False
    model = find_model(service)
    found = disturb({service, model.name if model else ""}, operation)
    if found is None:
        return False
    await asyncio.sleep(found.seconds)
    if found.refusal is not None:
        raise refused(found.refusal, service, protocol)
    return found.silent


def refused(refusal: Refusal, service: str, protocol: str) -> ApiError:
    """The service's own error for it."""
    if refusal == "unavailable":
        message = "The request has failed due to a temporary failure of the server."
        return ApiError("ServiceUnavailable", message + _BY, 503)
    if refusal == "internal":
        code = "InternalError" if service == "s3" else "InternalFailure"
        return ApiError(code, "We encountered an internal error. Please try again." + _BY, 500)
    usual = ("Throttling" if protocol in ("query", "ec2") else "ThrottlingException", 400)
    code, status = _THROTTLED.get(service, usual)
    return ApiError(code, _WORDS.get(code, "Rate exceeded") + _BY, status)
