"""`bonkei run`, `exec` and `env`: commands of one's own in the environment of a task."""

from __future__ import annotations

import shlex
import sys

import click

from bonkei.cli.completion import complete_runnable, complete_task
from bonkei.cli.context import Context, pass_context
from bonkei.cli.terminal import as_json as to_json
from bonkei.cli.terminal import safe
from bonkei.cli.typed import say

_container = click.option(
    "--container", default="", help="Which container; by default where the requests go."
)
_command = click.argument("command", nargs=-1, type=click.UNPROCESSED)


class _Command(click.Command):
    """Explains `--` to users who give a command's own options without it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            raise click.NoSuchOption(
                error.option_name,
                f"{error.format_message()} Write the options of the command after `--`: "
                f"bonkei {self.name} NAME -- COMMAND",
                ctx=ctx,
            ) from None


@click.command(cls=_Command)
@click.argument("name", shell_complete=complete_runnable)
@_container
@_command
@pass_context
def run(context: Context, name: str, container: str, command: tuple[str, ...]) -> None:
    """Run a command in a task of its own.

    For example: bonkei run backend -- sh.

    NAME is a service's or a task definition's name (or the end of it after `-`), or that of a
    [[run]] entry of bonkei.toml. Without a COMMAND, the entry's command runs. The task has its own
    files and port; input, output, exit code and Ctrl-C are the command's. As with `aws ecs
    run-task`, the image's entry point stays.
    """
    entry = next((one for one in context.config.one_offs if one.name == name), None)
    if entry is not None:
        name, container = entry.task_definition, container or entry.container
        command = command or entry.command
    _attach(context, "run", name, container, command)


@click.command(name="exec", cls=_Command)
@click.argument("task", shell_complete=complete_task)
@_container
@_command
@pass_context
def exec_(context: Context, task: str, container: str, command: tuple[str, ...]) -> None:
    """Run a command beside a running task.

    For example: bonkei exec backend -- sh.

    TASK is a task's id, or the beginning of it, or a service for its newest task. The
    command has the environment and the directory of that task's container, as with `aws ecs
    execute-command`; input, output, exit code and Ctrl-C are the command's.
    """
    _attach(context, "exec", task, container, command)


def _attach(
    context: Context, call: str, subject: str, container: str, command: tuple[str, ...]
) -> None:
    from bonkei.miniature.control.attach import attach

    if not command:
        raise click.UsageError(f"Give a command to run: bonkei {call} {subject} -- COMMAND")
    arguments = {"command": command, "container": container}
    sys.exit(
        attach(context.home, call, subject, arguments, lambda text: say(text.strip(), err=True))
    )


@click.command()
@click.argument("name", shell_complete=complete_task)
@_container
@click.option("--secrets", is_flag=True, help="Show the secrets' values, too.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@pass_context
def env(context: Context, name: str, container: str, secrets: bool, as_json: bool) -> None:
    """Print a task's environment, quoted for a shell. Secrets are named, not shown.

    NAME is a service, a task's id or a task definition. The task need not run.
    """
    from bonkei.miniature import control

    made = control.call(
        context.home, "environment", service=name, arguments={"container": container}
    )
    shown = {
        key: None if key in made["secrets"] and not secrets else value
        for key, value in sorted(made["environment"].items())
    }
    if as_json:
        about = {key: made[key] for key in ("task", "container", "directory", "secrets")}
        click.echo(to_json({**about, "environment": shown}, indent=2))
        return
    for key, value in shown.items():
        hidden = f"# {key} is a secret: --secrets shows it"
        # A shell gets the value unchanged. A terminal must not obey its control characters.
        line = hidden if value is None else f"{key}={shlex.quote(value)}"
        click.echo(safe(line) if sys.stdout.isatty() else line)
