"""The rule of a composite alarm. Pure.

"PutCompositeAlarm", AlarmRule,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from bonkei.base.errors import BonkeiError
from bonkei.services.cloudwatch.alarm.evaluation import State

_TOKEN = re.compile(
    r"""\s*(?:(\()|(\))|(,)|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s(),"']+))"""
)
_DEEPEST = 100
_STATES = {"ALARM": State.ALARM, "OK": State.OK, "INSUFFICIENT_DATA": State.INSUFFICIENT_DATA}
_MOST_ALARMS = 100


class RuleError(BonkeiError):
    """A rule that CloudWatch refuses. The message names the place."""


@dataclass(frozen=True, slots=True)
class InState:
    """`ALARM("name")`; the name may be an ARN."""

    state: State
    alarm: str


@dataclass(frozen=True, slots=True)
class Constant:
    """TRUE or FALSE."""

    value: bool


@dataclass(frozen=True, slots=True)
class Not:
    """NOT."""

    part: Rule


@dataclass(frozen=True, slots=True)
class Joined:
    """AND (`every`) or OR."""

    every: bool
    parts: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class AtLeast:
    """`AT_LEAST(2, ALARM, (a, b, c))`, or `AT_LEAST(50%, …)` with `percent`."""

    count: float
    percent: bool
    state: State
    negated: bool
    alarms: tuple[str, ...]


Rule = InState | Constant | Not | Joined | AtLeast


@lru_cache(maxsize=256)
def parse_rule(text: str) -> Rule:
    """A rule as AlarmRule spells it. Raises RuleError."""
    parser = _Parser(text)
    rule = parser.any()
    parser.end()
    if len(set(alarms_of(rule))) > _MOST_ALARMS:
        raise RuleError(f"a composite alarm looks at {_MOST_ALARMS} alarms at most")
    return rule


def alarms_of(rule: Rule) -> Iterator[str]:
    """The names (or ARNs) that it looks at."""
    if isinstance(rule, InState):
        yield rule.alarm
    elif isinstance(rule, AtLeast):
        yield from rule.alarms
    elif isinstance(rule, Not):
        yield from alarms_of(rule.part)
    elif isinstance(rule, Joined):
        for part in rule.parts:
            yield from alarms_of(part)


def holds(rule: Rule, states: Mapping[str, State]) -> bool:
    """Whether the rule is true. A missing alarm counts as INSUFFICIENT_DATA."""
    if isinstance(rule, Constant):
        return rule.value
    if isinstance(rule, InState):
        return _state(rule.alarm, states) is rule.state
    if isinstance(rule, Not):
        return not holds(rule.part, states)
    if isinstance(rule, AtLeast):
        found = sum(
            (_state(alarm, states) is rule.state) is not rule.negated for alarm in rule.alarms
        )
        wanted = rule.count / 100 * len(rule.alarms) if rule.percent else rule.count
        return found >= wanted
    parts = (holds(part, states) for part in rule.parts)
    return all(parts) if rule.every else any(parts)


def _state(alarm: str, states: Mapping[str, State]) -> State:
    name = alarm.partition(":alarm:")[2] or alarm
    return states.get(name, State.INSUFFICIENT_DATA)


class _Parser:
    """OR binds weakest, then AND, then NOT."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[tuple[str, str, int]] = []
        position = 0
        while text[position:].strip():
            found = _TOKEN.match(text, position)
            if found is None:
                raise self._error("not understood", position)
            self._tokens.append(_token(found))
            position = found.end()
        self._place = 0
        self._depth = 0

    def any(self) -> Rule:
        return self._joined("OR", self._all, every=False)

    def _all(self) -> Rule:
        return self._joined("AND", self._one, every=True)

    def _joined(self, word: str, inner: Callable[[], Rule], *, every: bool) -> Rule:
        parts = [inner()]
        while self._next_is(word):
            self._place += 1
            parts.append(inner())
        return parts[0] if len(parts) == 1 else Joined(every, tuple(parts))

    def _one(self) -> Rule:
        kind, text, position = self._take()
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error(f"nested more than {_DEEPEST} times", position)
        try:
            if kind == "(":
                rule = self.any()
                self._expect(")")
                return rule
            word = text.upper() if kind == "word" else ""
            if word == "NOT":
                return Not(self._one())
        finally:
            self._depth -= 1
        if word in ("TRUE", "FALSE"):
            return Constant(word == "TRUE")
        if word == "AT_LEAST":
            return self._at_least()
        if word in _STATES:
            self._expect("(")
            alarm = self._name()
            self._expect(")")
            return InState(_STATES[word], alarm)
        raise self._error(f"`{text}` is not ALARM, OK, INSUFFICIENT_DATA, TRUE or FALSE", position)

    def _at_least(self) -> Rule:
        self._expect("(")
        _, count, position = self._take()
        if not re.fullmatch(r"\d+%?", count):
            raise self._error(f"`{count}` is neither a number nor a percentage", position)
        self._expect(",")
        negated = self._next_is("NOT")
        self._place += negated
        _, state, position = self._take()
        if state.upper() not in _STATES:
            raise self._error(f"`{state}` is not a state of an alarm", position)
        self._expect(",")
        self._expect("(")
        names = [self._name()]
        while self._next_is(","):
            self._place += 1
            names.append(self._name())
        self._expect(")")
        self._expect(")")
        number = float(count.rstrip("%"))
        return AtLeast(number, "%" in count, _STATES[state.upper()], negated, tuple(names))

    def _name(self) -> str:
        kind, text, position = self._take()
        if kind not in ("word", "text"):
            raise self._error("an alarm's name is missing", position)
        return text

    def end(self) -> None:
        if self._place < len(self._tokens):
            raise self._error("an AND or an OR is missing", self._tokens[self._place][2])

    def _next_is(self, word: str) -> bool:
        if self._place >= len(self._tokens):
            return False
        kind, text, _ = self._tokens[self._place]
        return text.upper() == word and kind != "text"

    def _take(self) -> tuple[str, str, int]:
        if self._place >= len(self._tokens):
            raise self._error("the rule ends too early", len(self._text))
        self._place += 1
        return self._tokens[self._place - 1]

    def _expect(self, kind: str) -> None:
        found, text, position = self._take()
        if found != kind:
            raise self._error(f"a `{kind}` is missing before `{text}`", position)

    def _error(self, problem: str, position: int) -> RuleError:
        return RuleError(f"alarm rule, character {position + 1}: {problem}: {self._text}")


def _token(found: re.Match[str]) -> tuple[str, str, int]:
    opening, closing, comma, double, single, word = found.groups()
    text = double if double is not None else single
    if text is not None:
        return "text", re.sub(r"\\(.)", r"\1", text), found.start()
    symbol = opening or closing or comma
    return (symbol or "word"), (symbol or word), found.start(found.lastindex or 0)
