"""The commands' names, and the functions behind them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pkgutil import resolve_name

import click

from bonkei.base.importing import importing

PLACES = {
    "init": "definitions.beginning:init",
    "up": "running.lifecycle:up",
    "load": "running.load:load",
    "down": "running.lifecycle:down",
    "restart": "running.lifecycle:restart",
    "reset": "running.lifecycle:reset",
    "watch": "watching.command:watch",
    "status": "observing.status:status",
    "console": "observing.console:console",
    "slack": "incidents.slack:slack",
    "validate": "definitions.terraform:validate",
    "plan": "definitions.terraform:plan",
    "apply": "definitions.terraform:apply",
    "output": "definitions.terraform:output",
    "test": "definitions.terraform:test",
    "fmt": "definitions.terraform:fmt",
    "existing": "definitions.beginning:existing",
    "check": "definitions.inspection:check",
    "diff": "definitions.difference:diff",
    "diagram": "definitions.inspection:diagram",
    "explain": "observing.explain:explain",
    "logs": "observing.logs:logs",
    "alarm": "incidents.alarm:alarm",
    "fault": "incidents.fault:fault",
    "pipeline": "pipeline.command:pipeline",
    "aws": "aws.command:aws",
    "iam": "aws.iam:iam",
    "run": "running.sessions:run",
    "exec": "running.sessions:exec_",
    "env": "running.sessions:env",
}
"""In the order of their usual use."""


class Commands(Mapping[str, click.Command]):
    """Imports a command's module when the command is wanted."""

    def __getitem__(self, name: str) -> click.Command:
        with importing():
            command: click.Command = resolve_name(f"bonkei.cli.{PLACES[name]}")
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(PLACES)

    def __len__(self) -> int:
        return len(PLACES)
