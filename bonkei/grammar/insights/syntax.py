"""A query as values: a pipe of commands, and the expressions in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bonkei.base.errors import BonkeiError


class QueryError(BonkeiError):
    """A query that CloudWatch Logs refuses, or a command that is not simulated. `start` and `end`:
    the place in the query, in characters."""

    def __init__(self, message: str, start: int = 0, end: int = 0, *, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.start = start
        self.end = end


@dataclass(frozen=True, slots=True)
class Constant:
    """A text or a number."""

    value: str | int | float


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the event, or a name that an earlier command has given. `steps`: what is in
    brackets after it, `map["key"]` and `list[0]`."""

    name: str
    steps: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """A function, or an operator by its symbol. The name is in lower case."""

    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Matches:
    """`like /regex/` and `=~ /regex/`; `like "text"` is a Call of `strcontains`."""

    value: Expression
    regex: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A function over many events. Without an argument it counts events."""

    name: str
    argument: Expression | None
    percent: float = 0.0


Expression = Constant | Field | Call | Matches | Aggregate


@dataclass(frozen=True, slots=True)
class Named:
    """An expression and the name of its column: the alias, or the words of the query."""

    name: str
    expression: Expression


@dataclass(frozen=True, slots=True)
class Fields:
    """`fields a, b + 1 as c`; `display` replaces the columns in place of adding some."""

    columns: tuple[Named, ...]
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    condition: Expression


@dataclass(frozen=True, slots=True)
class Parse:
    """`regex` has one group for each of the names, in their order."""

    source: Field
    regex: re.Pattern[str]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stats:
    columns: tuple[Named, ...]
    groups: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Sort:
    """Each expression with whether the largest comes first."""

    keys: tuple[tuple[Expression, bool], ...]


@dataclass(frozen=True, slots=True)
class Limit:
    count: int


@dataclass(frozen=True, slots=True)
class Dedup:
    keys: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Unnest:
    """A row for each member of a list."""

    source: Expression
    name: str


Command = Fields | Filter | Parse | Stats | Sort | Limit | Dedup | Unnest


@dataclass(frozen=True, slots=True)
class Query:
    commands: tuple[Command, ...]


def aggregates_in(expression: Expression) -> Iterator[Aggregate]:
    """The aggregates in an expression, each as often as it stands there."""
    if isinstance(expression, Aggregate):
        yield expression
    elif isinstance(expression, Call):
        for argument in expression.arguments:
            yield from aggregates_in(argument)
    elif isinstance(expression, Matches):
        yield from aggregates_in(expression.value)
