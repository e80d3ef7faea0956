"""Which service is whose: Bonkei's own, the backing store's, or nobody's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bonkei.aws_service import Caller
from bonkei.cloud.errors import Answer, ApiError
from bonkei.cloud.request import Call

BACKED = frozenset({"s3", "sqs", "sns", "dynamodb", "ssm", "kms"})
"""What MiniStack answers, by the name in the credential scope. DynamoDB's streams are signed as
`dynamodb`, too."""

Parameters = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A call that Bonkei answers itself: `parameters` as the client gave them."""

    call: Call
    parameters: Parameters
    caller: Caller
    request_id: str


Operation = Callable[[Asked], Awaitable[Answer]]
Own = Mapping[str, Mapping[str, Operation]]
"""Service -> operation -> what answers it."""


def not_served(call: Call, own: Own) -> ApiError:
    """What a call is answered that nobody knows: it names the call, and what is there instead."""
    if call.service in own or call.service in BACKED:
        return ApiError(
            "InvalidAction",
            f"The miniature does not answer {call.service}:{call.operation}.",
            400,
        )
    served = ", ".join(sorted(BACKED | set(own)))
    return ApiError(
        "InvalidAction",
        f"The miniature does not answer {call.service}:{call.operation}. It answers: {served}.",
        400,
    )
