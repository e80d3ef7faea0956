"""Who names a thing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Use:
    """Which argument of which resource names it. `argument` is a path: `target.role_arn`."""

    address: str
    type: str
    argument: str
