"""Filter patterns, with the errors of CloudWatch Logs' API."""

from __future__ import annotations

from bonkei.grammar.filter_pattern import FilterPattern, FilterPatternError, parse
from bonkei.services.logs.errors import invalid


def read_pattern(text: str) -> FilterPattern:
    """Raises LogsError (InvalidParameterException) if the pattern is invalid."""
    try:
        return parse(text)
    except FilterPatternError as error:
        raise invalid(f"Invalid filter pattern: {error.message}") from None
