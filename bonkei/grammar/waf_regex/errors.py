"""The mistake in a regular expression."""

from __future__ import annotations

from bonkei.base.errors import BonkeiError


class RegexError(BonkeiError):
    """It is not valid, or uses what AWS WAF does not support."""


class RegexNotSimulatedError(RegexError):
    """AWS WAF may take it: its page names some of what it refuses, not all."""
