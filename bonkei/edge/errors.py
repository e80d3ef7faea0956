"""What can go wrong when the edge is opened."""

from __future__ import annotations

from bonkei.errors import BonkeiError


class EdgeError(BonkeiError):
    """A listener cannot be opened, or the blueprint asks for what cannot be listened on."""
