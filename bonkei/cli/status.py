"""`bonkei status`: what runs, its state, and features that are not simulated."""

from __future__ import annotations

import json

import click

from bonkei.cli.context import Context, pass_context
from bonkei.cli.terminal import as_json as as_json_text
from bonkei.cli.typed import say


@click.command()
@click.option(
    "--all", "-a", "everything", is_flag=True, help="Also what is not simulated, and why."
)
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
@pass_context
def status(context: Context, everything: bool, as_json: bool) -> None:
    """Show what runs, its state, and how much is not simulated."""
    from bonkei.miniature import control
    from bonkei.miniature.home import MiniatureError, is_running
    from bonkei.miniature.status import render

    if not is_running(context.home):
        if as_json:
            click.echo(json.dumps({"running": False}))
            raise SystemExit(3)
        raise MiniatureError("no miniature runs here", remedy="start it with `bonkei up`")
    value = control.call(context.home, "status", limit=control.AT_ONCE)
    if as_json:
        click.echo(as_json_text(value, indent=2))
    else:
        say(render(value, everything=everything))


COMMANDS = (status,)
