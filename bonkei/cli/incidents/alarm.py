"""`bonkei alarm`: the alarms' states, graphs and history, and their rehearsal."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import click

from bonkei.cli.context import Context, pass_context
from bonkei.cli.new_file import NewFile
from bonkei.cli.terminal import as_json, safe
from bonkei.cli.typed import say

_as_json = click.option("--json", "json_wanted", is_flag=True, help="As JSON.")
_POLL = 0.3
_NOT_SHOWN = 3  # an exit code


@click.group()
def alarm() -> None:
    """Show the alarms, and rehearse them."""


@alarm.command("list")
@_as_json
@pass_context
def list_alarms(context: Context, json_wanted: bool) -> None:
    """Show every alarm: its state, since when, and why."""
    from bonkei.cli.incidents.alarm_text import render_list

    found = context.ask("alarms")
    say(as_json(found["alarms"], indent=2) if json_wanted else safe(render_list(found)))


@alarm.command()
@click.argument("name")
@_as_json
@pass_context
def show(context: Context, name: str, json_wanted: bool) -> None:
    """Show an alarm: its metric, its graph, its state and its actions.

    NAME is its name, or the end of it after `-`.
    """
    from bonkei.cli.incidents.alarm_text import render_alarm

    found = context.ask("alarm", name=name)
    say(as_json(found, indent=2) if json_wanted else safe(render_alarm(found)))


@alarm.command()
@click.argument("name")
@_as_json
@pass_context
def history(context: Context, name: str, json_wanted: bool) -> None:
    """Show the history of an alarm.

    It has the changes of the state and of the settings, and the actions. NAME is the alarm's name,
    or the end of it after `-`.
    """
    from bonkei.cli.incidents.alarm_text import render_history

    found = context.ask("alarm history", name=name)
    say(as_json(found["items"], indent=2) if json_wanted else safe(render_history(found)))


@alarm.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--all", "every", is_flag=True, help="Every alarm.")
@click.option(
    "--junit",
    type=NewFile(),
    help="Also write the results to this file, as JUnit XML.",
)
@_as_json
@pass_context
def rehearse(
    context: Context, names: tuple[str, ...], every: bool, junit: Path | None, json_wanted: bool
) -> None:
    """Raise alarms, and wait for ALARM and for OK.

    Exit code 1 unless each went both ways, and 3 if one of them does not show that all of its way
    works. Nothing of it stays, also after Ctrl-C.
    """
    from bonkei.cli.incidents.alarm_text import junit_xml, render_results

    if bool(names) is every:
        raise click.UsageError("name alarms, or give --all")
    results = _rehearse(context, list(names))
    if junit is not None:
        junit.write_text(junit_xml(results), encoding="utf-8")
    say(as_json(results, indent=2) if json_wanted else safe(render_results(results)))
    if not all(result["both_ways"] for result in results):
        raise SystemExit(1)
    if any(result["not_shown"] for result in results):
        raise SystemExit(_NOT_SHOWN)


def _rehearse(context: Context, names: list[str]) -> list[dict[str, Any]]:
    """The miniature ends it when this process goes."""
    from bonkei.miniature import control

    told: set[str] = set()
    with control.borrow(
        context.home, "rehearse", arguments={"names": names}, limit=control.AT_ONCE
    ):
        while True:
            found = context.ask("rehearsal")
            for result in found["results"]:
                for state, moment in (("ALARM", "alarm_at"), ("OK", "ok_at")):
                    text = f"{result['name']} {state}"
                    if result[moment] and text not in told:
                        told.add(text)
                        clock = time.strftime("%H:%M:%S", time.localtime(result[moment]))
                        print(f"{clock}  {state:5}  {safe(result['name'])}", file=sys.stderr)
            if found["over"]:
                results: list[dict[str, Any]] = found["results"]
                return results
            time.sleep(_POLL)
