"""Filters and processors: events of one tag in, events out. Pure, but for `PartialMessages`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from bonkei.services.logs.router.configuration import values
from bonkei.services.logs.router.configuration.model import Property, Section
from bonkei.services.logs.router.errors import RouterError
from bonkei.services.logs.router.parsing import Parse
from bonkei.services.logs.router.records import Event, Record

Filter: TypeAlias = Callable[[Sequence[Event]], Sequence[Event]]
"""Returns the remaining events."""


# Filters of one record each: `parser` and `grep`. Sources: pipeline/filters, each by its name.


def make_parser_filter(section: Section, parsers: Mapping[str, Parse]) -> Filter:
    names = section.listed("parser")
    for name in names:
        if name not in parsers:
            at = section.find("parser") or section
            raise RouterError(
                f"{at.place}: no parser is named {name}",
                remedy="define it under parsers, or name its file in parsers_file",
            )
    return partial(
        _parsed,
        section.text("key_name"),
        [parsers[name] for name in names],
        values.flag(section, "reserve_data", default=False),
    )


def _parsed(
    key: str, parsers: Sequence[Parse], reserve: bool, events: Sequence[Event]
) -> Sequence[Event]:
    """A record that no parser accepts is unchanged. The record's former keys follow the parsed
    ones, and win where a key occurs twice, as in Fluent Bit."""
    done: list[Event] = []
    for event in events:
        text = event[1].get(key)
        found = None
        if isinstance(text, str):
            for parse in parsers:
                if (found := parse(text)) is not None:
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


def _pair(each: Property, form: str) -> tuple[str, str]:
    parts = values.words(each.value, 2)
    if len(parts) != 2:
        raise RouterError(f"{each.place}: {each.name} is {each.value!r}", remedy=f"write {form}")
    return parts[0], parts[1]


_Rule = tuple[bool, str, re.Pattern[str]]  # whether it keeps, and the key


def make_grep(section: Section) -> Filter:
    rules = [_rule(each) for each in section.properties if each.name in ("regex", "exclude")]
    return partial(_kept, rules)


def _rule(each: Property) -> _Rule:
    name, pattern = _pair(each, "KEY REGEX")
    return each.name == "regex", values.plain_key(each, name), _compiled(each, pattern)


_OF_RUBY = re.compile(r"\\\w|^/|\(\?|\[.*[\[&]|\}\+")
"""What means something else in Fluent Bit's regular expressions (Onigmo, Ruby's syntax)."""


def _compiled(each: Property, pattern: str) -> re.Pattern[str]:
    """In Ruby `^` and `$` are ends of a line."""
    with suppress(re.error):
        if not _OF_RUBY.search(pattern):
            return re.compile(pattern, re.MULTILINE)
    raise RouterError(
        f"{each.place}: the regular expression {pattern!r} is not known here",
        remedy="write it without escaped letters and without `(?`, or install fluent-bit, which "
        "knows all of Ruby's syntax",
    )


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


# Filter `modify`: `add`, if all conditions hold. Source: pipeline/filters/modify.

_Condition = Callable[[Record], bool]


def make_modify(section: Section) -> Filter:
    conditions = [_condition(each) for each in section.properties if each.name == "condition"]
    added = [_pair(each, "KEY VALUE") for each in section.properties if each.name == "add"]
    return partial(_modify, conditions, added)


def _modify(
    conditions: Sequence[_Condition],
    added: Sequence[tuple[str, str]],
    events: Sequence[Event],
) -> Sequence[Event]:
    modified: list[Event] = []
    for event in events:
        moment, record = event
        if all(condition(record) for condition in conditions):
            for key, value in added:
                if key not in record:
                    record = {**record, key: value}
            modified.append((moment, record))
        else:
            modified.append(event)
    return modified


def _condition(each: Property) -> _Condition:
    match values.words(each.value, 3):
        case [name, key] if name.lower() == "key_does_not_exist":
            key = values.plain_key(each, key)
            return lambda record: key not in record
        case [name, key, wanted] if name.lower() == "key_value_equals":
            key = values.plain_key(each, key)
            return lambda record: bool(record.get(key) == wanted)
    raise RouterError(
        f"{each.place}: condition is {each.value!r}",
        remedy="use key_does_not_exist or key_value_equals, or install fluent-bit, which knows all",
    )


# Filter `multiline` in its mode `partial_message`.
#
# Source: "Docker partial message use case" (pipeline/filters/multiline-stacktrace), and
# plugins/filter_multiline of Fluent Bit 5.0.9.

_PARTIAL = "partial_"
_FLUSH_AFTER = 2.0
"""Seconds after its last piece in which a record waits for another one."""


@dataclass(slots=True)
class _Pieces:
    time: int
    record: Record
    texts: list[str]
    written_at: float


@dataclass(slots=True)
class PartialMessages:
    """Joins the pieces of a record that a log driver has cut. The joined text follows the record's
    other keys; the keys of the cut are removed.
    """

    key: str
    _pieces: dict[tuple[str, str], _Pieces] = field(default_factory=dict)

    def run(self, tag: str, events: Sequence[Event], now: float) -> Sequence[Event]:
        if not any("partial_id" in record for _, record in events):
            return events
        passed: list[Event] = []
        for event in events:
            record = event[1]
            if record.get("partial_message") != "true" or "partial_id" not in record:
                passed.append(event)
                continue
            place = (tag, str(record["partial_id"]))
            pieces = self._pieces.get(place)
            if pieces is None:
                rest = {
                    k: v for k, v in record.items() if k != self.key and not k.startswith(_PARTIAL)
                }
                pieces = self._pieces[place] = _Pieces(event[0], rest, [], now)
            pieces.texts.append(str(record.get(self.key, "")))
            pieces.written_at = now
            if record.get("partial_last") == "true":
                passed.append(self._complete(place))
        return passed

    def _complete(self, place: tuple[str, str]) -> Event:
        pieces = self._pieces.pop(place)
        return pieces.time, {**pieces.record, self.key: "".join(pieces.texts)}

    def flush(self, now: float, *, everything: bool) -> Iterator[tuple[str, list[Event]]]:
        """The events that are due, each with its tag."""
        for place, pieces in tuple(self._pieces.items()):
            if everything or now >= pieces.written_at + _FLUSH_AFTER:
                yield place[0], [self._complete(place)]

    def deadline(self) -> float | None:
        """The time (on the clock of `now`) at which `flush` is due even without an event."""
        if not self._pieces:
            return None
        return min(pieces.written_at for pieces in self._pieces.values()) + _FLUSH_AFTER
