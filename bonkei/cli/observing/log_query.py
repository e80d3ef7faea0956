"""`bonkei logs --query`: a query of Logs Insights over log groups, or over logs in buckets."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import click

from bonkei import blueprint
from bonkei.blueprint.logs.log_group import QueryDefinition
from bonkei.cli.context import Context
from bonkei.cli.observing.log_groups import find_groups
from bonkei.cli.observing.log_objects import LogObjects
from bonkei.cli.terminal import as_json, safe
from bonkei.grammar.insights import MOST_ROWS, LogRecord, QueryError, Result, parse, run
from bonkei.miniature.log_files.record import Record
from bonkei.services.logs.queries.search import Search, search

_WIDEST = 100  # characters of a cell in a table
_HIDDEN = "@ptr"


@dataclass(frozen=True, slots=True)
class Wanted:
    """`text`: a query, or the name of a saved one. `since`: as `Record.time`; empty for all."""

    text: str
    since: str = ""
    count: int | None = None

    @property
    def limit(self) -> int:
        return MOST_ROWS if self.count is None else self.count

    @property
    def start(self) -> int:
        """Milliseconds."""
        return int(datetime.fromisoformat(self.since).timestamp() * 1000) if self.since else 0


@dataclass(frozen=True, slots=True)
class Place:
    """What to read: all, or the groups (with "s3" the objects) of a service, or one group."""

    service: str | None
    group: str | None
    destination: str


def ask(context: Context, place: Place, wanted: Wanted, form: str | None) -> None:
    """Run the query and show its rows. Raises QueryError and MiniatureError."""
    text = resolved(
        wanted.text, lambda: blueprint.read(context.workspace.state()).query_definitions
    )
    wanted = replace(wanted, text=text)
    if place.destination == "s3":
        if place.group is not None:
            raise click.UsageError("--group needs --destination cloudwatch, not s3")
        show(in_objects(LogObjects(context.home.cloud / "s3", place.service), wanted), form)
        return
    directory = context.home.log_groups
    groups = find_groups(directory, place.group, "", place.service).groups
    names, account = tuple(group.name for group in groups), context.config.account_id
    asked = Search(str(directory), names, wanted.text, account, wanted.start, limit=wanted.limit)
    show(search(asked), form)


def resolved(text: str, saved: Callable[[], Sequence[QueryDefinition]]) -> str:
    """The query: `text` itself, or the saved query with this name, or this end of its name after
    `/`. Raises QueryError."""
    try:
        parse(text)
    except QueryError as error:
        there = saved()
        for each in there:
            if text in (each.name, each.name.rpartition("/")[2]):
                return each.query
        if there:
            names = f"saved queries: {', '.join(each.name for each in there)}"
            error.remedy = f"{error.remedy}; {names}" if error.remedy else names
        raise
    return text


def in_objects(objects: LogObjects, wanted: Wanted) -> Result:
    """A line of columns, as CloudFront writes them, has its columns as fields."""
    query = parse(wanted.text)
    found, _ = objects.last(lambda record: record.time >= wanted.since, wanted.since, None)
    return run(query, map(_log_record, reversed(found)), wanted.limit)


def _log_record(record: Record) -> LogRecord:
    is_json = record.text.startswith("{")
    message = record.text if is_json or record.fields is None else json.dumps(dict(record.fields))
    moment = datetime.fromisoformat(record.time).timestamp() * 1000 if record.time else 0
    return LogRecord(int(moment), message, record.label, record.task)


def show(result: Result, form: str | None) -> None:
    """A table, or with `form` a JSON object or a line of tabs for each row; then what was read."""
    columns = [name for name in result.columns if name != _HIDDEN]
    rows = [{name: row.get(name, "") for name in columns} for row in result.rows]
    for row, shown in zip(result.rows, rows, strict=True):
        if form == "json":
            click.echo(as_json({name: row[name] for name in columns if name in row}))
        elif form == "raw":
            click.echo("\t".join(shown.values()))
    if form is None and rows:
        for line in _table(columns, rows):
            click.echo(line)
    read = result.statistics
    told = f"{len(rows)} rows from {read.matched} of {read.scanned} events"
    click.echo(told, err=True)


def _table(columns: list[str], rows: list[dict[str, str]]) -> Iterator[str]:
    """Only the last cell of a row may be long."""
    cells = [columns, *([_cell(each) for each in row.values()] for row in rows)]
    widths = [min(_WIDEST, max(map(len, column))) for column in zip(*cells, strict=True)]
    for line in cells:
        *first, last = line
        yield "  ".join(
            [*(f"{cell[:w]:<{w}}" for cell, w in zip(first, widths, strict=False)), last]
        )


def _cell(text: str) -> str:
    return safe(text.rstrip("\n").replace("\n", " ⏎ "))
