"""Selects the records of an event source that reach the function. Pure.

"Control which events Lambda sends to your function", AWS Lambda Developer Guide,
https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bonkei.base.errors import BonkeiError
from bonkei.grammar.event_pattern import parse_event_pattern


def problem(filters: Sequence[str]) -> str:
    """Why Lambda would refuse one of the patterns; empty if it would not."""
    for text in filters:
        try:
            parse_event_pattern(text)
        except BonkeiError as error:
            return f"its filter {text}: {error.message}"
    return ""


def is_wanted(record: Mapping[str, Any], filters: Sequence[str]) -> bool:
    """Whether one of the patterns matches. Without patterns, all records are wanted. A JSON message
    of a queue can be matched inside: `{"body": {"kind": ["order"]}}`."""
    if not filters:
        return True
    seen = dict(record)
    if record.get("eventSource") == "aws:sqs":
        seen["body"] = _json(str(record["body"]))
    return any(_matches(text, seen) for text in filters)


def _matches(text: str, record: Mapping[str, Any]) -> bool:
    try:
        pattern = json.loads(text)
        # "If your filter criteria is a string and the body is JSON, or the other way round, Lambda
        # drops the message": so a pattern of objects matches no plain text.
        return bool(parse_event_pattern(text)(record)) if pattern else True
    except (BonkeiError, ValueError, TypeError, RecursionError):
        return False


def _json(text: str) -> Any:
    """The text as an object, if it is one; otherwise the text."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return found if isinstance(found, dict) else text
