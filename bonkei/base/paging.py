"""Splits long answers into pages. A token marks the beginning of the next page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, TypeVar

from bonkei.base.aws_service import AwsCall, AwsServiceError

T = TypeVar("T")
_TOKEN = re.compile(r"[0-9]{9}")
_SIZES = ("MaxResults", "maxResults", "MaxRecords", "Limit")


def page(
    items: Sequence[T], token: str | None, size: int, code: str = "InvalidParameterException"
) -> tuple[list[T], str | None]:
    """Return one page, and the token of the next page (None after the last one). Raises
    AwsServiceError with `code` for an unknown token. After a token whose items are gone by now,
    the page is empty."""
    start = start_of(token, code)
    end = start + size
    return list(items[start:end]), token_of(end) if end < len(items) else None


def page_of(call: AwsCall, name: str, items: Sequence[Any], size: int, code: str) -> dict[str, Any]:
    """The answer that has one page of the items under this name. The caller may ask for another
    size. Raises AwsServiceError with `code` for an unknown token."""
    given = call.parameters
    token = "nextToken" if name[0].islower() else "NextToken"
    asked = next((given[each] for each in _SIZES if given.get(each)), size)
    shown, following = page(items, given.get(token), asked, code)
    return {name: shown, token: following}


def token_of(position: int) -> str:
    """The token of the page that begins there."""
    return f"{position:09d}"


def start_of(token: str | None, code: str) -> int:
    """Where the page of this token begins. Raises AwsServiceError with `code` for a token that was
    not issued here."""
    if not token:
        return 0
    if not _TOKEN.fullmatch(token):
        raise AwsServiceError(code, "The token is not one that an earlier page had.")
    return int(token)
