"""`bonkei console`: the address of the console."""

from __future__ import annotations

import click

from bonkei.cli.context import Context, pass_context


@click.command()
@click.option("--open", "opens", is_flag=True, help="Open it in the browser.")
@pass_context
def console(context: Context, opens: bool) -> None:
    """Show the console's address with its token, or open it."""
    from bonkei.miniature.home import MiniatureError

    found = context.ask("status")["console"]
    if found is None:
        raise MiniatureError(
            "the console is off",
            remedy="set BONKEI_CONSOLE_PORT, or [console] port in bonkei.toml, to a port",
        )
    click.echo(found["url"])
    if opens:
        import webbrowser

        if not webbrowser.open(found["url"]):
            raise MiniatureError(
                "there is no browser here", remedy="open the address above where there is one"
            )
