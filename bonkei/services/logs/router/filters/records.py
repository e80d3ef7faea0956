"""Filters of one record each: `parser`, `record_modifier` and `grep`. Sources: pipeline/filters,
each by its name."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from functools import partial

from bonkei.services.logs.router.configuration import values
from bonkei.services.logs.router.configuration.model import Property, Section
from bonkei.services.logs.router.errors import RouterError
from bonkei.services.logs.router.filters import Plain
from bonkei.services.logs.router.parsing.parsers import Parse
from bonkei.services.logs.router.records import Event
from bonkei.services.logs.router.records.patterns import compile_pattern


def make_parser_filter(section: Section, parsers: Mapping[str, Parse]) -> Plain:
    names = section.listed("parser")
    for name in names:
        if name not in parsers:
            at = section.find("parser") or section
            raise RouterError(
                f"{at.place}: no parser is named {name}",
                remedy="define it under parsers, or name its file in parsers_file",
            )
    return Plain(
        partial(
            _parsed,
            section.text("key_name"),
            [parsers[name] for name in names],
            values.flag(section, "reserve_data", default=False),
        )
    )


def _parsed(
    key: str, parsers: Sequence[Parse], reserve: bool, events: Sequence[Event]
) -> Sequence[Event]:
    """A record that no parser accepts is unchanged. The record's former keys follow the parsed
    ones, and win where a key occurs twice, as in Fluent Bit."""
    now = time.time()
    done: list[Event] = []
    for event in events:
        text = event[1].get(key)
        found = None
        if isinstance(text, str):
            for parse in parsers:
                if (found := parse(text, now)) is not None:
                    break
        if found is None:
            done.append(event)
            continue
        record, moment = found
        if reserve:
            for name, value in event[1].items():
                if name != key:
                    record.pop(name, None)
                    record[name] = value
        done.append((event[0] if moment is None else moment, record))
    return done


def make_record_modifier(section: Section) -> Plain:
    added = dict(_pair(each, "KEY VALUE") for each in section.properties if each.name == "record")
    return Plain(lambda events: [(moment, record | added) for moment, record in events])


def _pair(each: Property, form: str) -> tuple[str, str]:
    parts = values.words(each.value, 2)
    if len(parts) != 2:
        raise RouterError(f"{each.place}: {each.name} is {each.value!r}", remedy=f"write {form}")
    return parts[0], parts[1]


_Rule = tuple[bool, str, re.Pattern[str]]  # whether it keeps, and the key


def make_grep(section: Section) -> Plain:
    return Plain(
        partial(
            _kept,
            [_rule(each) for each in section.properties if each.name in ("regex", "exclude")],
        )
    )


def _rule(each: Property) -> _Rule:
    name, pattern = _pair(each, "KEY REGEX")
    return each.name == "regex", values.plain_key(each, name), compile_pattern(pattern, each.place)


def _kept(rules: Sequence[_Rule], events: Sequence[Event]) -> Sequence[Event]:
    """Apply the rules in order. A record is dropped if a regex does not match, or if an exclude
    matches. Only a text can match."""
    for keeps, key, pattern in rules:
        search = pattern.search
        kept: list[Event] = []
        for event in events:
            value = event[1].get(key)
            if (isinstance(value, str) and search(value) is not None) is keeps:
                kept.append(event)
        events = kept
    return events
