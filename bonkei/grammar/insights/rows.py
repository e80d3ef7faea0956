"""An event as a query sees it: its own fields, those of its JSON, and what commands have added."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bonkei.grammar.insights.functions import FUNCTIONS
from bonkei.grammar.insights.syntax import Aggregate, Call, Constant, Expression, Field, Matches
from bonkei.grammar.insights.values import Moment, Value, text

_MOST_FIELDS = 1_000  # of one event, "Supported logs and discovered fields"


@dataclass(frozen=True, slots=True)
class LogRecord:
    """Times in milliseconds. `log`: account and group. `pointer`: what GetLogRecord takes."""

    timestamp: int
    message: str
    log: str = ""
    stream: str = ""
    ingestion: int = 0
    pointer: str = ""


class Row:
    """`moment`: the event's time in milliseconds. The JSON is read when a field asks for it."""

    __slots__ = ("_found", "_given", "_message", "moment")

    def __init__(self, given: dict[str, Value], moment: int, message: str = "") -> None:
        self._given = given
        self._message = message
        self._found: dict[str, Value] | None = None
        self.moment = moment

    @classmethod
    def of(cls, record: LogRecord) -> Row:
        given = {
            "@timestamp": Moment(record.timestamp),
            "@message": record.message,
            "@log": record.log or None,
            "@logStream": record.stream or None,
            "@ingestionTime": Moment(record.ingestion),
            "@ptr": record.pointer,
        }
        return cls(given, record.timestamp, record.message)

    def __setitem__(self, name: str, value: Value) -> None:
        self._given[name] = value

    def __getitem__(self, name: str) -> Value:
        if name in self._given:
            return self._given[name]
        if name in self.discovered:
            return self.discovered[name]
        return self._within(name) if "." in name else None

    def copy(self) -> Row:
        return Row(dict(self._given), self.moment, self._message)

    @property
    def discovered(self) -> dict[str, Value]:
        """The members of the message's JSON by their paths: `user.id`, `items.0.name`."""
        if self._found is None:
            self._found = dict(_flattened(self._message))
        return self._found

    def _within(self, name: str) -> Value:
        """A member of a map that an earlier command has named."""
        head, *steps = name.split(".")
        return member(self._given.get(head), steps)


def member(value: Value, steps: list[str] | tuple[str | int, ...]) -> Value:
    """What the steps lead to in maps and lists; None if nothing is there."""
    for step in steps:
        if isinstance(value, dict):
            value = value.get(str(step))
        elif isinstance(value, list) and str(step).isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def _flattened(message: str) -> Iterator[tuple[str, Value]]:
    """Of a line with words around its JSON (a function's), the JSON."""
    begin = message.find("{")
    if begin < 0:
        return
    try:
        document = json.loads(message[begin : message.rfind("}") + 1])
    except (ValueError, RecursionError):
        return
    left = _MOST_FIELDS
    waiting: list[tuple[str, Any]] = [("", document)]
    while waiting and left:
        path, value = waiting.pop()
        if isinstance(value, dict | list):
            members = value.items() if isinstance(value, dict) else enumerate(value)
            waiting += [(f"{path}.{k}" if path else str(k), v) for k, v in reversed(list(members))]
        elif value is not None:
            left -= 1
            yield path, int(value) if isinstance(value, bool) else value


def evaluate(expression: Expression, row: Row) -> Value:
    """The value of an expression for a row. An aggregate stands in the row by its own name."""
    match expression:
        case Constant(value):
            return value
        case Field(name, steps):
            return member(row[name], steps) if steps else row[name]
        case Matches(value, regex):
            found = evaluate(value, row)
            return int(found is not None and regex.search(text(found)) is not None)
        case Call("and", (left, right)):
            return FUNCTIONS["and"].apply(evaluate(left, row), evaluate(right, row))
        case Call(name, arguments):
            return FUNCTIONS[name].apply(*(evaluate(each, row) for each in arguments))
        case Aggregate():
            return row[repr(expression)]
