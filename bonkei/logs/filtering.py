"""Filter patterns as CloudWatch Logs' API refuses them."""

from __future__ import annotations

from bonkei.filter_pattern import FilterPattern, FilterPatternError, parse
from bonkei.logs.errors import invalid


def read_pattern(text: str) -> FilterPattern:
    """LogsError (InvalidParameterException) for what is no pattern."""
    try:
        return parse(text)
    except FilterPatternError as error:
        raise invalid(f"Invalid filter pattern: {error.message}") from None
