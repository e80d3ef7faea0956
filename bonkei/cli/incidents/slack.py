"""`bonkei slack`: the messages that the miniature's inbox has, as Slack would show them."""

from __future__ import annotations

import contextlib
import json
import time
from collections import deque
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from bonkei.cli.context import Context, pass_context
from bonkei.cli.terminal import as_json as as_json_text
from bonkei.cli.terminal import safe, uses_colour

if TYPE_CHECKING:
    from pathlib import Path

    from bonkei.services.slack.store import Entry

_POLL = 0.5  # seconds between two looks at the file


@click.command()
@click.option("-f", "--follow", is_flag=True, help="Continue with new messages; Ctrl-C ends.")
@click.option(
    "-n", "--messages", "count", type=click.IntRange(min=0), default=20, show_default=True,
    help="How many of the last messages to show first.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, as it was sent.")
@pass_context
def slack(context: Context, follow: bool, count: int, as_json: bool) -> None:
    """Show what reached people: messages to Slack, and e-mail.

    In the miniature an inbox stands in for Slack's webhook and for mailboxes. With
    BONKEI_SLACK_WEBHOOK_URL set at its start, messages go to a real webhook instead, and none to
    Slack is shown here.
    """
    from bonkei.services.slack.store import Inbox

    file = context.home.inbox
    shown = 0
    with contextlib.suppress(KeyboardInterrupt):
        entries = list(Inbox(file).entries())
        for entry in deque(entries, maxlen=count):
            _print(entry, as_json)
            shown += 1
        if follow:
            _follow(file, entries, as_json)
    if not shown and not follow and not as_json:
        click.echo("no message has come yet", err=True)


def _follow(file: Path, seen: list[Entry], as_json: bool) -> None:
    from bonkei.services.slack.store import Inbox

    last = seen[-1] if seen else None
    mark = _mark(file)
    while True:
        time.sleep(_POLL)
        if (now := _mark(file)) == mark:
            continue
        mark = now
        entries = list(Inbox(file).entries())
        place = len(entries) - entries[::-1].index(last) if last in entries else 0
        for entry in entries[place:]:
            _print(entry, as_json)
            last = entry


def _mark(file: Path) -> tuple[int, int]:
    try:
        stat = file.stat()
    except OSError:
        return (0, 0)
    return (stat.st_size, stat.st_mtime_ns)


def _print(entry: Entry, as_json: bool) -> None:
    if as_json:
        click.echo(as_json_text(json.loads(json.dumps(asdict(entry)))))
        return
    from bonkei.services.slack.render import render

    for line in render(entry):
        bar = click.style("▌ ", fg=line.colour) if line.colour else ("" if line.bold else "  ")
        click.echo(bar + click.style(safe(line.text), bold=line.bold), color=uses_colour())
    click.echo()
