"""`bonkei up`, `down`, `restart` and `reset`."""

from __future__ import annotations

import click

from bonkei.cli.completion import complete_service
from bonkei.cli.context import Context, allow_programs, pass_context
from bonkei.cli.outcome import json_option, outcome, progress
from bonkei.cli.typed import say


@click.command()
@click.option(
    "--detach",
    "-d",
    is_flag=True,
    help="Go to the background after the start. Exit code 1 unless all is healthy.",
)
@click.option("--background", is_flag=True, hidden=True, help="What --detach starts.")
@allow_programs
@pass_context
def up(context: Context, detach: bool, background: bool) -> None:
    """Build the miniature and run it. Ctrl-C stops it and keeps its data."""
    home = context.home.make()
    if detach:
        from bonkei.miniature.background import start

        raise SystemExit(start(context.config, home, say))
    from bonkei.base.importing import importing, without_certificates
    from bonkei.miniature.lifecycle.memory import use_one_heap
    from bonkei.miniature.lock import require_free

    require_free(home)
    use_one_heap()
    with importing(stays=True), without_certificates():
        from bonkei.miniature import foreground

    # In the background, the waiting command prints the progress.
    report = click.echo if background else say
    raise SystemExit(foreground.run(context.config, home, report, background=background))


@click.command()
@pass_context
def down(context: Context) -> None:
    """Stop the miniature of this home. Its data stays."""
    from bonkei.miniature import asking

    asking.stop(context.bare_home)
    click.echo("stopped")


@click.command()
@click.argument("service", shell_complete=complete_service)
@json_option("The result, as JSON; progress goes to stderr.")
@pass_context
def restart(context: Context, service: str, as_json: bool) -> None:
    """Replace a service's tasks, after a change of its program. No request is dropped.

    New tasks start, and the old ones stop when the new ones are healthy, as with `aws ecs
    update-service --force-new-deployment`. SERVICE is its name, or the end of it after `-`.
    """
    from bonkei.miniature import asking

    with outcome(as_json, {"service": service}):
        asking.restart(context.home, service, progress(as_json))
    if not as_json:
        click.echo(f"{service} runs anew")


@click.command()
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@pass_context
def reset(context: Context, yes: bool) -> None:
    """Remove the miniature's state and all its data. The next start begins from nothing."""
    from bonkei.miniature import removing

    home = context.home
    if not home.path.is_dir():
        click.echo("there is nothing to remove")
        return
    home.require_ours()
    removing.require_stopped(home)
    if not yes and not click.confirm(f"Remove {home.path} with the database in it?"):
        click.echo("nothing is removed")
        raise SystemExit(1)
    left = removing.reset(home)
    if left:
        click.echo(f"removed the miniature from {home.path}; not Bonkei's: {', '.join(left)}")
    elif home.has_id:
        click.echo(
            f"removed the miniature from {home.path}; its id stays, for the server of "
            "BONKEI_DATABASE_URL, which is unchanged"
        )
    elif home.path.is_dir():
        click.echo(f"removed the miniature from {home.path}; those of other workspaces stay")
    else:
        click.echo(f"removed {home.path}")
