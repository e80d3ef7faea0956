"""Calls of AWS in the administrator's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bonkei.base.arn import Arn
from bonkei.base.aws_service import ADMINISTRATOR, Aws
from bonkei.base.errors import BonkeiError
from bonkei.miniature.rehearsal.values import RehearsalError


async def call(
    aws: Aws, service: str, operation: str, arn: str, /, **given: Any
) -> Mapping[str, Any]:
    """`arn` gives the region. Raises RehearsalError if the call is refused."""
    try:
        return await aws.call(ADMINISTRATOR, service, operation, given, Arn.of(arn).region)
    except BonkeiError as error:
        raise RehearsalError(str(error)) from None
