"""Long answers in pages. The token marks the beginning of the next page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from bonkei.aws_service import AwsServiceError

T = TypeVar("T")


def page(
    items: Sequence[T], token: str | None, size: int, code: str = "InvalidParameterException"
) -> tuple[list[T], str | None]:
    """One page, and the token of the next page (None after the last one). Raises AwsServiceError
    with `code` for an unknown token."""
    start = 0
    if token:
        start = int(token) if token.isascii() and token.isdecimal() and len(token) < 10 else -1
        if not 0 < start < max(len(items), 1):
            raise AwsServiceError(code, "The token is not one that an earlier page had.")
    end = start + size
    return list(items[start:end]), str(end) if end < len(items) else None
