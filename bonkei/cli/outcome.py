"""`--json` of commands that change something: one object on stdout, also after an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import click

from bonkei.base.errors import BonkeiError
from bonkei.cli.terminal import as_json as to_json
from bonkei.cli.typed import say


def json_option(words: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The option, handed over as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help=words)


def progress(as_json: bool) -> Callable[[str], None]:
    """The function that prints progress: on stderr if stdout is for JSON."""
    return partial(say, err=as_json)


@contextmanager
def outcome(as_json: bool, result: Mapping[str, Any]) -> Iterator[None]:
    """Print `result` (as it is at the end) with `error`: null, or its `message` and `remedy`.

    The error is raised again: it appears on stderr and sets the exit code.
    """
    error: dict[str, str] | None = None
    try:
        yield
    except BonkeiError as caught:
        error = {"message": caught.message, "remedy": caught.remedy}
        raise
    finally:
        if as_json:
            click.echo(to_json({**result, "error": error}, indent=2))
