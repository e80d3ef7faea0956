"""Runs a query over events: each command takes rows and gives rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from bonkei.grammar.insights.aggregates import AGGREGATES, Total
from bonkei.grammar.insights.parser import MOST_ROWS
from bonkei.grammar.insights.rows import LogRecord, Row, evaluate
from bonkei.grammar.insights.syntax import (
    Aggregate,
    Command,
    Dedup,
    Fields,
    Filter,
    Limit,
    Named,
    Parse,
    Query,
    Sort,
    Stats,
    Unnest,
    aggregates_in,
)
from bonkei.grammar.insights.values import Value, natural, text

_PLAIN = ("@timestamp", "@message")


@dataclass(slots=True)
class Statistics:
    """`matched`: the events that every filter has kept."""

    matched: int = 0
    scanned: int = 0
    scanned_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """A row holds only the fields that are there."""

    rows: tuple[Mapping[str, str], ...]
    columns: tuple[str, ...]
    statistics: Statistics = field(default_factory=Statistics)


def run(query: Query, records: Iterable[LogRecord], limit: int = MOST_ROWS) -> Result:
    """The rows of a query. Give the records with the latest first, as results have them."""
    statistics = Statistics()
    rows: Iterator[Row] = _read(records, statistics)
    last = max((at for at, c in enumerate(query.commands) if isinstance(c, Filter)), default=-1)
    for at, command in enumerate(query.commands):
        if at == last + 1:
            rows = _counted(rows, statistics)
        rows = _follow(command, rows)
    if last + 1 == len(query.commands):
        rows = _counted(rows, statistics)
    columns = columns_of(query)
    shown = tuple(_shown(row, columns) for row in islice(rows, min(limit, MOST_ROWS)))
    return Result(shown, columns, statistics)


def columns_of(query: Query) -> tuple[str, ...]:
    """The names of a result's columns."""
    columns: tuple[str, ...] = ()
    for command in query.commands:
        columns = _columns(columns, command)
    return tuple(dict.fromkeys(columns or (*_PLAIN, "@ptr")))


def _columns(before: tuple[str, ...], command: Command) -> tuple[str, ...]:
    match command:
        case Stats(columns, groups):
            return tuple(each.name for each in (*groups, *columns))
        case Fields(columns, replaces):
            names = tuple(each.name for each in columns)
            kept = () if replaces else tuple(name for name in before if name != "@ptr")
            return (*kept, *names, "@ptr")
    return before


def _shown(row: Row, columns: tuple[str, ...]) -> Mapping[str, str]:
    found = ((name, row[name]) for name in columns)
    return {name: text(value) for name, value in found if value is not None}


def _read(records: Iterable[LogRecord], statistics: Statistics) -> Iterator[Row]:
    for record in records:
        statistics.scanned += 1
        statistics.scanned_bytes += len(record.message)
        yield Row.of(record)


def _counted(rows: Iterator[Row], statistics: Statistics) -> Iterator[Row]:
    for row in rows:
        statistics.matched += 1
        yield row


def _follow(command: Command, rows: Iterator[Row]) -> Iterator[Row]:
    match command:
        case Filter(condition):
            return (row for row in rows if evaluate(condition, row) == 1)
        case Fields(columns):
            return (_with(row, columns) for row in rows)
        case Parse():
            return (_parsed(row, command) for row in rows)
        case Stats():
            return _grouped(rows, command)
        case Sort():
            return _sorted(rows, command)
        case Limit(count):
            return islice(rows, count)
        case Dedup():
            return _without_doubles(rows, command)
        case Unnest():
            return _unnested(rows, command)


def _with(row: Row, columns: Iterable[Named]) -> Row:
    for each in columns:
        row[each.name] = evaluate(each.expression, row)
    return row


def _parsed(row: Row, command: Parse) -> Row:
    value = evaluate(command.source, row)
    found = None if value is None else command.regex.search(text(value))
    if found is not None:
        values = found.groupdict().values() if command.regex.groupindex else found.groups()
        for name, each in zip(command.names, values, strict=True):
            row[name] = each
    return row


def _grouped(rows: Iterator[Row], command: Stats) -> Iterator[Row]:
    wanted = list(
        dict.fromkeys(found for each in command.columns for found in aggregates_in(each.expression))
    )
    groups: dict[tuple[str | None, ...], tuple[list[Value], list[Total]]] = {}
    if not command.groups:
        groups[()] = ([], [AGGREGATES[each.name]() for each in wanted])
    for row in rows:
        values = [evaluate(each.expression, row) for each in command.groups]
        key = tuple(None if value is None else text(value) for value in values)
        if key not in groups:
            groups[key] = (values, [AGGREGATES[each.name]() for each in wanted])
        for each, total in zip(wanted, groups[key][1], strict=True):
            total.add(1 if each.argument is None else evaluate(each.argument, row), row.moment)
    for values, totals in groups.values():
        yield _total(command, values, wanted, totals)


def _total(
    command: Stats, values: list[Value], wanted: list[Aggregate], totals: list[Total]
) -> Row:
    row = Row({each.name: v for each, v in zip(command.groups, values, strict=True)}, 0)
    for each, total in zip(wanted, totals, strict=True):
        row[repr(each)] = total.result(each.percent)
    return _with(row, command.columns)


def _sorted(rows: Iterator[Row], command: Sort) -> Iterator[Row]:
    found = list(rows)
    for key, descending in reversed(command.keys):
        values = [(evaluate(key, row), row) for row in found]
        there = [item for item in values if item[0] is not None]
        there.sort(key=lambda item: natural(item[0]), reverse=descending)
        found = [row for _, row in there] + [row for value, row in values if value is None]
    return iter(found)


def _without_doubles(rows: Iterator[Row], command: Dedup) -> Iterator[Row]:
    """A row without one of the fields is not a double of any other."""
    seen: set[tuple[str, ...]] = set()
    for row in rows:
        values = [evaluate(key, row) for key in command.keys]
        if all(value is not None for value in values):
            key = tuple(map(text, values))
            if key in seen:
                continue
            seen.add(key)
        yield row


def _unnested(rows: Iterator[Row], command: Unnest) -> Iterator[Row]:
    for row in rows:
        members = evaluate(command.source, row)
        for each in members if isinstance(members, list) else ():
            one = row.copy()
            one[command.name] = each
            yield one
