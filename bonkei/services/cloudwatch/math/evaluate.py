"""Evaluates queries that refer to each other. Metrics are fetched, and expressions are computed
from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bonkei.blueprint.cloudwatch import Metric, MetricQuery
from bonkei.services.cloudwatch.math.expression import (
    Call,
    Expression,
    ExpressionError,
    Listed,
    Name,
    Number,
    Operation,
    Text,
    parse_expression,
)
from bonkei.services.cloudwatch.math.functions import WORDS, call, every
from bonkei.services.cloudwatch.math.series import Series, Value, operate

Fetch = Callable[[Metric], Series]


@dataclass(frozen=True, slots=True)
class Window:
    """The starts of the requested periods, oldest first. `period` in seconds."""

    times: tuple[float, ...]
    period: float


class Evaluation:
    """One request's queries. Each is computed once, when it is asked for."""

    def __init__(self, queries: Sequence[MetricQuery], fetch: Fetch, window: Window) -> None:
        self._queries = {query.id: query for query in queries}
        self._fetch = fetch
        self._window = window
        self._known: dict[str, Value] = {}
        self._under_way: set[str] = set()

    def value(self, name: str) -> Value:
        """The value of a query by its id. Raises ExpressionError."""
        if name in self._known:
            return self._known[name]
        query = self._queries.get(name)
        if query is None:
            if name in WORDS:
                return name
            raise ExpressionError(f"there is no query `{name}`")
        if name in self._under_way:
            raise ExpressionError(f"`{name}` needs itself")
        self._under_way.add(name)
        if query.metric is not None:
            found: Value = self._fetch(query.metric)
        else:
            found = self._compute(parse_expression(query.expression))
        self._known[name] = found
        return found

    def series(self, name: str) -> tuple[Series, ...]:
        """The value as time series. A number becomes a series with the same value at each time."""
        found = self.value(name)
        if isinstance(found, str):
            raise ExpressionError(f"`{name}` is a text, and no time series")
        if isinstance(found, float):
            found = self._constant(found)
        return (found,) if isinstance(found, Series) else found

    def _constant(self, value: float) -> Series:
        times = self._window.times
        return Series(dict.fromkeys(times, value), times, self._window.period)

    def _compute(self, expression: Expression) -> Value:
        if isinstance(expression, Number | Text):
            return expression.value
        if isinstance(expression, Name):
            return self.value(expression.name)
        if isinstance(expression, Operation):
            left, right = self._compute(expression.left), self._compute(expression.right)
            return operate(expression.symbol, left, right)
        if isinstance(expression, Listed):
            parts = [self._compute(part) for part in expression.parts]
            listed: list[Series] = []
            for part in parts:
                if isinstance(part, Series):
                    listed.append(part)
                elif isinstance(part, tuple):
                    listed.extend(part)
                else:
                    raise ExpressionError("a list holds time series only")
            return tuple(listed)
        return self._call(expression)

    def _call(self, expression: Call) -> Value:
        if expression.name == "METRICS":
            containing = next(
                (part.value for part in expression.arguments if isinstance(part, Text)), ""
            )
            metrics = [query.id for query in self._queries.values() if query.metric is not None]
            return every(((name, self.value(name)) for name in metrics), containing)
        arguments = [self._argument(expression, part) for part in expression.arguments]
        if expression.name == "TIME_SERIES":
            if len(arguments) != 1 or not isinstance(arguments[0], float):
                raise ExpressionError("TIME_SERIES takes a number")
            return self._constant(arguments[0])
        return call(expression.name, arguments)

    def _argument(self, expression: Call, part: Expression) -> Value:
        """SORT takes a function's name where others take a query."""
        if expression.name == "SORT" and isinstance(part, Name) and part.name not in self._queries:
            return part.name
        return self._compute(part)


def check_queries(queries: Sequence[MetricQuery]) -> None:
    """Raises the ExpressionError that an evaluation would raise. Needs no data."""
    empty = Series({}, (), 60)
    evaluation = Evaluation(queries, lambda _: empty, Window((), 60))
    for query in queries:
        if query.metric is None:
            evaluation.value(query.id)
