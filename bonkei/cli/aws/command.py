"""`bonkei aws`: the real `aws` command against the miniature."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

import click

from bonkei.cli.aws.roles import is_of, role_noted
from bonkei.cli.context import Context, pass_context
from bonkei.cli.terminal import safe

_POLL = 0.3  # seconds between looks at new calls
_SHOWN = 100  # calls
_WORDS = ("env", "calls")

_Call = tuple[str, Mapping[str, Any]]
"""A line of the file, and what it says."""


class _Aws(click.Command):
    """Takes options after `env` and `calls` too; after other words they are the aws command's."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        found, _, _ = self.make_parser(ctx).parse_args(list(args))
        words = found.get("words")  # without words: None, or click's own mark for "not given"
        first = words[0] if isinstance(words, tuple) and words else ""
        ctx.allow_interspersed_args = first in _WORDS
        return super().parse_args(ctx, args)


@click.command(
    cls=_Aws,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.option(
    "--role", default="", help="As this role: its name, or the end of it after `-`, or its ARN."
)
@click.option("--user", default="", help="As another IAM user, or with --role: its session's name.")
@click.option("--json", "as_json", is_flag=True, help="For `env` and `calls`: print JSON.")
@click.option("--follow", "-f", is_flag=True, help="For `calls`: continue with new calls.")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="env|calls|-- AWS-COMMAND")
@pass_context
def aws(
    context: Context, role: str, user: str, as_json: bool, follow: bool, words: tuple[str, ...]
) -> None:
    """Call the miniature's AWS endpoint: bonkei aws -- s3 ls.

    The words after -- go to the real `aws` command. It is installed at its first use. Your own
    ~/.aws is not read, and no real account can be reached.

    \b
    bonkei aws env            prints the exports for a shell: eval "$(bonkei aws env)"
    bonkei aws calls          shows the last calls and their callers
    """
    match words:
        case ("env",):
            _print_environment(context, _environment(context, role, user), as_json)
        case ("calls",):
            _print_calls(context, role, as_json, follow)
        case ():
            raise click.UsageError("Name an operation: bonkei aws -- s3 ls")
        case (("env" | "calls") as word, *_):
            raise click.UsageError(f"bonkei aws {word} takes no further arguments")
        case _:
            _run(context, _environment(context, role, user), words)


def _environment(context: Context, role: str, user: str) -> dict[str, str]:
    """The variables for an SDK. Raises MiniatureError if no miniature runs, or if it has no such
    role."""
    return dict(context.ask("aws", role=role, user=user))


def _print_environment(context: Context, found: Mapping[str, str], as_json: bool) -> None:
    cloud = context.home.cloud
    click.echo(json.dumps(isolated(found, cloud), indent=2) if as_json else exports(found, cloud))


def _run(context: Context, environment: Mapping[str, str], words: tuple[str, ...]) -> None:
    from bonkei.cli.aws import session_plugin
    from bonkei.miniature.parts.endpoint.command import install

    program = install(context.home, lambda text: click.echo(text, err=True))
    # For SQS, the command ignores AWS_ENDPOINT_URL and uses the old address of SQS.
    address = ("--endpoint-url", environment["AWS_ENDPOINT_URL"])
    command = [str(program), *address, *words]
    plugin = session_plugin.install(context.home.path, context.home.cloud / "plugins")
    path = os.pathsep.join((str(plugin), os.environ.get("PATH", os.defpath)))
    variables = {**alone(os.environ, environment, context.home.cloud), "PATH": path}
    os.execve(program, command, variables)  # noqa: S606 - it has the terminal


def _print_calls(context: Context, role: str, as_json: bool, follow: bool) -> None:
    """The last calls, by the role's name or ARN if one is given."""
    shown = 0
    with contextlib.suppress(KeyboardInterrupt):
        for line, call in _calls(context, role, follow):
            # JSON already escapes control characters.
            click.echo(line if as_json else _readable(call))
            sys.stdout.flush()
            shown += 1
    if not shown and not follow:
        click.echo("this role has made no call" if role else "no calls yet", err=True)


