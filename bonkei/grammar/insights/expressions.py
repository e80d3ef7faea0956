"""Reads the expressions of a query. The weakest binding comes first: or, and, not, comparisons,
sums, products, powers."""

from __future__ import annotations

from collections.abc import Callable

from bonkei.grammar.insights.aggregates import AGGREGATES
from bonkei.grammar.insights.functions import FUNCTIONS, UNITS
from bonkei.grammar.insights.scanner import Scanner
from bonkei.grammar.insights.syntax import (
    Aggregate,
    Call,
    Constant,
    Expression,
    Field,
    Matches,
    Named,
)

_COMPARISONS = ("!=", "<=", ">=", "==", "=", "<", ">")
_WITH_PERIOD = ("bin", "datefloor", "dateceil")
_MOST_NESTED = 50


def take_named(scanner: Scanner, *, aggregates: bool = False) -> list[Named]:
    """`a, b + 1 as c`."""
    found = []
    while True:
        start = scanner.position
        expression = _Reader(scanner, aggregates=aggregates).expression()
        name = scanner.text[start : scanner.end]
        if isinstance(expression, Field) and not expression.steps:
            name = expression.name
        if scanner.keyword("as"):
            name = scanner.word("a name")
        found.append(Named(name, expression))
        if not scanner.symbol(","):
            return found


def take_expression(scanner: Scanner) -> Expression:
    return _Reader(scanner).expression()


class _Reader:
    """`aggregates`: whether count(*) and its like are allowed here."""

    def __init__(self, scanner: Scanner, *, aggregates: bool = False) -> None:
        self._scanner = scanner
        self._aggregates = aggregates
        self._depth = 0

    def expression(self) -> Expression:
        self._depth += 1
        if self._depth > _MOST_NESTED:
            raise self._scanner.error("the expression is nested too deeply")
        found = self._joined("or", lambda: self._joined("and", self._negated))
        self._depth -= 1
        return found

    def _joined(self, word: str, part: Callable[[], Expression]) -> Expression:
        found = part()
        while self._scanner.keyword(word):
            found = Call(word, (found, part()))
        return found

    def _negated(self) -> Expression:
        inverted = False
        while self._scanner.keyword("not"):
            inverted = not inverted
        found = self._comparison()
        return Call("not", (found,)) if inverted else found

    def _comparison(self) -> Expression:
        left = self._sum()
        if symbol := self._scanner.symbol("=~", *_COMPARISONS):
            if symbol == "=~":
                return self._match(left)
            return Call("=" if symbol == "==" else symbol, (left, self._sum()))
        inverted = bool(self._scanner.keyword("not"))
        if self._scanner.keyword("like"):
            found = self._match(left)
        elif self._scanner.keyword("in"):
            found = Call("in", (left, *self._list()))
        elif inverted:
            raise self._scanner.error("`like` or `in` is missing after `not`")
        else:
            return left
        return Call("not", (found,)) if inverted else found

    def _match(self, left: Expression) -> Expression:
        regex = self._scanner.regex()
        if regex is not None:
            return Matches(left, regex)
        text = self._scanner.string()
        if text is None:
            raise self._scanner.error('a /regular expression/ or a "text" is missing')
        return Call("strcontains", (left, Constant(text)))

    def _list(self) -> list[Expression]:
        self._scanner.expect("[")
        found = [self._sum()]
        while self._scanner.symbol(","):
            found.append(self._sum())
        self._scanner.expect("]")
        return found

    def _sum(self) -> Expression:
        return self._operations(("+", "-"), lambda: self._operations(("*", "/", "%"), self._power))

    def _operations(self, symbols: tuple[str, ...], part: Callable[[], Expression]) -> Expression:
        found = part()
        while symbol := self._scanner.symbol(*symbols):
            found = Call(symbol, (found, part()))
        return found

    def _power(self) -> Expression:
        if self._scanner.symbol("-"):
            return Call("-", (Constant(0), self._power()))
        base = self._primary()
        return Call("^", (base, self._power())) if self._scanner.symbol("^") else base

    def _primary(self) -> Expression:
        scanner = self._scanner
        if scanner.symbol("("):
            found = self.expression()
            scanner.expect(")")
            return found
        constant = scanner.string()
        if constant is not None:
            return Constant(constant)
        number = scanner.number()
        if number is not None:
            return Constant(number)
        start = scanner.position
        name = scanner.word("a field, a value or a function")
        if scanner.text[start] != "`" and scanner.symbol("("):
            return self._call(name.lower(), start)
        return Field(name, tuple(self._steps()))

    def _steps(self) -> list[str | int]:
        steps: list[str | int] = []
        while self._scanner.symbol("["):
            key = self._scanner.string()
            step = key if key is not None else self._scanner.number()
            if not isinstance(step, str | int):
                raise self._scanner.error('an index or a "key" is missing')
            steps.append(step)
            self._scanner.expect("]")
        return steps

    def _call(self, name: str, start: int) -> Expression:
        if name in AGGREGATES:
            return self._aggregate(name, start)
        if name not in FUNCTIONS:
            raise self._scanner.error(f"`{name}` is not a function", start)
        arguments: list[Expression] = []
        if name == "bin":
            arguments = [Field("@timestamp"), *self._period()]
        elif not self._scanner.symbol(")"):
            arguments = self._arguments(name)
        fewest, most = FUNCTIONS[name].arguments
        if not fewest <= len(arguments) <= most:
            raise self._scanner.error(f"`{name}` has the wrong number of arguments", start)
        return Call(name, tuple(arguments))

    def _arguments(self, name: str) -> list[Expression]:
        found = [self.expression()]
        while self._scanner.symbol(","):
            if name in _WITH_PERIOD:
                return [*found, *self._period()]
            found.append(self.expression())
        self._scanner.expect(")")
        return found

    def _period(self) -> list[Expression]:
        start = self._scanner.position
        count, unit = self._scanner.period()
        if unit not in UNITS or not count:
            known = ", ".join(UNITS)
            raise self._scanner.error(f"`{count}{unit}` is not a period", start, f"units: {known}")
        self._scanner.expect(")")
        return [Constant(count), Constant(UNITS[unit])]

    def _aggregate(self, name: str, start: int) -> Aggregate:
        if not self._aggregates:
            raise self._scanner.error(f"`{name}` can only be used in stats", start)
        self._aggregates = False
        argument = None
        if not (self._scanner.symbol("*") and name == "count") and not self._is_closed():
            argument = self.expression()
        self._aggregates = True
        percent = self._percent() if name in ("pct", "percentile") else 0.0
        self._scanner.expect(")")
        if argument is None and name != "count":
            raise self._scanner.error(f"`{name}` needs a field", start)
        return Aggregate(name, argument, percent)

    def _is_closed(self) -> bool:
        return self._scanner.text.startswith(")", self._scanner.position)

    def _percent(self) -> float:
        self._scanner.expect(",")
        number = self._scanner.number()
        if number is None or not 0 <= number <= 100:
            raise self._scanner.error("a percentage from 0 to 100 is missing")
        return float(number)
