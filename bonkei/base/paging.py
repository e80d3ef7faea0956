"""Splits long answers into pages. A token marks the beginning of the next page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from bonkei.base.aws_service import AwsServiceError

T = TypeVar("T")
_TOKEN = re.compile(r"[0-9]{1,9}")


def page(
    items: Sequence[T], token: str | None, size: int, code: str = "InvalidParameterException"
) -> tuple[list[T], str | None]:
    """Return one page, and the token of the next page (None after the last one). Raises
    AwsServiceError with `code` for an unknown token."""
    start = 0
    if token:
        start = int(token) if token.isascii() and token.isdecimal() and len(token) < 10 else -1
        if not 0 < start < max(len(items), 1):
            raise AwsServiceError(code, "The token is not one that an earlier page had.")
    end = start + size
    return list(items[start:end]), token_of(end) if end < len(items) else None


def token_of(position: int) -> str:
    """The token of the page that begins there."""
    return f"{position:09d}"


def first_of(parameters: Mapping[str, Any], code: str) -> int:
    """Where the page of this `NextToken` begins. `code` is the error for a token that was not
    issued here."""
    token = str(parameters.get("NextToken") or "0")
    if not _TOKEN.fullmatch(token):
        raise AwsServiceError(code, "The parameter NextToken is not valid.")
    return int(token)
