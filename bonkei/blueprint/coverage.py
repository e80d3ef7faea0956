"""What the definitions hold and the miniature does not simulate, with the reason: nothing is
ignored in silence."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NotSimulated:
    """A resource type, or a part of one resource (`address` then names it)."""

    kind: str  # resource type, or type.argument
    reason: str
    count: int = 1
    address: str = ""
