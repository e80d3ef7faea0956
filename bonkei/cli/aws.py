"""`bonkei aws`: the real `aws` command, spoken to the miniature."""

from __future__ import annotations

import json
import os
import shlex
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from bonkei.cli.context import Context, pass_context

_POLL = 0.3  # seconds between looks at new calls
_WORDS = ("env", "calls")


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--role", default="", help="As this role of the definitions: its name or ARN.")
@click.option("--json", "as_json", is_flag=True, help="Of `env` and `calls`: as JSON.")
@click.option("--follow", "-f", is_flag=True, help="Of `calls`: go on as new ones come.")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="env|calls|-- AWS-COMMAND")
@pass_context
def aws(context: Context, role: str, as_json: bool, follow: bool, words: tuple[str, ...]) -> None:
    """Speak to the miniature's AWS endpoint: bonkei aws -- s3 ls.

    What follows -- is given to the real `aws` command, which is installed when it is first wanted.
    Your own ~/.aws is not read, and no real account can be reached.

    \b
    bonkei aws env            prints the exports for a shell: eval "$(bonkei aws env)"
    bonkei aws calls          shows the last calls, and who made them
    """
    match words:
        case ("env",):
            _print_environment(_environment(context, role), as_json)
        case ("calls",):
            _print_calls(context.home.cloud / "calls.jsonl", role, as_json, follow)
        case ():
            raise click.UsageError("Say what to call: bonkei aws -- s3 ls")
        case (("env" | "calls") as word, *_):
            raise click.UsageError(f"bonkei aws {word} takes no more words, and options before it")
        case _:
            _run(context, role, words)


def _environment(context: Context, role: str) -> dict[str, str]:
    """What an SDK reads. MiniatureError when no miniature runs, or has no such role."""
    from bonkei.miniature import control

    found: Mapping[str, str] = control.call(
        context.home, "aws", arguments={"role": role}, limit=control.AT_ONCE
    )
    return dict(found)


def _print_environment(environment: Mapping[str, str], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(environment, indent=2))
        return
    for name, value in environment.items():
        click.echo(f"export {name}={shlex.quote(value)}")


def _run(context: Context, role: str, words: tuple[str, ...]) -> None:
    from bonkei.miniature.aws_command import install

    environment = _environment(context, role)
    program = install(context.home, lambda text: click.echo(text, err=True))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    nothing = str(context.home.cloud / "no-file")
    isolated = {"AWS_CONFIG_FILE": nothing, "AWS_SHARED_CREDENTIALS_FILE": nothing, "AWS_PAGER": ""}
    # The command overlooks AWS_ENDPOINT_URL for SQS, whose old address it takes instead.
    command = [str(program), "--endpoint-url", environment["AWS_ENDPOINT_URL"], *words]
    environment = {**kept, **isolated, **environment}
    os.execve(program, command, environment)  # noqa: S606 - it has the terminal


def _print_calls(file: Path, role: str, as_json: bool, follow: bool) -> None:
    """The last calls, by the role's name or ARN if one is given."""
    for line in _lines(file, follow):
        call = json.loads(line)
        if role and role not in (call["role"], call["role"].rpartition("/")[2]):
            continue
        click.echo(line.rstrip("\n") if as_json else _readable(call))
        sys.stdout.flush()


def _lines(file: Path, follow: bool) -> Iterator[str]:
    try:
        stream = file.open(encoding="utf-8")
    except FileNotFoundError:
        return
    with stream:
        lines = stream.readlines()
        yield from lines if follow else lines[-100:]
        while follow:
            line = stream.readline()
            if line.endswith("\n"):
                yield line
            else:
                time.sleep(_POLL)


def _readable(call: Mapping[str, Any]) -> str:
    at = time.strftime("%H:%M:%S", time.localtime(call["time"]))
    who = str(call["caller"]).rpartition(":")[2] or "nobody"
    outcome = call["error"] or call["status"]
    return (
        f"{at}  {outcome!s:<24} {call['milliseconds']:>8.1f} ms  "
        f"{call['service']}:{call['operation']}  {who}"
    )


COMMANDS = (aws,)
