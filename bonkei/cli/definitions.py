"""`bonkei validate`, `plan`, `apply` and `fmt`: Terraform, through the miniature's provider."""

from __future__ import annotations

import json

import click

from bonkei.cli.context import Context, pass_context


@click.command()
@pass_context
def validate(context: Context) -> None:
    """Check the definitions as `terraform validate` does. AWS's own rules hold for the values."""
    context.home.make()
    warnings = context.workspace.validate()
    for warning in warnings:
        click.echo(warning.render(), err=True)
    click.echo("The definitions are valid.")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The changes as JSON.")
@pass_context
def plan(context: Context, as_json: bool) -> None:
    """Show what `bonkei apply` would change."""
    context.home.make()
    result = context.workspace.plan()
    for warning in result.warnings:
        click.echo(warning.render(), err=True)
    if as_json:
        click.echo(json.dumps(result.as_dict(), indent=2))
    else:
        click.echo(result.render())


@click.command()
@pass_context
def apply(context: Context) -> None:
    """Apply the definitions. A running miniature follows, and no request is dropped."""
    from bonkei.miniature import definitions, foreground
    from bonkei.miniature.home import is_running

    context.home.make()
    summary = definitions.apply(context.workspace, click.echo)
    click.echo(summary)
    if is_running(context.home):
        foreground.reload(context.home, click.echo)


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; fail when a file would change.")
@pass_context
def fmt(context: Context, check: bool) -> None:
    """Rewrite the definitions as `terraform fmt` does."""
    context.home.make()
    changed = context.workspace.fmt(check=check)
    for name in changed:
        click.echo(name)
    if check and changed:
        raise SystemExit(1)


COMMANDS = (validate, plan, apply, fmt)
