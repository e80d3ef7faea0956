"""Filter `grep`: which records stay. Source: pipeline/filters/grep."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from bonkei.services.logs.router.configuration import values
from bonkei.services.logs.router.configuration.model import Property, Section
from bonkei.services.logs.router.errors import RouterError
from bonkei.services.logs.router.filters import Plain
from bonkei.services.logs.router.records import Event
from bonkei.services.logs.router.records.patterns import compile_pattern

_Rule = tuple[bool, str, re.Pattern[str]]  # whether it keeps, and the key


def make_grep(section: Section) -> Plain:
    return Plain(
        partial(
            _kept,
            [_rule(each) for each in section.properties if each.name in ("regex", "exclude")],
        )
    )


def _rule(each: Property) -> _Rule:
    parts = values.words(each.value, 2)
    if len(parts) != 2:
        raise RouterError(f"{each.place}: {each.name} is {each.value!r}", remedy="write KEY REGEX")
    key = values.plain_key(each, parts[0])
    return each.name == "regex", key, compile_pattern(parts[1], each.place)


def _kept(rules: Sequence[_Rule], events: Sequence[Event]) -> Sequence[Event]:
    """The rules in order. A record is dropped if a regex does not match, or if an exclude matches.
    Only a text can match."""
    for keeps, key, pattern in rules:
        search = pattern.search
        kept: list[Event] = []
        for event in events:
            value = event[1].get(key)
            if (isinstance(value, str) and search(value) is not None) is keeps:
                kept.append(event)
        events = kept
    return events
