"""Filter patterns as this room needs them: whoever makes the store says how they are read."""

from __future__ import annotations

from collections.abc import Callable

Matches = Callable[[str], bool]
"""Whether a message matches a pattern."""

CompilePattern = Callable[[str], Matches]
"""Reads a pattern; LogsError (InvalidParameterException) when it is none."""


def match_all(_pattern: str) -> Matches:
    """For what has no patterns: every message matches."""
    return lambda _message: True
