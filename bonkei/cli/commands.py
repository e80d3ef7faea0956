"""The commands' names, and the functions behind them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pkgutil import resolve_name

import click

from bonkei.base.importing import importing

GROUPS = {
    "Start": {
        "init": "definitions.beginning:init",
        "existing": "definitions.beginning:existing",
        "up": "running.lifecycle:up",
        "load": "running.load:load",
        "down": "running.lifecycle:down",
        "reset": "running.lifecycle:reset",
    },
    "Look": {
        "status": "observing.status:status",
        "console": "observing.console:console",
        "explain": "observing.explain:explain",
        "logs": "observing.logs:logs",
        "output": "definitions.terraform:output",
        "diagram": "definitions.inspection:diagram",
    },
    "Change": {
        "validate": "definitions.terraform:validate",
        "plan": "definitions.terraform:plan",
        "apply": "definitions.terraform:apply",
        "fmt": "definitions.terraform:fmt",
        "watch": "watching.command:watch",
        "restart": "running.lifecycle:restart",
    },
    "On call": {
        "alarm": "incidents.alarm:alarm",
        "fault": "incidents.fault:fault",
        "rehearse": "incidents.restore:rehearse",
        "slack": "incidents.slack:slack",
    },
    "Beside the tasks": {
        "run": "running.sessions:run",
        "exec": "running.sessions:exec_",
        "env": "running.sessions:env",
        "aws": "aws.command:aws",
        "iam": "aws.iam:iam",
    },
    "Check and release": {
        "check": "definitions.inspection:check",
        "diff": "definitions.difference:diff",
        "test": "definitions.terraform:test",
        "pipeline": "pipeline.command:pipeline",
    },
}
"""As `bonkei --help` shows them; in a group, in the order of their usual use."""

PLACES = {name: place for group in GROUPS.values() for name, place in group.items()}


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
