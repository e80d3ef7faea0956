"""Filter `grep`: which records stay. Source: pipeline/filters/grep."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial

from bonkei.logs.router.configuration import values
from bonkei.logs.router.configuration.model import Property, Section
from bonkei.logs.router.errors import RouterError
from bonkei.logs.router.filters import Plain
from bonkei.logs.router.records import Event, Record
from bonkei.logs.router.records.accessor import Get, accessor, text_of
from bonkei.logs.router.records.patterns import compile_pattern

_Rule = tuple[bool, Get, re.Pattern[str]]  # whether it keeps


def make_grep(section: Section) -> Plain:
    rules = [_rule(each) for each in section.properties if each.name in ("regex", "exclude")]
    operator = section.text("logical_op", "legacy").lower()
    if operator not in ("legacy", "and", "or"):
        raise RouterError(
            f"{section.place}: logical_op is {operator}", remedy="use AND, OR or legacy"
        )
    if operator != "legacy":
        if len({keeps for keeps, _, _ in rules}) > 1:
            raise RouterError(
                f"{section.place}: logical_op {operator.upper()} with both regex and exclude",
                remedy="use one of the two, or legacy",
            )
        combine = all if operator == "and" else any
        return Plain(partial(_kept, partial(_combined, rules, combine)))
    if len(rules) == 1:
        keeps, get, pattern = rules[0]
        return Plain(partial(_by_one_rule, keeps, get, pattern))
    return Plain(partial(_kept, partial(_legacy, rules)))


def _rule(each: Property) -> _Rule:
    parts = values.words(each.value, 2)
    if len(parts) != 2:
        raise RouterError(f"{each.place}: {each.name} is {each.value!r}", remedy="write KEY REGEX")
    return each.name == "regex", accessor(parts[0]), compile_pattern(parts[1], each.place)


def _by_one_rule(
    keeps: bool, get: Get, pattern: re.Pattern[str], _tag: str, events: Sequence[Event]
) -> Sequence[Event]:
    """A fast way for the usual grep, without a call for each rule."""
    search = pattern.search
    kept: list[Event] = []
    for event in events:
        value = get(event[1])
        text = value if type(value) is str else text_of(value)
        if (text is not None and search(text) is not None) is keeps:
            kept.append(event)
    return kept


def _kept(decide: Callable[[Record], bool], _tag: str, events: Sequence[Event]) -> Sequence[Event]:
    return [event for event in events if decide(event[1])]


def _fits(rule: _Rule, record: Record) -> bool:
    text = text_of(rule[1](record))
    return text is not None and rule[2].search(text) is not None


def _legacy(rules: Sequence[_Rule], record: Record) -> bool:
    """The rules in order. A record is dropped if a regex does not match, or if an exclude
    matches."""
    return all(_fits(rule, record) is rule[0] for rule in rules)


def _combined(
    rules: Sequence[_Rule], combine: Callable[[list[bool]], bool], record: Record
) -> bool:
    fits = combine([_fits(rule, record) for rule in rules])
    return fits if not rules or rules[0][0] else not fits
