"""`bonkei load`: visitors, so that there is something to see."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from bonkei.cli.context import Context, pass_context
from bonkei.cli.outcome import json_option, outcome, progress
from bonkei.cli.quantity import DURATION

if TYPE_CHECKING:
    from bonkei.services.faults.drill.report import Second

_LONGEST = 3600.0


def _paths(ctx: click.Context, option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not value.startswith("/"):
            raise click.BadParameter(f'{value!r} is not a path: it begins with "/"', ctx, option)
    return values


def _seconds(ctx: click.Context, option: click.Parameter, value: float) -> float:
    if not 1 <= value <= _LONGEST:
        raise click.BadParameter("it takes from 1s to 1h", ctx, option)
    return value


@click.command()
@click.option(
    "--path", "paths", multiple=True, callback=_paths,
    help="Ask for this path, not for those of the definitions; may be repeated.",
)  # fmt: skip
@click.option(
    "--rate",
    type=click.IntRange(1, 50),
    default=2,
    help="Requests a second, up to 50; 2 by default.",
)
@click.option(
    "--for", "seconds", type=DURATION, default=_LONGEST, callback=_seconds,
    help="End after this time, up to 1h; by default after 1h, or with Ctrl-C.",
)  # fmt: skip
@json_option("The summary as JSON.")
@pass_context
def load(
    context: Context, paths: tuple[str, ...], rate: int, seconds: float, as_json: bool
) -> None:
    """Visit the stack gently, so that the console's map lives.

    The requests are GETs to the paths that listener rules and health checks name, and to /, through
    CloudFront where there is one. Ctrl-C ends them. Exit code 1 if none was answered.
    """
    from bonkei.miniature.home import MiniatureError
    from bonkei.miniature.requests.visits import line, summary

    urls = context.ask("addresses", paths=paths)
    report = progress(as_json)
    report(f"{rate} requests a second, for at most {seconds:g} s (Ctrl-C ends them), to")
    for url in urls:
        report(f"  {url}")
    result: dict[str, Any] = {"urls": urls}
    with outcome(as_json, result):
        found = summary(_send(urls, rate, seconds, lambda total: _show(line(summary(total)))))
        _show("")
        result |= found
        report(line(found))
        if not found["answers"]:
            raise MiniatureError("no request was answered", remedy="see `bonkei status`")


def _send(
    urls: Sequence[str], rate: float, seconds: float, show: Callable[[Second], None]
) -> Second:
    """Until Ctrl-C, or the end of the time."""
    from bonkei.miniature.requests.visits import together
    from bonkei.services.faults.drill.load import LoadProcess
    from bonkei.services.faults.drill.report import Second
    from bonkei.services.faults.drill.scenario import Load

    total = Second(0, 0)

    def note(second: Second) -> None:
        nonlocal total
        total = together(total, second)
        show(total)

    with suppress(KeyboardInterrupt):
        asyncio.run(LoadProcess(Load(tuple(urls), rate), "", seconds).run(lambda _: None, note))
    return total


def _show(text: str) -> None:
    """In place of the terminal's last line."""
    if sys.stderr.isatty():
        click.echo(f"\r{text[: shutil.get_terminal_size().columns - 1]}\x1b[K", nl=False, err=True)
