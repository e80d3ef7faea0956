"""`bonkei logs`: what the containers, the database and the supervisor said."""

from __future__ import annotations

import heapq
import re
import time
from collections.abc import Iterable, Iterator
from operator import itemgetter
from pathlib import Path

import click

from bonkei.cli.context import Context, pass_context
from bonkei.miniature.home import MiniatureError

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d")
_POLL = 0.2  # seconds between two looks at the files


@click.command()
@click.argument("service", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on as new lines come; Ctrl-C ends.")
@click.option(
    "-n",
    "--lines",
    type=click.IntRange(min=0),
    default=100,
    show_default=True,
    help="How many lines to begin with.",
)
@pass_context
def logs(context: Context, service: str | None, follow: bool, lines: int) -> None:
    """Show what a service said, or all of them. In order of time, as far as it is known.

    SERVICE is a service's name or the end of it after `-`, that of the database's cluster, or
    `bonkei` for the miniature's own words.
    """
    files = _files(context.home.logs, service)
    width = max(len(_label(file)) for file in files)
    for label, line in _last(files, lines):
        click.echo(f"{label:<{width}} | {line}")
    if follow:
        try:
            for label, line in _new(context.home.logs, service, files):
                click.echo(f"{label:<{width}} | {line}")
        except KeyboardInterrupt:
            return


def _files(directory: Path, service: str | None) -> list[Path]:
    found = sorted(directory.glob("*.log")) + sorted(directory.glob("*/*.log"))
    if not found:
        raise MiniatureError("there are no logs yet", remedy="start the miniature with `bonkei up`")
    if service is None:
        return found
    wanted = [file for file in found if service in _names(file)]
    if not wanted:
        known = ", ".join(sorted({_label(file) for file in found}))
        raise MiniatureError(f"nothing named {service} has logs", remedy=f"there are: {known}")
    return wanted


def _names(file: Path) -> set[str]:
    """A log answers to its service's name, its container's, and the last word of the service's."""
    service = file.parent.name
    return {_label(file), service, file.stem, service.rpartition("-")[2]}


def _label(file: Path) -> str:
    return file.stem if file.parent.name == "logs" else f"{file.parent.name}/{file.stem}"


def _last(files: list[Path], count: int) -> list[tuple[str, str]]:
    """The last `count` lines of all files together, in order of time."""
    streams = [
        [(moment, _label(file), line) for moment, line in _dated(_end(file, count))]
        for file in files
    ]
    merged = list(heapq.merge(*streams, key=itemgetter(0)))
    return [(label, line) for _, label, line in merged[-count:]] if count else []


def _end(file: Path, count: int) -> list[str]:
    text = file.read_text(encoding="utf-8", errors="replace")
    return text.splitlines()[-count:] if count else []


def _dated(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each line with its time; one that begins with none belongs to the line before it."""
    moment = ""
    for line in lines:
        if _MOMENT.match(line):
            moment = line[:23].replace(" ", "T", 1)  # PostgreSQL writes a blank, and whole seconds
        yield moment, line


def _new(directory: Path, service: str | None, known: list[Path]) -> Iterator[tuple[str, str]]:
    """Lines that are written from now on, also to files that appear or are rotated meanwhile."""
    offsets = {file: file.stat().st_size for file in known}
    while True:
        for file in _files(directory, service):
            size = file.stat().st_size
            start = offsets.get(file, 0)
            if size < start:  # rotated: it began anew
                start = 0
            if size > start:
                text, offsets[file] = _read(file, start)
                for line in text.splitlines():
                    yield _label(file), line
        time.sleep(_POLL)


def _read(file: Path, start: int) -> tuple[str, int]:
    """Whole lines from `start`, and the offset behind them."""
    with file.open("rb") as handle:
        handle.seek(start)
        data = handle.read()
    end = data.rfind(b"\n") + 1
    return data[:end].decode("utf-8", "replace"), start + end


COMMANDS = (logs,)
