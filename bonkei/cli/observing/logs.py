"""`bonkei logs`: the output of the containers, the database and the supervisor."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from bonkei.cli.completion import complete_log
from bonkei.cli.context import Context, pass_context
from bonkei.cli.observing.log_objects import LogObjects
from bonkei.cli.terminal import as_json, safe, uses_colour
from bonkei.miniature.log_files.files import Follower, label_of, last, log_files
from bonkei.miniature.log_files.record import LEVELS, Record, parse_since

if TYPE_CHECKING:
    from bonkei.cli.observing.log_groups import LogGroups
    from bonkei.grammar.filter_pattern import FilterPattern

_COLOURS = {"WARNING": "yellow", "ERROR": "red", "FATAL": "red", "DEBUG": "bright_black"}
_SHOWN_ID = 8  # characters of a task's id, as in `bonkei status`


@dataclass(frozen=True, slots=True)
class Filter:
    """The records to show: those of `level` and worse, from `since` on, of one request; empty for
    all. `pattern` is a filter pattern of CloudWatch Logs."""

    level: str = ""
    since: str = ""
    request: str = ""
    pattern: FilterPattern | None = None

    def __call__(self, record: Record) -> bool:
        return (
            record.time >= self.since
            and (not self.level or record.is_at_least(self.level))
            and (self.request in record.text or self.request in record.request_id)
            and (self.pattern is None or self.pattern.matches(record.text))
        )

    @property
    def is_rare(self) -> bool:
        """Whether more lines must be read than are shown."""
        return bool(self.level or self.request or self.pattern)


def _since(ctx: click.Context, option: click.Parameter, given: str | None) -> str:
    if given is None:
        return ""
    try:
        return parse_since(given, datetime.now(UTC))
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"{given!r} is neither like 10m (s, m, h, d) nor a time like 2026-01-31T12:00:00Z",
            ctx,
            option,
        ) from None


def _pattern(
    ctx: click.Context, option: click.Parameter, given: str | None
) -> FilterPattern | None:
    if given is None:
        return None
    from bonkei.grammar.filter_pattern import FilterPatternError, parse

    try:
        return parse(given)
    except FilterPatternError as error:
        raise click.BadParameter(error.message, ctx, option) from None


@click.command()
@click.argument("service", required=False, shell_complete=complete_log)
@click.option("-f", "--follow", is_flag=True, help="Continue with new lines; Ctrl-C ends.")
@click.option(
    "-n",
    "--lines",
    type=click.IntRange(min=0),
    help="How many of the last lines to show first; 100 by default, all with --since or --request.",
)
@click.option(
    "--level",
    type=click.Choice(LEVELS, case_sensitive=False),
    help="Only this level and worse. A line without a level counts as INFO.",
)
@click.option(
    "--since",
    callback=_since,
    metavar="TIME",
    help="Only lines since then: 10m, 2h, 1d, or a time such as 2026-01-31T12:00:00Z.",
)
@click.option(
    "--filter",
    "pattern",
    callback=_pattern,
    metavar="PATTERN",
    help="Only records that match a CloudWatch pattern: '{ $.level = \"ERROR\" }'.",
)
@click.option(
    "--query",
    metavar="QUERY",
    help="Run a query of Logs Insights, or a saved one by its name: 'stats count(*) by level'.",
)
@click.option("--request", default="", metavar="ID", help="Only the lines of one request.")
@click.option("--group", help="The events of this log group, by its name or the end of it.")
@click.option("--stream", default="", help="For a group: only streams with this prefix.")
@click.option(
    "--destination",
    type=click.Choice(("local", "cloudwatch", "s3")),
    help="local: files of this machine; cloudwatch: the log groups; s3: the buckets.",
)
@click.option("--raw", "form", flag_value="raw", help="The lines as their program wrote them.")
@click.option("--json", "form", flag_value="json", help="One JSON object a line.")
@pass_context
def logs(
    context: Context,
    service: str | None,
    follow: bool,
    lines: int | None,
    level: str | None,
    since: str,
    pattern: FilterPattern | None,
    query: str | None,
    request: str,
    group: str | None,
    stream: str,
    destination: str | None,
    form: str | None,
) -> None:
    """Show the output of a service, or of all, in order of time.

    SERVICE is the name of a service or a function or the end of it after `-`, the database
    cluster's name, `edge` for a line for each request, or `bonkei` for the miniature's own output.
    JSON records are shown with time, level, message, request id and traceback.
    """
    wanted = Filter(level.upper() if level else "", since, request, pattern)
    count = lines if lines is not None else (None if since or request else 100)
    if query is not None:
        from bonkei.cli.observing.log_query import Place, Wanted, ask

        if level or pattern or request or follow or stream:
            raise click.UsageError("--query has its own `filter`, and shows what there is now")
        place = Place(service, group, destination or "cloudwatch")
        _require_groups_alone(service, group, place.destination)
        ask(context, place, Wanted(query, since, lines), form)
        return
    if destination == "s3":
        _require_no_group(group, stream)
        objects = LogObjects(context.home.cloud / "s3", service)
        _show_objects(objects, wanted, count, form, follow)
        return
    if group is not None or destination == "cloudwatch" or stream:
        from bonkei.cli.observing.log_groups import find_groups

        _require_groups_alone(service, group, destination)
        found = find_groups(context.home.log_groups, group, stream, service)
        _show_groups(found, wanted, count, form, follow)
        return
    directory = context.home.logs
    files = log_files(directory, service)
    follower = Follower(directory, service, files)  # it begins where the files end now
    records = last(files, wanted, count)
    width = max(len(label_of(file)) for file in files)
    _show(records, follower.records if follow else None, wanted, count, _printer(form, width))


def _require_no_group(group: str | None, stream: str) -> None:
    if group is not None or stream:
        raise click.UsageError("--group and --stream need --destination cloudwatch, not s3")


def _require_groups_alone(service: str | None, group: str | None, destination: str | None) -> None:
    if service is not None and (group is not None or destination is None):
        raise click.UsageError(
            "SERVICE and --group exclude each other: `bonkei logs SERVICE --destination cloudwatch`"
            " shows the groups of a service"
        )
    if destination == "local":
        raise click.UsageError("--group and --stream need --destination cloudwatch, not local")


def _show_groups(
    groups: LogGroups, wanted: Filter, count: int | None, form: str | None, follow: bool
) -> None:
    if follow:
        groups.mark()
    found = groups.last(wanted, wanted.since, count)
    new = groups.follow if follow else None
    _show(found, new, wanted, count, _printer(form, groups.width), "event")


def _show_objects(
    objects: LogObjects, wanted: Filter, count: int | None, form: str | None, follow: bool
) -> None:
    found, width = objects.last(wanted, wanted.since, count)
    _show(found, objects.follow if follow else None, wanted, count, _printer(form, width))


def _show(
    found: Iterable[Record],
    new: Callable[[], Iterator[Record]] | None,
    wanted: Filter,
    count: int | None,
    show: Callable[[Record], None],
    kind: str = "line",
) -> None:
    """Show the last records and, with `new`, those that come, until Ctrl-C."""
    shown = 0
    for record in found:
        show(record)
        shown += 1
    if new is not None:
        with suppress(KeyboardInterrupt):
            for record in filter(wanted, new()):
                show(record)
    elif not shown and count != 0:
        click.echo(f"no {kind} matches", err=True)


def _printer(form: str | None, width: int) -> Callable[[Record], None]:
    # Files and pipes get the lines unchanged. A terminal must not obey their control characters.
    guard = safe if sys.stdout.isatty() else str
    if form == "raw":
        return lambda record: click.echo(guard(record.text))
    if form == "json":
        return lambda record: click.echo(as_json(record.as_dict()))
    return lambda record: click.echo(render(record, width), color=uses_colour())


def render(record: Record, width: int) -> str:
    """Format a record for a person. A traceback and further lines of a message are indented below
    it."""
    words = [record.time, record.task[:_SHOWN_ID]]
    words.append(_level(record))
    message, *more = _lines(record.message)
    words += (
        [message, click.style(f"[{safe(record.request_id)}]", dim=True)]
        if (record.request_id)
        else [message]
    )
    head = " ".join(filter(None, words))
    below = [*more, *_lines(record.exception)] if record.exception else more
    label = f"{safe(record.label):<{width}} |"
    return "\n".join([f"{label} {head}", *(f"{label}     {line}" for line in below)])


def _lines(text: str) -> list[str]:
    return [safe(line) for line in text.rstrip("\r\n").split("\n")]


def _level(record: Record) -> str:
    if record.fields is None or not record.level:
        return ""  # a plain line has its level in its words
    return click.style(f"{record.level:<7}", fg=_COLOURS.get(record.level))
