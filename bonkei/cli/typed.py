"""Rewrites commands in messages so that they work here, also when `bonkei` is not on the PATH."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from bonkei.cli.commands import PLACES
from bonkei.cli.terminal import safe


def say(text: str, *, err: bool = False) -> None:
    """Print a message. It may quote a container's output, so control characters are escaped."""
    click.echo(typed(safe(text)), err=err)


def typed(text: str) -> str:
    """`text` with each `bonkei COMMAND` rewritten so that it works in a shell in this folder."""
    return replace(text, program(), PLACES)


def replace(text: str, command: str, names: Iterable[str]) -> str:
    """The word `bonkei` before a command's name or an option, and nowhere else."""
    following = "|".join(map(re.escape, [*names, "--config"]))
    return re.sub(rf"(?<![\w./-])bonkei(?= (?:{following})\b)", lambda _: command, text)


def program() -> str:
    """How this program is called from here: by its name, or else by its path."""
    own = Path(sys.executable).with_name("bonkei")
    found = shutil.which("bonkei")
    if not own.exists() or (found and Path(found).samefile(own)):
        return "bonkei"
    return shlex.quote(min(str(own), os.path.relpath(own), key=len))