def _calls(context: Context, role: str, follow: bool) -> Iterator[_Call]:
    """The last calls. With `follow`, new ones are added as they come. BonkeiError if there is no
    such role."""
    with contextlib.closing(_Tail(context.home.cloud / "calls.jsonl")) as tail:
        before = list(tail.calls())
        role = role_noted(context, role, {str(call["role"]) for _, call in before})
        yield from deque(_by(role, before), maxlen=_SHOWN)
        while follow:
            time.sleep(_POLL)
            yield from _by(role, tail.calls())


def _by(role: str, calls: Iterable[_Call]) -> Iterator[_Call]:
    return (each for each in calls if is_of(role, each[1]["role"]))


class _Tail:
    """The calls in a growing file, read from its complete lines. The file may be missing at first,
    and may later be cut to its last part."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._stream: TextIO | None = None
        self._part = ""
        self._last = ""

    def calls(self) -> Iterator[_Call]:
        """Return the calls that have come since the last time."""
        yield from self._read()
        if self._is_replaced():
            self.close()
            last, self._part = self._last, ""
            again = list(self._read())
            lines = [line for line, _ in again]
            yield from again[lines.index(last) + 1 if last in lines else 0 :]

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _is_replaced(self) -> bool:
        try:
            return self._stream is not None and not os.path.samestat(
                self._file.stat(), os.fstat(self._stream.fileno())
            )
        except FileNotFoundError:
            return False

    def _read(self) -> Iterator[_Call]:
        if self._stream is None:
            try:
                self._stream = self._file.open(encoding="utf-8")
            except FileNotFoundError:
                return
        *whole, self._part = (self._part + self._stream.read()).split("\n")
        for line in whole:
            self._last = line
            with contextlib.suppress(ValueError):  # a full disk has cut it
                yield line, json.loads(line)


def _readable(call: Mapping[str, Any]) -> str:
    at = time.strftime("%H:%M:%S", time.localtime(call["time"]))
    who = str(call["caller"]).rpartition(":")[2] or "no one"
    outcome = call["error"] or call["status"]
    asked = f"{call['service']}:{call['operation']} {call.get('resource', '')}".rstrip()
    return safe(f"{at}  {outcome!s:<24} {call['milliseconds']:>8.1f} ms  {asked}  {who}")


_UNSET = r"unset AWS_PROFILE $(env | sed -n 's/^\(AWS_[A-Za-z0-9_]*\)=.*/\1/p')"
"""It forgets every setting of a real account that the shell has: a profile, a token, an address of
one service. It names one, because some shells refuse `unset` alone."""


def isolated(found: Mapping[str, str], cloud: Path) -> dict[str, str]:
    """`found`, and what keeps an SDK from other places. Its files are below `cloud`, in place of
    those in ~/.aws, where one line can send it to AWS in spite of AWS_ENDPOINT_URL.

    https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
    """
    folder = cloud / "aws"
    return {
        "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        "AWS_EC2_METADATA_DISABLED": "true",
        **found,
    }


def exports(found: Mapping[str, str], cloud: Path) -> str:
    """The lines that a shell evaluates."""
    made = isolated(found, cloud).items()
    return "\n".join([_UNSET, *(f"export {name}={shlex.quote(value)}" for name, value in made)])


def alone(inherited: Mapping[str, str], found: Mapping[str, str], cloud: Path) -> dict[str, str]:
    """The environment of the `aws` command. A proxy's variables are dropped, too, because no proxy
    reaches the endpoint on this machine."""
    kept = {
        name: value
        for name, value in inherited.items()
        if not name.startswith("AWS_") and not name.lower().endswith("_proxy")
    }
    return {**kept, **isolated(found, cloud), "AWS_PAGER": ""}
