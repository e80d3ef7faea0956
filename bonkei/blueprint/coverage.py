"""What the definitions hold and the miniature does not simulate, with the reason: nothing is
ignored in silence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Category = Literal["missing", "declarative", "unknown"]


@dataclass(frozen=True, slots=True)
class NotSimulated:
    """A resource type, or a part of one resource (`address` then names it).

    `category` is `missing` (could run here, and does not), `declarative` (AWS enforces it, there
    is nothing to run) or `unknown` (no one has judged this resource type yet).
    """

    kind: str  # resource type, or type.argument
    reason: str
    count: int = 1
    address: str = ""
    category: Category = "missing"
