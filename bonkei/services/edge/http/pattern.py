"""Wildcards as CloudFront's path patterns and the load balancer's conditions write them.

`*` matches any number of characters, including none; `?` exactly one. Nothing else is special.
("Cache behavior settings: Path pattern", Amazon CloudFront Developer Guide; "Condition types for
listener rules", User Guide for Application Load Balancers.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from bonkei.services.edge.http.message import Request

Predicate = Callable[[bytes], bool]
RequestPredicate = Callable[[Request], bool]

_UNRESERVED = re.compile(rb"%([0-9A-Fa-f]{2})")


def matcher(pattern: str, *, ignore_case: bool = False) -> Predicate:
    """A predicate for one pattern; patterns without wildcards or with one at the end are fast."""
    text = pattern.encode()
    if ignore_case:
        text = text.lower()
    match = _exact_matcher(text)
    if not ignore_case:
        return match
    return lambda value: match(value.lower())


def any_matcher(patterns: Sequence[str], *, ignore_case: bool = False) -> Predicate:
    """A predicate that holds when one of the patterns matches."""
    matchers = tuple(matcher(pattern, ignore_case=ignore_case) for pattern in patterns)
    if len(matchers) == 1:
        return matchers[0]
    return lambda value: any(match(value) for match in matchers)


def _exact_matcher(text: bytes) -> Predicate:
    head = text[:-1]
    if text == b"*":
        return lambda value: True  # noqa: ARG005
    if b"*" not in text and b"?" not in text:
        return text.__eq__
    if text.endswith(b"*") and b"*" not in head and b"?" not in head:
        return lambda value: value.startswith(head)
    compiled = re.compile(_translate(text), re.DOTALL)
    return lambda value: compiled.fullmatch(value) is not None


def _translate(text: bytes) -> bytes:
    """A regular expression with linear time on hostile input. Between two stars the leftmost match
    is as good as any other, so atomic groups prevent backtracking."""
    first, *rest = [
        b"".join(b"." if byte == ord("?") else re.escape(bytes((byte,))) for byte in part)
        for part in re.sub(rb"\*+", b"*", text).split(b"*")
    ]
    if not rest:
        return first
    *middle, last = rest
    return first + b"".join(b"(?>.*?%b)" % part for part in middle) + b".*" + last


def normalize_path(path: bytes) -> bytes:
    """A path as RFC 3986, section 6.2.2 normalizes it: dot segments removed, unreserved
    characters decoded.

    CloudFront normalizes the path to choose the cache behavior, and sends the raw path to the
    origin ("Cache behavior settings: Path pattern").
    """
    if b"%" in path:
        path = _UNRESERVED.sub(_decode_unreserved, path)
    if b"/." in path:
        path = _remove_dot_segments(path)
    return path


def _decode_unreserved(match: re.Match[bytes]) -> bytes:
    byte = bytes((int(match[1], 16),))
    return byte if byte.isalnum() or byte in b"-._~" else match[0].upper()


def _remove_dot_segments(path: bytes) -> bytes:
    kept: list[bytes] = []
    segments = path.split(b"/")[1:]
    for position, segment in enumerate(segments):
        last = position == len(segments) - 1
        if segment in (b".", b".."):
            if segment == b".." and kept:
                kept.pop()
            if last:
                kept.append(b"")
        else:
            kept.append(segment)
    return b"/" + b"/".join(kept)
