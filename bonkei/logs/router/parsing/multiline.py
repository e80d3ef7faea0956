"""Joins texts that belong together: a state machine over lines.

Source: "Multiline parsing" (pipeline/parsers/multiline-parsing). The built-in parsers follow that
page. Their expressions are our own, written from the formats of the languages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bonkei.logs.router.configuration import values
from bonkei.logs.router.configuration.model import Place, Section
from bonkei.logs.router.errors import RouterError
from bonkei.logs.router.parsing.parsers import Parse, make_parser
from bonkei.logs.router.records import Event
from bonkei.logs.router.records.patterns import compile_pattern

_FLUSH = 4.0  # seconds; "flush_timeout"
_START = "start_state"
_MORE = "more"  # of parsers without rules
_HERE = Place(Path("(built-in)"), 1)


@dataclass(frozen=True, slots=True)
class Rule:
    states: frozenset[str]
    pattern: re.Pattern[str]
    next_state: str


@dataclass(frozen=True, slots=True)
class MultilineParser:
    """`kind`: regex (rules), or endswith and equal (`match_string`). `parse` is applied first.
    `key_group`: the key that separates streams by its values. `key_pattern`: that of the compared
    text."""

    name: str
    rules: tuple[Rule, ...] = ()
    kind: str = "regex"
    match_string: str = ""
    negate: bool = False
    key_content: str = ""
    key_group: str = ""
    key_pattern: str = ""
    parse: Parse | None = None
    flush: float = _FLUSH

    def ends(self, text: str) -> bool:
        """For endswith and equal: whether this text completes a message."""
        found = (
            text.endswith(self.match_string)
            if self.kind == "endswith"
            else text == self.match_string
        )
        return found != self.negate

    def compared(self, text: str, record: Mapping[str, object]) -> str:
        """The text that decides: that of `key_pattern`, if the record has it."""
        other = record.get(self.key_pattern) if self.key_pattern else None
        return other if isinstance(other, str) else text


def make_multiline_parsers(
    sections: Sequence[Section], parsers: Mapping[str, Parse]
) -> dict[str, MultilineParser]:
    """The built-in parsers and the configured ones, by name."""
    return {**built_in(), **{section.name: _make(section, parsers) for section in sections}}


def _make(section: Section, parsers: Mapping[str, Parse]) -> MultilineParser:
    kind = section.text("type", "regex").lower()
    kind = {"equal": "equal", "eq": "equal", "endswith": "endswith", "regex": "regex"}.get(kind, "")
    if not kind:
        raise RouterError(
            f"{section.place}: multiline parser {section.name} is of type {section.text('type')}",
            remedy="use regex, endswith or equal",
        )
    parser = section.text("parser")
    if parser and parser not in parsers:
        raise RouterError(
            f"{section.place}: no parser is named {parser}", remedy="define it under parsers"
        )
    name = "flush_timeout" if section.find("flush_timeout") else "flush_ms"
    return MultilineParser(
        section.name,
        rules=tuple(_rules(section)),
        kind=kind,
        match_string=section.text("match_string"),
        negate=values.flag(section, "negate", default=False),
        key_content=section.text("key_content"),
        key_group=section.text("key_group"),
        key_pattern=section.text("key_pattern"),
        parse=parsers.get(parser),
        flush=values.number(section, name, 4000) / 1000,
    )


def _rules(section: Section) -> list[Rule]:
    found: list[Rule] = []
    for each in section.properties:
        if each.name != "rule":
            continue
        parts = values.words(each.value, 3)
        if len(parts) != 3:
            raise RouterError(
                f"{each.place}: rule is {each.value!r}",
                remedy='write "state" "/regex/" "next state"',
            )
        states = frozenset(part.strip() for part in parts[0].split(","))
        found.append(Rule(states, compile_pattern(parts[1], each.place), parts[2]))
    if not found and section.text("type", "regex").lower() == "regex":
        raise RouterError(f"{section.place}: multiline parser {section.name} has no rule")
    if found and _START not in found[0].states:
        raise RouterError(
            f"{section.place}: multiline parser {section.name} has no start_state",
            remedy="let its first rule begin with start_state",
        )
    return found


_LANGUAGES: Mapping[str, Sequence[tuple[str, str, str]]] = {
    "java": (
        ("start_state, start", r"(Exception|Error|Throwable)[:\r\n]", "after"),
        ("after", r"^[\t ]*nested exception is:[\t ]*", "start"),
        ("after", r"^[\r\n]*$", "after"),
        ("after, frames", r"^[\t ]+(eval )?at ", "frames"),
        ("after, frames", r"^[\t ]+--- End of inner exception stack trace ---$", "frames"),
        ("after, frames", r"^--- End of stack trace from previous location", "frames"),
        ("after, frames", r"^[\t ]*(Caused by|Suppressed):", "after"),
        ("after, frames", r"^[\t ]*\.\.\. \d+ (more|common frames omitted)", "frames"),
    ),
    "python": (
        ("start_state", r"^Traceback \(most recent call last\):$", "file"),
        ("file", r"^[\t ]+File ", "code"),
        ("code", r"[^\t ]", "file"),
        ("file", r"^([^\s.():]+\.)*[^\s.():]+:", "start_state"),
    ),
    "go": (
        ("start_state", r"\bpanic: ", "panic"),
        ("start_state", r"http: panic serving", "goroutine"),
        ("panic", r"^$", "goroutine"),
        ("panic, signal, frame", r"^$", "goroutine"),
        ("panic", r"^\[signal ", "signal"),
        ("goroutine", r"^goroutine \d+ \[[^\]]+\]:$", "frame"),
        ("frame", r"^(?:[^\s.:]+\.)*[^\s.():]+\(|^created by ", "place"),
        ("place", r"^\s", "frame"),
    ),
    "ruby": (
        ("start_state, start", r"^.+:\d+:in\s+.*", "after"),
        ("after, frames", r"^\s+from\s+.*:\d+:in\s+.*", "frames"),
    ),
}  # fmt: skip


def built_in() -> dict[str, MultilineParser]:
    """java, python, go, ruby, docker and cri."""
    found = {name: _language(name, rules) for name, rules in _LANGUAGES.items()}
    found["docker"] = MultilineParser(
        "docker", kind="endswith", match_string="\n", key_content="log", key_group="stream",
        parse=_internal("json", "", "%Y-%m-%dT%H:%M:%S.%L"),
    )  # fmt: skip
    found["cri"] = MultilineParser(
        "cri", kind="equal", match_string="F", key_content="log", key_group="stream",
        key_pattern="_p",
        parse=_internal(
            "regex", r"^(?<time>.+?) (?<stream>stdout|stderr) (?<_p>F|P) (?<log>.*)$",
            "%Y-%m-%dT%H:%M:%S.%L%z",
        ),
    )  # fmt: skip
    return found


def _language(name: str, rules: Sequence[tuple[str, str, str]]) -> MultilineParser:
    return MultilineParser(
        name,
        rules=tuple(
            Rule(
                frozenset(part.strip() for part in states.split(",")),
                compile_pattern(pattern, _HERE),
                to,
            )
            for states, pattern, to in rules
        ),
    )


def _internal(format: str, regex: str, time_format: str) -> Parse:  # noqa: A002
    from bonkei.logs.router.configuration.model import Property  # noqa: PLC0415 - for these two

    settings = {
        "name": "internal", "format": format, "regex": regex, "time_key": "time",
        "time_format": time_format, "time_keep": "on",
    }  # fmt: skip
    return make_parser(
        Section(
            "parser",
            tuple(Property(key, value, _HERE) for key, value in settings.items() if value),
            _HERE,
        )
    )


@dataclass(slots=True)
class Stream:
    """One stream of lines through several parsers: the first parser whose start fits joins the
    message. `feed` returns the complete messages, each as the events of its lines. Lines with
    different values of a `key_group` are joined separately. `key`: the key of the text.
    """

    parsers: Sequence[MultilineParser]
    key: str
    _groups: dict[tuple[str, ...], _Group] = field(default_factory=dict)

    def feed(self, event: Event, now: float) -> list[Event]:
        """The text of the event is a string."""
        event, fitting = self._parsed(event, now)
        record = event[1]
        place = tuple(str(record.get(one.key_group, "")) for one in self.parsers if one.key_group)
        group = self._groups.setdefault(place, _Group())
        done = group.feed(str(record.get(self.key, "")), event, now, fitting)
        if not group.items:
            del self._groups[place]
        return [self._joined(events) for events in done]

    def take(self) -> list[Event]:
        """The held lines, as incomplete messages."""
        held = [events for group in self._groups.values() for events in group.take()]
        self._groups.clear()
        return [self._joined(events) for events in held]

    def deadline(self, flush: float | None = None) -> float | None:
        """When the held lines are due (on the clock of `now`)."""
        due = [group.deadline(flush) for group in self._groups.values()]
        return min((each for each in due if each is not None), default=None)

    def _parsed(self, event: Event, now: float) -> tuple[Event, list[MultilineParser]]:
        """With the record and the time of the first parser that parses the text; and the parsers
        that may take the line. One that cannot parse it may not."""
        time, record = event
        plain = [one for one in self.parsers if one.parse is None]
        for one in self.parsers:
            found = one.parse(str(record.get(self.key, "")), now) if one.parse else None
            if found is not None:
                return ((time if found[1] is None else found[1]), found[0]), [one, *plain]
        return event, plain

    def _joined(self, events: Sequence[Event]) -> Event:
        time, record = events[0]
        if len(events) == 1:
            return time, record
        texts = [str(event[1].get(self.key, "")) for event in events]
        by_rules = any(one.kind == "regex" for one in self.parsers)
        return time, {**record, self.key: join(texts) if by_rules else "".join(texts)}


@dataclass(slots=True)
class _Group:
    items: list[Event] = field(default_factory=list)
    _current: MultilineParser | None = None
    _state: str = ""
    _since: float = 0.0

    def feed(
        self, text: str, event: Event, now: float, parsers: Sequence[MultilineParser]
    ) -> list[list[Event]]:
        done: list[list[Event]] = []
        if self.items and self._current is not None:
            may = self._current in parsers
            following = _next(self._current, self._state, text, event[1]) if may else None
            if following is not None:
                self._state = following
                self.items.append(event)
                return self.take() if following == _START else done
            done += self.take()
        for parser in parsers:
            if (following := _next(parser, _START, text, event[1])) is not None:
                self._current, self._state = parser, following
                self.items, self._since = [event], now
                if parser.kind != "regex" and following == _START:
                    done += self.take()
                return done
        return [*done, [event]]

    def take(self) -> list[list[Event]]:
        items, self.items, self._current = self.items, [], None
        return [items] if items else []

    def deadline(self, flush: float | None) -> float | None:
        if not self.items or self._current is None:
            return None
        return self._since + (self._current.flush if flush is None else flush)


def _next(
    parser: MultilineParser, state: str, text: str, record: Mapping[str, object]
) -> str | None:
    """The state after a line; None if it does not belong to the message."""
    text = parser.compared(text, record)
    if parser.kind != "regex":
        return _START if parser.ends(text) else _MORE
    for rule in parser.rules:
        if state in rule.states and rule.pattern.search(text):
            return rule.next_state
    return None


def join(texts: Sequence[str]) -> str:
    """The lines of a message, joined with a single line feed."""
    return "".join(
        text if text.endswith("\n") or index == len(texts) - 1 else f"{text}\n"
        for index, text in enumerate(texts)
    )
