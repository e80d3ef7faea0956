"""The error of a cluster's server."""

from __future__ import annotations

from bonkei.base.errors import BonkeiError


class DatabaseError(BonkeiError):
    """PostgreSQL cannot be started or used."""
