"""The error of a router's configuration."""

from __future__ import annotations

from bonkei.base.errors import BonkeiError


class RouterError(BonkeiError):
    """A log router cannot be run; the message names the file and its line."""
