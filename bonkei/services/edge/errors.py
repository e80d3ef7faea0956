"""The error of a listener that cannot be opened."""

from __future__ import annotations

from bonkei.base.errors import BonkeiError


class EdgeError(BonkeiError):
    """A listener cannot be opened, or the blueprint's listeners contradict each other."""
