"""The mistake in a regular expression."""

from __future__ import annotations

from bonkei.base.errors import BonkeiError


class RegexError(BonkeiError):
    """The expression is not valid, or uses what AWS WAF does not support."""


class RegexNotSimulatedError(RegexError):
    """AWS WAF may accept the expression: its page names only some of what it refuses."""
