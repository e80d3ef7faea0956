"""Calls of the services that the rooms answer, in a person's name."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from bonkei.base.arn import Arn
from bonkei.base.aws_service import AwsCall, AwsService, AwsServiceError, Caller
from bonkei.miniature.rehearsal.values import RehearsalError


async def call(
    rooms: Mapping[str, AwsService], service: str, operation: str, arn: str, /, **given: Any
) -> Mapping[str, Any]:
    """`arn` gives region and account. Raises RehearsalError if the call is refused."""
    room = rooms.get(service)
    if room is None or operation not in room.operations:
        raise RehearsalError(f"nobody here answers {service}:{operation}")
    place = Arn.of(arn)
    caller = Caller(f"arn:aws:iam::{place.account}:user/bonkei", "bonkei", place.account)
    call = AwsCall(service, operation, given, caller, place.region, time.time())
    try:
        return await room.answer(call)
    except AwsServiceError as error:
        raise RehearsalError(str(error)) from None
