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
from bonkei.logs.router.records.patterns import compile_pattern

_FLUSH = 4.0  # seconds; "flush_timeout"
_START = "start_state"
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
    message. `feed` returns the complete messages, each as the items of its lines. An item is any
    value that the caller passes with the text.
    """

    parsers: Sequence[MultilineParser]
    _current: MultilineParser | None = None
    _state: str = ""
    _items: list[object] = field(default_factory=list)
    _since: float = 0.0

    def feed(self, text: str, item: object, now: float) -> list[list[object]]:
        done: list[list[object]] = []
        if self._items and self._current is not None:
            rule = _fitting(self._current, self._state, text)
            if rule is not None:
                self._state = rule.next_state
                self._items.append(item)
                if rule.next_state == _START:
                    done += self.take()
                return done
            done += self.take()
        for parser in self.parsers:
            if (rule := _fitting(parser, _START, text)) is not None:
                self._current, self._state = parser, rule.next_state
                self._items, self._since = [item], now
                return done
        return [*done, [item]]

    def take(self) -> list[list[object]]:
        """The held lines, as an incomplete message."""
        items, self._items, self._current = self._items, [], None
        return [items] if items else []

    def deadline(self, flush: float | None = None) -> float | None:
        """When the held lines are due (on the clock of `now`)."""
        if not self._items or self._current is None:
            return None
        return self._since + (self._current.flush if flush is None else flush)


def _fitting(parser: MultilineParser, state: str, text: str) -> Rule | None:
    for rule in parser.rules:
        if state in rule.states and rule.pattern.search(text):
            return rule
    return None


def join(texts: Sequence[str]) -> str:
    """The lines of a message, joined with a single line feed."""
    return "".join(
        text if text.endswith("\n") or index == len(texts) - 1 else f"{text}\n"
        for index, text in enumerate(texts)
    )
