"""Recognizes bytes that come for the second time, by their hash."""

from __future__ import annotations

from collections.abc import Hashable


def first_time(seen: set[int], data: Hashable, limit: int) -> bool:
    """Whether `data` is new to `seen`. A hash is enough here: callers compare all bytes later."""
    digest = hash(data)
    if digest in seen:
        return False
    if len(seen) >= limit:
        seen.clear()
    seen.add(digest)
    return True
