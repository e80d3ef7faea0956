"""`bonkei fault`: break something on purpose, for a while."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

import click

from bonkei.cli.completion import complete_fault, complete_fault_target
from bonkei.cli.context import Context, pass_context
from bonkei.cli.terminal import as_json, safe
from bonkei.cli.typed import say

_KINDS = ("kill", "freeze", "slow", "refuse", "fill")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_SIZES = {"KB": 1e3, "MB": 1e6, "GB": 1e9, "KIB": 2.0**10, "MIB": 2.0**20, "GIB": 2.0**30}
_as_json = click.option("--json", "json_wanted", is_flag=True, help="As JSON.")


class Duration(click.ParamType[float]):
    """`500ms`, `30s`, `5m`, `1h` → seconds."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h)", str(value))
        if found is None:
            self.fail(f"{value!r} is no time: write 500ms, 30s, 5m or 1h", param, ctx)
        return float(found[1]) * _UNITS[found[2]]


class Size(click.ParamType[float]):
    """`80%` → 0.8; `256MB` → bytes."""

    name = "size"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"(\d+(?:\.\d+)?)(%|[KMG]i?B)", str(value), re.IGNORECASE)
        if found is None:
            self.fail(f"{value!r} is no size: write 80% or 256MB", param, ctx)
        if found[2] == "%":
            return float(found[1]) / 100
        return float(found[1]) * _SIZES[found[2].upper()]


@click.group()
def fault() -> None:
    """Break something on purpose, for a while: it ends by itself."""


@fault.command(name="list")
@_as_json
@pass_context
def list_(context: Context, json_wanted: bool) -> None:
    """Show the faults that last, with the time that is left, and the last ones that ended."""
    found = _ask(context, "faults")
    if json_wanted:
        say(as_json(found, indent=2))
        return
    for one in found["active"]:
        say(safe(_lasting(one)))
    if not found["active"]:
        say("No fault lasts now.")
    for one in found["past"]:
        say(safe(_ended(one)))


@fault.command()
@_as_json
@pass_context
def targets(context: Context, json_wanted: bool) -> None:
    """Show everything that can be hit now, and how."""
    found = _ask(context, "fault targets")
    if json_wanted:
        say(as_json(found, indent=2))
        return
    width = max((len(one["target"]) for one in found), default=0)
    about = max((len(one["about"]) for one in found), default=0)
    for one in found:
        kinds = ", ".join(one["faults"])
        say(safe(f"{one['target']:<{width}}  {one['about']:<{about}}  {kinds}"))


@fault.command()
@click.argument("kind", type=click.Choice(_KINDS))
@click.argument("target", shell_complete=complete_fault_target)
@click.option("--for", "seconds", type=Duration(), help="How long it lasts; 30s by default.")
@click.option(
    "--percent", type=click.IntRange(1, 100), default=100,
    help="Only this share of the tasks, or of the calls to AWS.",
)  # fmt: skip
@click.option("--latency", type=Duration(), help="Of slow; 500ms by default.")
@click.option("--jitter", type=Duration(), help="Of slow: so much more or less.")
@click.option(
    "--error", "refusal", type=click.Choice(("internal", "throttle", "unavailable")),
    help="Of refuse, for a service of AWS; internal by default.",
)  # fmt: skip
@click.option(
    "--what", type=click.Choice(("memory", "disk", "processor", "connections")),
    help="Of fill; memory by default, connections for a database.",
)  # fmt: skip
@click.option("--size", type=Size(), help="Of fill: 80% of the task's own, or 256MB.")
@click.option(
    "--wait", is_flag=True, help="Wait until it has ended; Ctrl-C ends it, and so does a SIGKILL."
)
@_as_json
@pass_context
def start(context: Context, /, wait: bool, json_wanted: bool, **asked: Any) -> None:
    """Begin a fault. KIND is kill, freeze, slow, refuse or fill.

    TARGET is a service, a task, a target group, the database, a service of AWS or a zone:
    `backend`, `task:1a2b3c4d`, `target-group:frontend`, `database`, `aws:s3`,
    `aws:sqs:SendMessage`, `zone:ap-northeast-1a`. `bonkei fault targets` shows all. A kill without
    --for is a moment.
    """
    from bonkei.miniature import control

    if not wait:
        state = _ask(context, "fault start", asked)
        say(as_json(state, indent=2) if json_wanted else safe(_begun(state)))
        return
    with control.borrow(
        context.home, "fault start", arguments={**asked, "hold": True}, limit=control.AT_ONCE
    ) as (state, _):
        if not json_wanted:
            say(safe(_begun(state)))
        end = time.monotonic() + state["left"]
        while time.monotonic() < end and _lasts(context, state["id"]):
            time.sleep(min(0.5, max(0.0, end - time.monotonic())))
    if json_wanted:
        say(as_json(_find(context, state), indent=2))


@fault.command()
@click.argument("fault_id", metavar="[ID]", required=False, shell_complete=complete_fault)
@click.option("--all", "every", is_flag=True, help="End all that last.")
@_as_json
@pass_context
def end(context: Context, fault_id: str | None, every: bool, json_wanted: bool) -> None:
    """End a fault by its id, or all of them."""
    if bool(fault_id) is every:
        raise click.UsageError("name a fault (`bonkei fault list`), or give --all")
    found = _ask(context, "fault end", {"id": fault_id or ""})
    if json_wanted:
        say(as_json(found, indent=2))
        return
    for one in found:
        say(safe(_ended(one)))
    if not found:
        say("No fault lasted.")


def _ask(context: Context, call: str, arguments: Mapping[str, Any] | None = None) -> Any:
    from bonkei.miniature import control

    return control.call(context.home, call, arguments=arguments, limit=control.AT_ONCE)


def _lasts(context: Context, fault_id: str) -> bool:
    return any(one["id"] == fault_id for one in _ask(context, "faults")["active"])


def _find(context: Context, state: Mapping[str, Any]) -> Any:
    """How it has ended."""
    every = _ask(context, "faults")
    return next(
        (one for one in (*every["past"], *every["active"]) if one["id"] == state["id"]), state
    )


def _begun(state: Mapping[str, Any]) -> str:
    touched = ", ".join(state["touches"]) or "nothing that runs now"
    if state["ended"]:
        return f"{state['id']}  {state['words']}: done\n    {touched}"
    return (
        f"{state['id']}  {state['words']}, for {state['left']:.0f} s "
        f"(bonkei fault end {state['id']})\n    {touched}"
    )


def _lasting(one: Mapping[str, Any]) -> str:
    touched = ", ".join(one["touches"])
    return f"{one['id']:<4} {one['words']}  {one['left']:.0f} s left  {touched}".rstrip()


def _ended(one: Mapping[str, Any]) -> str:
    clock = time.strftime("%H:%M:%S", time.localtime(one["at"]))
    return f"{one['id']:<4} {one['words']}  {clock}, {one['seconds']:.0f} s: {one['ended']}"


COMMANDS = (fault,)
