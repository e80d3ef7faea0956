"""`bonkei fault`: break something on purpose, for a while."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from bonkei.cli.completion import complete_fault, complete_fault_target
from bonkei.cli.context import Context, pass_context
from bonkei.cli.new_file import NewFile
from bonkei.cli.quantity import DURATION, SIZE
from bonkei.cli.terminal import as_json, safe
from bonkei.cli.typed import say

_KINDS = ("kill", "freeze", "slow", "refuse", "fill")
_POLL = 0.5
_as_json = click.option("--json", "json_wanted", is_flag=True, help="As JSON.")


@click.group()
def fault() -> None:
    """Break something on purpose, for a while: it ends by itself."""


@fault.command(name="list")
@_as_json
@pass_context
def list_(context: Context, json_wanted: bool) -> None:
    """Show the current faults, and the last ones that ended."""
    found = context.ask("faults")
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
    found = context.ask("fault targets")
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
@click.option("--for", "seconds", type=DURATION, help="How long it lasts; 30s by default.")
@click.option(
    "--percent", type=click.IntRange(1, 100), default=100,
    help="Only this share of the tasks, or of the calls to AWS.",
)  # fmt: skip
@click.option("--latency", type=DURATION, help="Of slow; 500ms by default.")
@click.option("--jitter", type=DURATION, help="Of slow: so much more or less.")
@click.option(
    "--error", "refusal", type=click.Choice(("internal", "throttle", "unavailable")),
    help="Of refuse, for a service of AWS; internal by default.",
)  # fmt: skip
@click.option(
    "--what", type=click.Choice(("memory", "disk", "processor", "connections")),
    help="Of fill; memory by default, connections for a database.",
)  # fmt: skip
@click.option("--size", type=SIZE, help="Of fill: 80% of the task's own, or 256MB.")
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
        state = context.ask("fault start", **asked)
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
    found = context.ask("fault end", id=fault_id or "")
    if json_wanted:
        say(as_json(found, indent=2))
        return
    for one in found:
        say(safe(_ended(one)))
    if not found:
        say("No fault lasted.")


@fault.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--junit",
    type=NewFile(),
    help="Also write expectations and results to this file, as JUnit XML.",
)
@_as_json
@pass_context
def drill(context: Context, file: Path, junit: Path | None, json_wanted: bool) -> None:
    """Run a scenario file, and report what visitors notice.

    The file has a load and faults at their times (docs/faults.md describes it).
    Exit code 1 unless everything meets the file's expectations. Ctrl-C ends its faults, and reports
    the results so far.
    """
    from bonkei.services.faults.drill.report import junit_xml
    from bonkei.services.faults.drill.text import render

    text = _text_of(file)
    found, interrupted = _drill(context, text, str(file))
    report = found["report"]
    if junit is not None:
        junit.write_text(junit_xml(report), encoding="utf-8")
    say(as_json(found, indent=2) if json_wanted else safe(render(report)))
    if interrupted:
        raise SystemExit(130)
    if not report["met"]:
        raise SystemExit(1)


def _text_of(file: Path) -> str:
    """The text of a scenario. It is checked before the miniature is called."""
    from bonkei.services.faults.drill.scenario import read_scenario
    from bonkei.services.faults.errors import FaultError

    try:
        text = file.read_text(encoding="utf-8")
    except ValueError:
        raise FaultError(f"{file} is not text in UTF-8") from None
    read_scenario(text, str(file))
    return text


def _drill(context: Context, text: str, file: str) -> tuple[dict[str, Any], bool]:
    """The miniature ends it when this process goes."""
    from bonkei.miniature import control

    given = {"text": text, "file": file}
    with control.borrow(context.home, "drill start", arguments=given, limit=control.AT_ONCE):
        told = 0
        try:
            while True:
                found = context.ask("drill")
                for struck in found["report"]["faults"][told:]:
                    told += 1
                    words = safe(f"{struck['begins']:.0f} s  {struck['words']}")
                    print(struck["problem"] or words, file=sys.stderr)
                if found["over"]:
                    return found, False
                time.sleep(_POLL)
        except KeyboardInterrupt:
            return context.ask("drill end"), True


def _lasts(context: Context, fault_id: str) -> bool:
    return any(one["id"] == fault_id for one in context.ask("faults")["active"])


def _find(context: Context, state: Mapping[str, Any]) -> Any:
    """Look up the fault after its end."""
    every = context.ask("faults")
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
