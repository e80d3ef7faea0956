"""Tables of databases and results of queries, for a page."""

from __future__ import annotations

from bonkei.services.console.values import Json
from bonkei.services.console.views import inert
from bonkei.services.rds.reading.values import Relation, Rows

_RELATIONS = 2_000
_CELLS = 120_000  # characters of all values of an answer


def relations(found: tuple[Relation, ...]) -> Json:
    return {
        "relations": [
            {
                "schema": inert.named(each.schema),
                "name": inert.named(each.name),
                "kind": each.kind,
                "rows": each.rows if each.rows >= 0 else None,
                "size": each.size,
            }
            for each in found[:_RELATIONS]
        ],
        "more": max(0, len(found) - _RELATIONS),
    }


def answer(found: Rows) -> Json:
    """Each value is [its beginning, its whole length]; None is NULL."""
    left = _CELLS
    lines: list[Json] = []
    for line in found.rows:
        shown: list[Json] = []
        for value in line:
            text = None if value.text is None else inert.visible(value.text, max(80, left))
            left -= len(text or "")
            shown.append(None if text is None else [text, value.length])
        lines.append(shown)
    return {
        "columns": [
            {
                "name": inert.label(each.name, 255),
                "type": inert.label(each.type, 255),
                "key": each.key >= 0,
                "required": each.is_required,
            }
            for each in found.columns
        ],
        "rows": lines,
        "more": found.more,
        "seconds": round(found.seconds, 3),
        "note": found.note,
    }
