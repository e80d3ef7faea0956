"""A parser turns a text into a record and, if it finds one, a time.

Source: pipeline/parsers (json, configuring-parser).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from bonkei.services.logs.router.configuration import values
from bonkei.services.logs.router.configuration.model import Section
from bonkei.services.logs.router.errors import RouterError
from bonkei.services.logs.router.parsing.json_text import parse_json
from bonkei.services.logs.router.records import Record
from bonkei.services.logs.router.records.times import NANOSECONDS, ReadTime, time_reader

Parse = Callable[[str, float], "tuple[Record, int | None] | None"]
"""(text, now) -> the record, and its time in nanoseconds if it has one; None if the text does not
fit."""

_TIMES = 2**32 * NANOSECONDS  # an event's seconds are an unsigned number of 32 bits


def make_parsers(sections: Sequence[Section]) -> dict[str, Parse]:
    """The parsers by name. Raises RouterError for a wrong setting."""
    return {section.name: make_parser(section) for section in sections}


def make_parser(section: Section) -> Parse:
    form = section.text("format").lower()
    if form != "json":
        at = section.find("format") or section
        raise RouterError(
            f"{at.place}: parser {section.name} has the format {form or '(none)'}",
            remedy="use json, or install fluent-bit, which knows more formats",
        )
    if section.find("time_format") is None:
        return _untimed
    read = time_reader(section.text("time_format"), section.text("time_offset"), section.place)
    key = section.text("time_key", "time")
    keep = values.flag(section, "time_keep", default=False)
    return partial(_timed, key, keep, read)


def _untimed(text: str, _now: float) -> tuple[Record, None] | None:
    return None if (found := parse_json(text)) is None else (found, None)


def _timed(
    key: str, keep: bool, read: ReadTime, text: str, now: float
) -> tuple[Record, int | None] | None:
    """If the time does not fit, it stays in the record, and the record's time is its arrival."""
    record = parse_json(text)
    if record is None:
        return None
    value = record.get(key)
    time = read(value, now) if isinstance(value, str) else None
    if time is None:
        return record, None
    if not keep:
        del record[key]
    return record, time % _TIMES
