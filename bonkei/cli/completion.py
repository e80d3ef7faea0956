"""Completion in a shell: services, tasks, logs. It raises no error and is never slow."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from bonkei.base.errors import BonkeiError
from bonkei.base.folders import entries

_AT_MOST = 2.0  # seconds; the user waits for it between two keys


def complete_service(ctx: click.Context, _: click.Parameter, given: str) -> list[str]:
    """The running services, by their shortest unique names and by their full names."""
    return _matching(given, *_short(service["name"] for service in _tasks(ctx)["services"]))


def complete_task(ctx: click.Context, _: click.Parameter, given: str) -> list[str]:
    """For `exec` and `env`: services, and the ids of tasks as `bonkei status` has them."""
    tasks = _tasks(ctx)
    names = _short(service["name"] for service in tasks["services"])
    return _matching(given, *names, *(task["id"][:8] for task in tasks["tasks"]))


def complete_runnable(ctx: click.Context, _: click.Parameter, given: str) -> list[str]:
    """For `run`: services, and the entries of [[run]]."""
    config = _config(ctx)
    entries = [one.name for one in config.one_offs] if config else []
    names = _short(service["name"] for service in _tasks(ctx)["services"])
    return _matching(given, *names, *entries)


def complete_log(ctx: click.Context, _: click.Parameter, given: str) -> list[str]:
    """Everything that has logs, even when nothing runs."""
    config = _config(ctx)
    logs = config.home / "logs" if config else Path(os.devnull)
    groups = [path.name for path in entries(logs) if path.is_dir()]
    return _matching(given, "bonkei", *_short(groups))


def complete_fault_target(ctx: click.Context, _: click.Parameter, given: str) -> list[str]:
    """For `fault start`: services by their short names, and everything by its full name."""
    found = _asked(ctx, "fault targets") or []
    services = [one["name"] for one in found if one["kind"] == "service"]
    return _matching(given, *_short(services), *(one["target"] for one in found))


def complete_fault(ctx: click.Context, _: click.Parameter, given: str) -> list[str]:
    """The faults that are active now."""
    found = _asked(ctx, "faults") or {"active": []}
    return _matching(given, *(one["id"] for one in found["active"]))


def _short(names: Iterable[str]) -> list[str]:
    """Each name, preceded by the part after its last hyphen unless two names share it."""
    names = sorted(names)
    ends = [name.rpartition("-")[2] for name in names]
    return [end for end in ends if ends.count(end) == 1] + names


def _matching(given: str, *names: str) -> list[str]:
    return [name for name in dict.fromkeys(names) if name.startswith(given)]


def _config(ctx: click.Context) -> Any:
    from bonkei import config as configuration

    file = ctx.find_root().params.get("file")
    try:
        return configuration.load(file or configuration.find(Path.cwd()), os.environ)
    except BonkeiError:
        return None


def _tasks(ctx: click.Context) -> dict[str, Any]:
    status = _asked(ctx, "status") or {}
    return status.get("tasks") or {"services": [], "tasks": []}


def _asked(ctx: click.Context, call: str) -> Any:
    """Return the running miniature's answer, or None if it gives none."""
    from bonkei.miniature import control
    from bonkei.miniature.home import Home

    config = _config(ctx)
    if config is None:
        return None
    try:
        return control.call(Home(config.home), call, limit=_AT_MOST)
    except BonkeiError:
        return None
