"""`bonkei diff`: what a branch changes in the running system."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bonkei.cli.context import Context, allow_programs, pass_context
from bonkei.cli.outcome import progress
from bonkei.cli.terminal import safe

if TYPE_CHECKING:
    from bonkei.analysis.changes import Comparison
    from bonkei.config import Config

_AT_RISK = 3
"""The exit code of --exit-code: 1 and 2 are errors."""


@click.command()
@click.argument("ref")
@click.option("--json", "as_json", is_flag=True, help="The findings, costs and changes as JSON.")
@click.option("--exit-code", is_flag=True, help="End with exit code 3 if a risk is found.")
@allow_programs
@pass_context
def diff(context: Context, ref: str, as_json: bool, exit_code: bool) -> None:
    """Show what a branch changes in the running system.

    These definitions are compared with those of REF, a branch or a commit. Risks come first: what
    is destroyed, becomes reachable, may do more, or is watched less; then what it costs a month.
    """
    from bonkei.analysis.changes.report import as_dict, render_markdown

    compared = _compared(context.config, ref)
    if as_json:
        click.echo(json.dumps(as_dict(compared, ref), indent=2))
    else:
        click.echo(safe(render_markdown(compared, ref)))
    sys.exit(_AT_RISK if exit_code and compared.findings else 0)


def _compared(config: Config, ref: str) -> Comparison:
    """Apply the other commit's definitions in a place of their own, and these on top of them."""
    import tempfile

    from bonkei.analysis.changes import Side, compare
    from bonkei.miniature.applied import workspace
    from bonkei.miniature.home import Home

    say = progress(True)
    Home(config.home).make()  # it has the programs that the user has agreed to
    with tempfile.TemporaryDirectory(prefix="bonkei-diff-") as folder:
        other = _settings(config, ref, Path(folder, "tree"))
        home = Home(Path(folder, "home")).make().path
        document = {}
        if other is None:
            say(f"{ref} has no such definitions: all is new")
        else:
            say(f"evaluating {ref}")
            earlier = workspace(other, home)
            earlier.apply()
            document = earlier.state()
        say("evaluating the definitions as they are now")
        mine = workspace(config, home)
        plan = mine.plan()
        if plan.is_empty:
            return compare(Side(document), Side(document), plan)
        mine.apply()
        return _placed(compare(Side(document), Side(mine.state()), plan), config, other)


def _placed(compared: Comparison, *settings: Config | None) -> Comparison:
    """With the place of each finding: in the definitions as they are now, or else as they were."""
    from dataclasses import replace

    from bonkei.analysis.check.report import relative
    from bonkei.definitions.sources import Sources

    sources = [(Sources(each.definitions), each.root) for each in settings if each is not None]

    def place(address: str) -> str:
        found = ((one.place(address), root) for one, root in sources)
        return next((f"{relative(at.file, root)}:{at.line}" for at, root in found if at), "")

    findings = (replace(each, place=place(each.address)) for each in compared.findings)
    return replace(compared, findings=tuple(findings))


def _settings(config: Config, ref: str, tree: Path) -> Config | None:
    """The settings of the other commit, in `tree`; these ones if it has none. None if it has no
    definitions, either."""
    import os
    from dataclasses import fields, replace

    from bonkei.config import load
    from bonkei.services.codecommit.working_copy import check_out

    top = check_out(config.root, ref, tree)
    file = tree / config.file.relative_to(top)
    if file.is_file():
        other = load(file, os.environ)
    else:
        values = {each.name: getattr(config, each.name) for each in fields(config)}
        other = replace(config, **{k: _moved(each, top, tree) for k, each in values.items()})
        if not other.definitions.is_dir():
            return None
        for here, there in zip(config.variable_files, other.variable_files, strict=True):
            if not there.exists():  # perhaps the branch has written it for Bonkei
                there.parent.mkdir(parents=True, exist_ok=True)
                there.write_bytes(here.read_bytes())
    # What runs is not judged: the branch may be what mends it.
    return replace(
        other,
        home=config.home,
        workspace=config.workspace,
        account_id=config.account_id,
        aws_rules="warning",
    )


def _moved(value: Any, top: Path, tree: Path) -> Any:
    """A setting's value, whose paths below `top` are below `tree` instead."""
    if isinstance(value, tuple):
        return tuple(_moved(each, top, tree) for each in value)
    if isinstance(value, Path) and value.is_relative_to(top):
        return tree / value.relative_to(top)
    return value
