"""A math expression, parsed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from bonkei.base.errors import BonkeiError

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|(?P<name>[A-Za-z_]\w*)"""
    r"""|"(?P<text>[^"]*)"|'(?P<other>[^']*)'|(?P<symbol>&&|\|\||==|!=|<=|>=|[-+*/^<>(),\[\]]))"""
)
REFUSED = {
    "ANOMALY_DETECTION_BAND": "anomaly detection learns from weeks of data that are not here",
    "SEARCH": "it finds metrics of the whole account, and alarms cannot use it",
    "INSIGHT_RULE_METRIC": "Contributor Insights is not simulated",
    "DB_PERF_INSIGHTS": "Performance Insights is not simulated",
    "SERVICE_QUOTA": "the miniature has no service quotas",
    "LAMBDA": "data sources by Lambda are not simulated",
}


class ExpressionError(BonkeiError):
    """CloudWatch refuses the expression, or it is not simulated."""


@dataclass(frozen=True, slots=True)
class Number:
    """A scalar."""

    value: float


@dataclass(frozen=True, slots=True)
class Text:
    """A text, as METRICS("errors") takes it."""

    value: str


@dataclass(frozen=True, slots=True)
class Name:
    """Another query's id, or REPEAT and its like."""

    name: str


@dataclass(frozen=True, slots=True)
class Operation:
    """`left symbol right`."""

    symbol: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Call:
    """`NAME(arguments)`."""

    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """`[m1, m2]`."""

    parts: tuple[Expression, ...]


Expression = Number | Text | Name | Operation | Call | Listed

# "Metric math syntax and functions": the weakest binding comes first.
_LEVELS = (("||", "OR"), ("&&", "AND"), ("==", "!=", "<=", ">=", "<", ">"), ("+", "-"), ("*", "/"))
_SPELLED = {"OR": "||", "AND": "&&"}


@lru_cache(maxsize=512)
def parse_expression(text: str) -> Expression:
    """Raises ExpressionError with the place."""
    if re.match(r"\s*SELECT\b", text, re.IGNORECASE):
        raise ExpressionError("The miniature does not simulate Metrics Insights: SELECT …")
    parser = _Parser(text)
    found = parser.level(0)
    parser.end()
    return found


def names_of(expression: Expression) -> Iterator[str]:
    """The ids that it looks at."""
    if isinstance(expression, Name):
        yield expression.name
    elif isinstance(expression, Operation):
        yield from names_of(expression.left)
        yield from names_of(expression.right)
    elif isinstance(expression, Call | Listed):
        parts = expression.arguments if isinstance(expression, Call) else expression.parts
        for part in parts:
            yield from names_of(part)


def needed_by(expression: Expression) -> set[str] | None:
    """The ids that it looks at; None if METRICS() takes all metrics."""
    return None if _has_metrics(expression) else set(names_of(expression))


def _has_metrics(expression: Expression) -> bool:
    if isinstance(expression, Operation):
        return _has_metrics(expression.left) or _has_metrics(expression.right)
    if isinstance(expression, Call):
        return expression.name == "METRICS" or any(map(_has_metrics, expression.arguments))
    return isinstance(expression, Listed) and any(map(_has_metrics, expression.parts))


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[tuple[str, str, int]] = []
        self._place = 0
        position = 0
        while text[position:].strip():
            found = _TOKEN.match(text, position)
            if found is None:
                place = position + len(text[position:]) - len(text[position:].lstrip())
                raise self._error(f"`{text[place]}` is not understood", place)
            kind = str(found.lastgroup)
            self._tokens.append((kind, found[kind], found.start(kind)))
            position = found.end()

    def level(self, depth: int) -> Expression:
        if depth == len(_LEVELS):
            return self._unary()
        left = self.level(depth + 1)
        while (symbol := self._next(_LEVELS[depth])) is not None:
            left = Operation(_SPELLED.get(symbol, symbol), left, self.level(depth + 1))
        return left

    def _next(self, symbols: tuple[str, ...]) -> str | None:
        if self._place < len(self._tokens):
            kind, text, _ = self._tokens[self._place]
            if kind in ("symbol", "name") and text in symbols:
                self._place += 1
                return text
        return None

    def _unary(self) -> Expression:
        if self._next(("-",)):
            return Operation("-", Number(0.0), self._unary())
        self._next(("+",))
        base = self._atom()
        if self._next(("^",)):
            return Operation("^", base, self._unary())
        return base

    def _atom(self) -> Expression:
        if self._place >= len(self._tokens):
            raise self._error("the expression ends too early", len(self._text))
        kind, text, position = self._tokens[self._place]
        self._place += 1
        if kind == "number":
            return Number(float(text))
        if kind in ("text", "other"):
            return Text(text)
        if kind == "name":
            return self._named(text, position)
        if text == "(":
            inner = self.level(0)
            self._expect(")")
            return inner
        if text == "[":
            return Listed(self._list("]"))
        raise self._error(f"`{text}` is not expected here", position)

    def _named(self, name: str, position: int) -> Expression:
        if name.upper() in REFUSED and not name[0].islower():
            raise ExpressionError(
                f"{name.upper()} is not simulated: {REFUSED[name.upper()]}",
                remedy="on AWS it works",
            )
        if not self._next(("(",)):
            return Name(name)
        if name[0].islower():
            raise self._error(
                f"`{name}` is not a function: functions are written in capitals", position
            )
        return Call(name, self._list(")"))

    def _list(self, end: str) -> tuple[Expression, ...]:
        if self._next((end,)):
            return ()
        parts = [self.level(0)]
        while self._next((",",)):
            parts.append(self.level(0))
        self._expect(end)
        return tuple(parts)

    def _expect(self, symbol: str) -> None:
        if not self._next((symbol,)):
            place = self._tokens[self._place][2] if self._place < len(self._tokens) else -1
            raise self._error(f"a `{symbol}` is missing", len(self._text) if place < 0 else place)

    def end(self) -> None:
        if self._place < len(self._tokens):
            raise self._error("an operator is missing", self._tokens[self._place][2])

    def _error(self, problem: str, position: int) -> ExpressionError:
        return ExpressionError(f"expression, character {position + 1}: {problem}: {self._text}")
