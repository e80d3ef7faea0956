"""What came before, by its hash: little of what is new comes twice."""

from __future__ import annotations


def first_time(seen: set[int], data: bytes, limit: int) -> bool:
    """Whether `data` is new to `seen`. Hashes will do: what is remembered has all of its bytes."""
    digest = hash(data)
    if digest in seen:
        return False
    if len(seen) >= limit:
        seen.clear()
    seen.add(digest)
    return True
