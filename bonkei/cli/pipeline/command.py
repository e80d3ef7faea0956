"""`bonkei pipeline`: the commands and their options."""

from __future__ import annotations

import sys
from typing import Any

import click

from bonkei.cli.context import Context, pass_context
from bonkei.cli.terminal import as_json, safe
from bonkei.cli.typed import say

_as_json = click.option("--json", "json_wanted", is_flag=True, help="As JSON.")


@click.group()
def pipeline() -> None:
    """List the pipelines, run them, and see their runs.

    NAME is a pipeline's name, or the end of it after `-`.
    """


@pipeline.command("list")
@_as_json
@pass_context
def list_pipelines(context: Context, json_wanted: bool) -> None:
    """Show every pipeline and its last run."""
    from bonkei.cli.pipeline import text
    from bonkei.cli.pipeline.client import Endpoint

    found = text.overview(Endpoint(context))
    say(as_json(found, indent=2) if json_wanted else safe(text.render_overview(found)))


@pipeline.command()
@click.argument("name")
@_as_json
@pass_context
def show(context: Context, name: str, json_wanted: bool) -> None:
    """Show a pipeline's stages, their runs, and failures."""
    from bonkei.cli.pipeline import text
    from bonkei.cli.pipeline.client import Endpoint

    endpoint = Endpoint(context)
    state = endpoint.pipeline("GetPipelineState", name=text.full_name(endpoint, name))
    say(as_json(state, indent=2) if json_wanted else safe(text.render_state(state)))


@pipeline.command()
@click.argument("name", required=False)
@_as_json
@pass_context
def history(context: Context, name: str | None, json_wanted: bool) -> None:
    """Show the runs of a pipeline, or of all, the last one first."""
    from bonkei.cli.pipeline import text
    from bonkei.cli.pipeline.client import Endpoint

    found = text.runs(Endpoint(context), name)
    say(as_json(found, indent=2) if json_wanted else safe(text.render_runs(found)))


@pipeline.command()
@click.argument("run")
@click.argument("action", required=False)
@pass_context
def logs(context: Context, run: str, action: str | None) -> None:
    """Print the output of a run's builds, or of one action's only.

    RUN is the id of a run or its beginning, or a pipeline's name for its last run.
    """
    from bonkei.cli.pipeline import text
    from bonkei.cli.pipeline.client import Endpoint

    for line in text.log_lines(context, Endpoint(context), run, action):
        click.echo(safe(line))


@pipeline.command()
@click.argument("name")
@click.option("--commit", default="HEAD", show_default=True, help="Release this commit.")
@click.option("--from", "stage", default="", metavar="STAGE", help="Repeat the last run's stage.")
@click.option("--approve", is_flag=True, help="Approve every approval of the run.")
@click.option("--reject", is_flag=True, help="Reject every approval of the run.")
@click.option("--detach", "-d", is_flag=True, help="Start it, and do not watch it.")
@_as_json
@pass_context
def run(
    context: Context, name: str, commit: str, stage: str, approve: bool, reject: bool,
    detach: bool, json_wanted: bool,
) -> None:  # fmt: skip
    """Release a commit of the working copy, and watch the run.

    Exit code 1 when the run fails, is stopped or superseded; 3 when it waits for an approval and
    there is no terminal. Ctrl-C stops watching; the run continues.
    """
    from bonkei.cli.pipeline.client import Endpoint
    from bonkei.cli.pipeline.running import begin, watch

    if approve and reject:
        raise click.UsageError("--approve or --reject, not both")
    if stage and commit != "HEAD":
        raise click.UsageError("--from repeats a run with its own commit: leave out --commit")
    endpoint = Endpoint(context)
    started = begin(context, endpoint, name, commit, stage, lambda t: say(t, err=json_wanted))
    if detach:
        _finish({"pipeline": started.pipeline, "execution": started.id}, json_wanted)
        return
    decided = "Approved" if approve else "Rejected" if reject else ""
    code, found = watch(endpoint, started, decided, lambda t: say(t, err=json_wanted))
    _finish(found, json_wanted)
    if code:
        sys.exit(code)


def _finish(found: dict[str, Any], json_wanted: bool) -> None:
    if json_wanted:
        click.echo(as_json(found, indent=2))
