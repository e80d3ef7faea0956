"""What can go wrong between a cluster and its server."""

from __future__ import annotations

from bonkei.errors import BonkeiError


class DatabaseError(BonkeiError):
    """PostgreSQL cannot be started or used; `remedy` says what to do."""
