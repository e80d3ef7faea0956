"""The settings for all commands. They are read once, and only on request."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bonkei.config.reading import PROGRAMS
from bonkei.miniature.home import Home

if TYPE_CHECKING:
    from bonkei.config import Config
    from bonkei.definitions.terraform.roots import Roots
    from bonkei.definitions.terraform.workspace import Workspace


class Context:
    """The group makes it, and `pass_context` hands it to the commands."""

    def __init__(self, load: Callable[[], Config], place: Callable[[], Path] | None = None) -> None:
        """`place` is the home, for code that needs nothing else."""
        self._load = load
        self._place = place or (lambda: self.config.home)

    def renewed(self, load: Callable[[Config], Config]) -> Context:
        """Return a context with the present settings. `load` turns them into those that apply
        here."""
        return Context(lambda: load(self._load()))

    @cached_property
    def config(self) -> Config:
        return self._load()

    @cached_property
    def home(self) -> Home:
        return Home(self.config.home)

    @cached_property
    def bare_home(self) -> Home:
        """Return the home, even when the settings name things that do not exist."""
        return Home(self._place())

    @cached_property
    def workspace(self) -> Workspace | Roots:
        from bonkei.miniature.applied import workspace

        return workspace(self.config, self.home.path)

    def ask(self, call: str, limit: float | None = None, **arguments: Any) -> Any:
        """The running miniature's answer. Raises MiniatureError if none runs."""
        from bonkei.miniature import control

        limit = control.AT_ONCE if limit is None else limit
        return control.call(self.home, call, arguments=arguments, limit=limit)


def _allow(_ctx: click.Context, _option: click.Parameter, value: bool) -> None:
    if value:
        os.environ[PROGRAMS] = "1"  # also for the process that `up --detach` starts


pass_context = click.make_pass_decorator(Context)
allow_programs = click.option(
    "--allow-programs",
    is_flag=True,
    expose_value=False,
    callback=_allow,
    help="Let the definitions run their programs without a question, as for CI.",
)
