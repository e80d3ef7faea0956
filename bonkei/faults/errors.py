"""What the room refuses."""

from __future__ import annotations

from bonkei.errors import BonkeiError


class FaultError(BonkeiError):
    """A fault that cannot begin, or a drill that cannot run; the remedy names what can."""
