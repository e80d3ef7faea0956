"""The mistake in a filter pattern, and its place."""

from __future__ import annotations

from bonkei.base.errors import BonkeiError


class FilterPatternError(BonkeiError):
    """A pattern that CloudWatch Logs refuses. `position` counts characters from 0."""

    def __init__(self, pattern: str, position: int, problem: str, remedy: str = "") -> None:
        self.position = position
        super().__init__(
            f"filter pattern, character {position + 1}: {problem}\n"
            f"  {pattern}\n  {' ' * position}^",
            remedy=remedy,
        )
