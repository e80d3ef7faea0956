"""Records as rows of the page. The size of an answer is limited, however long they are. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from bonkei.miniature.console.estate import MASKED
from bonkei.miniature.console.logs.wish import Numbered, Wish

MOST_ROWS = 200
_MESSAGE, _TEXT = 600, 4_000  # characters
_ALL = 400_000  # bytes of all together
_WHOLE = 200_000  # bytes of all records that have their whole text


def rows(
    records: Sequence[Numbered], wish: Wish, hidden: Collection[str] = ()
) -> list[dict[str, Any]]:
    """The newest wanted records, in their original order. If they would be too long together, older
    ones lack their whole text (`cut`), and the oldest are left out. `hidden`: secrets that no row
    shows, whichever program wrote them into a log."""
    size, found = 0, []
    for one in islice(filter(wish, reversed(records)), MOST_ROWS):
        shown = _row(_masked(one, hidden), _TEXT if size < _WHOLE else 0)
        size += len(json.dumps(shown, ensure_ascii=False).encode())
        if size > _ALL:
            break
        found.append(shown)
    return found[::-1]


def _masked(one: Numbered, hidden: Collection[str]) -> Numbered:
    record = one.record
    found = [text for text in hidden if text in record.text or text in record.exception]
    if not found:
        return one
    message, text, exception = record.message, record.text, record.exception
    for secret in found:
        message = message.replace(secret, MASKED)
        text = text.replace(secret, MASKED)
        exception = exception.replace(secret, MASKED)
    return replace(one, record=replace(record, message=message, text=text, exception=exception))


def _row(one: Numbered, whole: int) -> dict[str, Any]:
    record = one.record
    has_more = record.text != record.message or len(record.text) > _MESSAGE
    return {
        "id": one.number,
        "time": record.time,
        "log": record.label,
        "stream": one.stream,
        "task": record.task,
        "level": record.level,
        "message": record.message[:_MESSAGE],
        "request": record.request_id[:200],
        "exception": record.exception[:whole],
        "text": record.text[:whole] if has_more else "",
        "cut": len(record.message) > _MESSAGE or (has_more and len(record.text) > whole),
    }
