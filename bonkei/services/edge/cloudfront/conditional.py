"""Conditions and ranges answered from a stored response (RFC 9110, sections 13 and 14)."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

from bonkei.services.edge.http.message import Request

_RANGE = re.compile(rb"\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*")


def not_modified(request: Request, etag: bytes | None, last_modified: bytes | None) -> bool:
    """Whether the viewer has the stored response already. If-None-Match wins."""
    wanted = request.fields.get(b"if-none-match")
    if wanted is not None:
        if etag is None:
            return False
        tags = [tag.strip() for tag in wanted.split(b",")]
        return b"*" in tags or _weak(etag) in {_weak(tag) for tag in tags}
    since = request.fields.get(b"if-modified-since")
    if since is None or last_modified is None:
        return False
    try:
        return parsedate_to_datetime(last_modified.decode("latin-1")) <= parsedate_to_datetime(
            since.decode("latin-1")
        )
    except (ValueError, TypeError, OverflowError):
        return False


def byte_range(
    request: Request, size: int, etag: bytes | None, last_modified: bytes | None
) -> tuple[int, int] | bool:
    """The first and last byte of the one range asked for.

    True: the whole body (no range, several, or one that If-Range rules out); False: the range lies
    outside the body (416).
    """
    value = request.fields.get(b"range")
    if value is None or request.method != b"GET":
        return True
    condition = request.fields.get(b"if-range")
    if condition is not None and (
        condition.startswith(b"W/") or condition not in (etag, last_modified)
    ):
        return True
    match = _RANGE.fullmatch(value)
    if match is None or not (match[1] or match[2]):
        return True
    if not match[1]:
        suffix = _position(match[2])
        return (max(0, size - suffix), size - 1) if suffix and size else False
    first = _position(match[1])
    last = _position(match[2]) if match[2] else size - 1
    if last < first and match[2]:
        return True
    return (first, min(last, size - 1)) if first < size else False


def _position(digits: bytes) -> int:
    """A position. A number too long for any body becomes one fixed, large position."""
    digits = digits.lstrip(b"0") or b"0"
    return int(digits) if len(digits) < 18 else 10**18


def _weak(tag: bytes) -> bytes:
    return tag.removeprefix(b"W/")
