"""A parser turns a text into a record and, if it finds one, a time.

Source: pipeline/parsers (json, regular-expression, logfmt, ltsv, configuring-parser).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from bonkei.logs.router.configuration import values
from bonkei.logs.router.configuration.model import Section
from bonkei.logs.router.errors import RouterError
from bonkei.logs.router.parsing.json_text import parse_json
from bonkei.logs.router.records import Record
from bonkei.logs.router.records.patterns import compile_pattern
from bonkei.logs.router.records.times import NANOSECONDS, ReadTime, time_reader

Parse = Callable[[str, float], "tuple[Record, int | None] | None"]
"""(text, now) -> the record, and its time in nanoseconds if it has one; None if the text does not
fit."""
Fields = Callable[[str], "Record | None"]

_TIMES = 2**32 * NANOSECONDS  # an event's seconds are an unsigned number of 32 bits
_LOGFMT = re.compile(r'\s*([^\s="]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*)))?')
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}
_FORMATS = ("json", "regex", "logfmt", "ltsv")


def make_parsers(sections: Sequence[Section]) -> dict[str, Parse]:
    """The parsers by name. Raises RouterError for a wrong setting."""
    return {section.name: make_parser(section) for section in sections}


def make_parser(section: Section) -> Parse:
    fields = _fields(section)
    types = _types(section)
    if types or section.find("decode_field") or section.find("decode_field_as"):
        fields = partial(_converted, fields, types, _decoders(section))
    if section.find("time_format") is None:
        return lambda text, _now: None if (found := fields(text)) is None else (found, None)
    read = time_reader(section.text("time_format"), section.text("time_offset"), section.place)
    key = section.text("time_key", "time")
    keep = values.flag(section, "time_keep", default=False)
    return partial(_timed, fields, key, keep, read)


def _timed(
    fields: Fields, key: str, keep: bool, read: ReadTime, text: str, now: float
) -> tuple[Record, int | None] | None:
    """If the time does not fit, it stays in the record, and the record's time is its arrival."""
    record = fields(text)
    if record is None:
        return None
    value = record.get(key)
    time = read(value, now) if isinstance(value, str) else None
    if time is None:
        return record, None
    if not keep:
        del record[key]
    return record, time % _TIMES


def _fields(section: Section) -> Fields:
    format = section.text("format").lower()  # noqa: A001
    match format:
        case "json":
            return parse_json
        case "ltsv":
            return parse_ltsv
        case "logfmt":
            bare = not values.flag(section, "logfmt_no_bare_keys", default=False)
            return partial(parse_logfmt, bare)
        case "regex":
            found = section.find("regex")
            if found is None:
                raise RouterError(
                    f"{section.place}: parser {section.name} has no regex", remedy="add it"
                )
            pattern = compile_pattern(found.value, found.place)
            skip = values.flag(section, "skip_empty_values", default=True)
            return partial(_parse_regex, pattern, skip)
    raise RouterError(
        f"{section.place}: parser {section.name} has the format {format or '(none)'}",
        remedy=f"use one of {', '.join(_FORMATS)}",
    )


def parse_ltsv(text: str) -> Record | None:
    record: Record = {}
    for part in text.rstrip("\r\n").split("\t"):
        label, found, value = part.partition(":")
        if found and label:
            record[label] = value
    return record or None


def parse_logfmt(bare: bool, text: str) -> Record | None:
    """`key=value key="two words" key`. A bare key is true, unless that is refused."""
    record: Record = {}
    end = 0
    text = text.rstrip()
    while end < len(text):
        match = _LOGFMT.match(text, end)
        if match is None or match.end() == end:
            return None
        end = match.end()
        if match[2] is not None:
            record[match[1]] = re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[0]), match[2])
        elif match[3] is not None:
            record[match[1]] = match[3]
        elif bare:
            record[match[1]] = True
        else:
            return None
    return record or None


def _parse_regex(pattern: re.Pattern[str], skip_empty: bool, text: str) -> Record | None:
    match = pattern.search(text)
    if match is None:
        return None
    return {
        name: value or "" for name, value in match.groupdict().items() if value or not skip_empty
    }


_CONVERSIONS: Mapping[str, Callable[[str], Any]] = {
    "integer": int,
    "float": float,
    "hex": lambda text: int(text, 16),
    "bool": lambda text: {"true": True, "false": False}[text.lower()],
    "string": str,
}


def _types(section: Section) -> dict[str, Callable[[str], Any]]:
    types: dict[str, Callable[[str], Any]] = {}
    for text in section.texts("types"):
        for pair in text.split():
            name, _, kind = pair.partition(":")
            if kind.lower() not in _CONVERSIONS:
                raise RouterError(
                    f"{section.place}: types has {pair!r}",
                    remedy=f"use {', '.join(_CONVERSIONS)}",
                )
            types[name] = _CONVERSIONS[kind.lower()]
    return types


def _decoders(section: Section) -> list[tuple[str, str, bool]]:
    """(kind, key, whether the result stays where it is)."""
    found: list[tuple[str, str, bool]] = []
    for each in section.properties:
        if each.name in ("decode_field", "decode_field_as"):
            kind, key = [*values.words(each.value, 2), "", ""][:2]
            if kind not in ("json", "escaped", "escaped_utf8") or not key:
                raise RouterError(
                    f"{each.place}: {each.name} is {each.value!r}",
                    remedy="use json, escaped or escaped_utf8 and a key, without do_next",
                )
            found.append((kind, key, each.name == "decode_field_as"))
    return found


def _converted(
    fields: Fields,
    types: Mapping[str, Callable[[str], Any]],
    decoders: Sequence[tuple[str, str, bool]],
    text: str,
) -> Record | None:
    record = fields(text)
    if record is None:
        return None
    for name, convert in types.items():
        if isinstance(value := record.get(name), str):
            try:
                record[name] = convert(value)
            except (ValueError, KeyError):
                record[name] = value
    for kind, key, in_place in decoders:
        if isinstance(value := record.get(key), str):
            _decode(record, kind, key, value, in_place)
    return record


def _decode(record: Record, kind: str, key: str, value: str, in_place: bool) -> None:
    if kind != "json":
        record[key] = re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[0]), value)
        return
    found = parse_json(value)
    if found is not None:
        if in_place:
            record[key] = found
        else:
            record.update(found)
