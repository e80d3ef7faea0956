"""`bonkei validate`, `plan`, `apply`, `test` and `fmt`: Terraform, through our provider."""

from __future__ import annotations

import dataclasses
import functools
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bonkei.cli.context import Context, allow_programs, pass_context
from bonkei.cli.outcome import json_option, outcome, progress
from bonkei.cli.terminal import safe

if TYPE_CHECKING:
    from bonkei.definitions.refresh.observe import Observed
    from bonkei.definitions.terraform.inputs.selection import Selection


def _pairs(ctx: click.Context, option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not value.partition("=")[0].isidentifier() or "=" not in value:
            raise click.BadParameter(f"{value!r} is not NAME=VALUE", ctx, option)
    return values


_variables = click.option(
    "--var",
    "-var",  # with one hyphen, as Terraform itself has it
    "variables",
    metavar="NAME=VALUE",
    multiple=True,
    callback=_pairs,
    help="A variable's value, instead of the settings', this time; may be repeated.",
)


def _selecting(command: Callable[..., None]) -> Callable[..., None]:
    """Gives the command a `selection`: the things that its options name."""

    @_variables
    @click.option(
        "--replace",
        "-replace",
        "replacements",
        metavar="ADDRESS",
        multiple=True,
        help="Replace this resource, as if it were damaged; may be repeated.",
    )
    @click.option(
        "--target",
        "-target",
        "targets",
        metavar="ADDRESS",
        multiple=True,
        help="Only this resource or module and its dependencies; may be repeated.",
    )
    @functools.wraps(command)
    def selecting(
        *arguments: Any,
        targets: tuple[str, ...],
        replacements: tuple[str, ...],
        variables: tuple[str, ...],
        **options: Any,
    ) -> None:
        from bonkei.definitions.terraform.inputs.selection import Selection

        command(*arguments, selection=Selection(targets, replacements, variables), **options)

    return selecting


@click.command()
@json_option("The diagnostics, as JSON.")
@pass_context
def validate(context: Context, as_json: bool) -> None:
    """Check the definitions as `terraform validate` does. AWS's own rules hold for the values."""
    from bonkei.definitions.terraform.errors import TerraformError

    context.home.make()
    try:
        warnings = context.workspace.validate()
    except TerraformError as error:
        if not as_json:
            raise
        found = [one.as_dict() for one in error.diagnostics]
        click.echo(json.dumps({"valid": False, "diagnostics": found}, indent=2))
        raise SystemExit(1) from None
    if as_json:
        found = [one.as_dict() for one in warnings]
        click.echo(json.dumps({"valid": True, "diagnostics": found}, indent=2))
        return
    for warning in warnings:
        click.echo(warning.render(), err=True)
    click.echo("The definitions are valid.")


def _outside(context: Context) -> Observed | None:
    """What others than Terraform have changed in the running miniature."""
    from bonkei.miniature.lock import is_running

    return context.ask("outside") if is_running(context.home) else None


@click.command()
@_selecting
@click.option("--json", "as_json", is_flag=True, help="The changes as JSON.")
@allow_programs
@pass_context
def plan(context: Context, as_json: bool, selection: Selection) -> None:
    """Show what `bonkei apply` would change."""
    context.home.make()
    result = context.workspace.plan(selection, observed=_outside(context))
    for warning in result.warnings:
        click.echo(warning.render(), err=True)
    if as_json:
        click.echo(json.dumps(result.as_dict(), indent=2))
    else:
        click.echo(safe(result.render()))


@click.command()
@_selecting
@json_option("The changes and the result, as JSON; progress goes to stderr.")
@allow_programs
@pass_context
def apply(context: Context, selection: Selection, as_json: bool) -> None:
    """Apply the definitions. A running miniature follows.

    No request is dropped, unless AWS would drop it too. Exit code 1 when a service does not become
    healthy with the change.
    """
    from bonkei.miniature import manifest
    from bonkei.miniature.lock import is_running

    result: dict[str, Any] = {"changes": None, "followed": False}
    with outcome(as_json, result):
        home = context.home.make().path
        for damaged in manifest.changed(home, "terraform/*"):
            raise damaged
        report = progress(as_json)
        try:
            summary = context.workspace.apply(report, selection, _outside(context))
        finally:
            manifest.note_again(home, "terraform/*", "secrets/*")
        result["changes"] = dataclasses.asdict(summary)
        report(summary.render())
        if is_running(context.home):
            from bonkei.miniature import asking

            asking.reload(context.home, report)
            result["followed"] = True
        context.workspace.settle()


@click.command()
@click.argument("name", required=False)
@click.option("--json", "-json", "as_json", is_flag=True, help="The values as JSON.")
@click.option("--raw", "-raw", "is_raw", is_flag=True, help="One value, without quotes.")
@pass_context
def output(context: Context, name: str | None, as_json: bool, is_raw: bool) -> None:
    """Show the outputs of the last apply, as `terraform output` does.

    Of several root modules, NAME may begin with the path of its own: app/url.
    """
    from bonkei.base.errors import BonkeiError
    from bonkei.definitions.terraform.reports.outputs import as_text, find, raw

    context.home.make()
    found = context.workspace.outputs()
    if is_raw and (name is None or as_json):
        raise click.UsageError("--raw shows one output: give its NAME, and no --json")
    if name is not None:
        value = find(found, name)["value"]
        shown = json.dumps(value) if as_json else raw(name, value) if is_raw else as_text(value)
        # A script gets the value as it is.
        click.echo(safe(shown) if sys.stdout.isatty() else shown, nl=not is_raw)
    elif as_json:
        click.echo(json.dumps(found, indent=2))
    elif not found:
        raise BonkeiError("there are no outputs", remedy="apply the definitions: bonkei apply")
    for each, one in found.items() if name is None and not as_json else ():
        click.echo(safe(f"{each} = {'<sensitive>' if one['sensitive'] else as_text(one['value'])}"))


@click.command()
@click.option(
    "--filter",
    "-filter",
    "files",
    metavar="FILE",
    multiple=True,
    help="This test file only, as tests/web.tftest.hcl; may be repeated.",
)
@_variables
@click.option("--json", "as_json", is_flag=True, help="The result of each run, as JSON.")
@allow_programs
@pass_context
def test(
    context: Context, files: tuple[str, ...], variables: tuple[str, ...], as_json: bool
) -> None:
    """Run the definitions' own tests as `terraform test` does. Exit code 1 unless all pass.

    They do not touch the miniature or its state.
    """
    from bonkei.definitions.terraform.inputs.selection import Selection

    context.home.make()
    found = context.workspace.test(
        (lambda _: None) if as_json else click.echo,
        [_below(context.config.definitions, file) for file in files],
        Selection(variables=variables),
    )
    if as_json:
        click.echo(json.dumps(found.as_dict(), indent=2))
    else:
        click.echo(found.summary())
    if not found.passed:
        raise SystemExit(1)


def _below(definitions: Path, file: str) -> str:
    """A path relative to the definitions, for a file that may be given relative to the current
    directory."""
    path = Path(file).resolve()
    inside = path.is_file() and path.is_relative_to(definitions)
    return str(path.relative_to(definitions)) if inside else file


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
