"""`bonkei status`: what runs, its state, and features that are not simulated."""

from __future__ import annotations

import json
import re

import click

from bonkei.cli.context import Context, pass_context
from bonkei.cli.terminal import as_json as as_json_text
from bonkei.cli.typed import say

_ADDRESS = re.compile(
    r"(?:[\w.-]+/)*(?:module\.[\w-]+(?:\[[^\]]*\])?\.)*aws_\w+\.[\w-]+(?:\[[^\]]*\])?"
)


@click.command()
@click.option(
    "--all",
    "-a",
    "everything",
    is_flag=True,
    help="Also list features that are not simulated.",
)
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
@pass_context
def status(context: Context, everything: bool, as_json: bool) -> None:
    """Show what runs, its state, and how much is not simulated."""
    from bonkei.miniature.home import MiniatureError
    from bonkei.miniature.lock import is_running
    from bonkei.miniature.report.status_text import render

    if not is_running(context.home):
        if as_json:
            click.echo(json.dumps({"running": False}))
            raise SystemExit(3)
        raise MiniatureError("no miniature runs here", remedy="start it with `bonkei up`")
    value = context.ask("status")
    for group in value["edge"]["target_groups"]:
        group["obstacle"] = _with_places(group["obstacle"], context)
    for closed in (value["network"] or {}).get("obstacles", ()):
        closed["why"] = _with_places(closed["why"], context)
    if as_json:
        click.echo(as_json_text(value, indent=2))
    else:
        say(render(value, everything=everything))


def _with_places(text: str, context: Context) -> str:
    """Each address in the text gets the file and the line where it is written."""
    from bonkei.definitions.sources import Sources

    sources, root = Sources(context.config.definitions), context.config.root

    def placed(found: re.Match[str]) -> str:
        place = sources.place(found[0])
        if place is None:
            return found[0]
        file = place.file.relative_to(root) if place.file.is_relative_to(root) else place.file
        return f"{found[0]} ({file}:{place.line})"

    return _ADDRESS.sub(placed, text)
