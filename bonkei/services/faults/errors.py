"""The error of faults and drills."""

from __future__ import annotations

from bonkei.base.errors import BonkeiError


class FaultError(BonkeiError):
    """A fault cannot begin, or a drill cannot run. The remedy names the possibilities."""
