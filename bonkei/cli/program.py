"""The command `bonkei`: its group, and the errors that it prints."""

from __future__ import annotations

import os
import select
import sys
from pathlib import Path

import click

from bonkei import config as configuration
from bonkei.base.errors import BonkeiError
from bonkei.cli.commands import GROUPS, Commands
from bonkei.cli.context import Context
from bonkei.cli.terminal import as_json, safe, uses_colour
from bonkei.cli.typed import say, typed


class _Group(click.Group):
    """Shows the commands in groups, and ends normally when its output is not read to the end."""

    def invoke(self, ctx: click.Context) -> object:
        """The reader of a pipe (`bonkei logs | head`) may have read enough. click itself would end
        with exit code 1."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            if not _is_unread():
                raise
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return None

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """In groups, with one column for all of them."""
        width = max(map(len, self.commands))
        limit = formatter.width - width - 6  # as click has it: three times its spacing
        for title, names in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl(
                    [
                        (f"{name:<{width}}", self.commands[name].get_short_help_str(limit))
                        for name in names
                    ]
                )


@click.group(
    cls=_Group,
    commands=Commands(),
    invoke_without_command=True,
    no_args_is_help=True,
    subcommand_metavar="COMMAND [ARGS]...",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--config",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The settings to use; by default the bonkei.toml of this folder or one above it.",
)
@click.option("--version", is_flag=True, help="Show the versions that a report of a fault needs.")
@click.option("--json", "as_json_", is_flag=True, help="With --version: as JSON.")
@click.pass_context
def bonkei(ctx: click.Context, file: Path | None, version: bool, as_json_: bool) -> None:
    """Run the system that Terraform describes as a miniature on this machine."""
    if version:
        _print_versions(as_json_)
        ctx.exit()
    if ctx.invoked_subcommand is None:
        ctx.fail("Missing command.")

    def settings() -> Path:
        return file or configuration.find(Path.cwd())

    ctx.obj = Context(
        lambda: configuration.load(settings(), os.environ),
        lambda: configuration.load_home(settings(), os.environ),
    )


def main() -> None:
    """Run the command line. Our own errors are printed here: the cause, then the remedy."""
    try:
        bonkei.main(standalone_mode=False)
    except BonkeiError as error:
        _print_error(error.message, error.remedy)
        sys.exit(1)
    except click.exceptions.Exit as exit_:
        sys.exit(exit_.exit_code)
    except click.Abort:
        click.echo("interrupted", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except OSError as error:
        from bonkei.cli.machine import explain

        explained = explain(error)
        if explained is None:
            raise  # a bug: keep the traceback
        _print_error(explained.message, explained.remedy)
        sys.exit(1)


def _print_versions(as_json_: bool) -> None:
    from bonkei.cli.version import versions

    found = versions()
    if as_json_:
        click.echo(as_json(found))
        return
    for name, version in found.items():
        click.echo(safe(f"{name:<12} {version}"))


def _is_unread() -> bool:
    """Whether the other end of stdout is closed."""
    looked = select.poll()
    looked.register(sys.stdout.fileno(), 0)
    return any(event & select.POLLERR for _, event in looked.poll(0))


def _print_error(message: str, remedy: str) -> None:
    # Terraform's own diagnostics already begin with this word.
    prefix = "" if message.startswith("Error:") else "error: "
    shown = typed(safe(f"{prefix}{message}"))
    click.secho(shown, fg="red", err=True, color=uses_colour())
    for line in remedy.split("\n") if remedy else ():
        say(f"  {line}", err=True)
