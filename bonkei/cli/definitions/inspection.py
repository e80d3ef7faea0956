"""`bonkei check` and `bonkei diagram`: inspect the definitions without running them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from bonkei.cli.context import Context, allow_programs, pass_context
from bonkei.cli.new_file import NewFile

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_variables = click.option(
    "--var-file",
    "variable_files",
    type=_FILE,
    multiple=True,
    help="Variables to evaluate with, instead of those of the settings; may be repeated.",
)


def _directories(
    ctx: click.Context, option: click.Parameter, values: tuple[str, ...]
) -> dict[str, Path]:
    """NAME=DIRECTORY, several times."""
    found: dict[str, Path] = {}
    for value in values:
        name, _, path = value.partition("=")
        if not name or not Path(path).is_dir():
            raise click.BadParameter(f"{value!r} is not NAME=DIRECTORY", ctx, option)
        found[name] = Path(path)
    return found


@click.command()
@_variables
@click.option(
    "--program",
    "programs",
    metavar="NAME=DIRECTORY",
    multiple=True,
    callback=_directories,
    help="The directory of a further container's Dockerfile or configuration; may be repeated.",
)
@click.option("--json", "form", flag_value="json", help="The findings as JSON.")
@click.option("--sarif", "form", flag_value="sarif", help="The findings as SARIF 2.1.0.")
@click.option("--github", "form", flag_value="github", help="As annotations of GitHub Actions.")
@click.option("--junit", type=NewFile(), metavar="FILE", help="Also write JUnit XML to this file.")
@allow_programs
@pass_context
def check(
    context: Context,
    variable_files: tuple[Path, ...],
    programs: dict[str, Path],
    form: str | None,
    junit: Path | None,
) -> None:
    """Find mistakes that would break, leak or go unnoticed on AWS. Exit code 1 for errors."""
    from bonkei.analysis.check import RULES, exit_code, run, with_levels
    from bonkei.analysis.check.ci import render_github, render_junit
    from bonkei.analysis.check.program import read_programs
    from bonkei.analysis.check.report import render_json, render_text
    from bonkei.analysis.check.sarif import render_sarif
    from bonkei.analysis.check.subject import secret_keys
    from bonkei.miniature.applied import base_of_files, evaluate, vault

    config = context.config
    rules = with_levels(RULES, config.check_levels, f"{config.file}: [check]")
    directories = {**config.directories, **config.check_programs, **programs}
    blueprint = evaluate(config, variable_files)
    findings = run(
        blueprint,
        config.definitions,
        read_programs(directories, blueprint),
        rules,
        secret_keys(blueprint, vault(config, variable_files)),
        base_of_files(config, variable_files),
    )
    if junit is not None:
        junit.write_text(render_junit(findings, rules, config.root), encoding="utf-8")
    if form == "json":
        click.echo(render_json(findings, config.root))
    elif form == "sarif":
        click.echo(render_sarif(findings, rules, config.root))
    elif form == "github":
        checkout = Path(os.environ.get("GITHUB_WORKSPACE") or config.root)
        click.echo(render_github(findings, checkout), nl=bool(findings))
    else:
        click.echo(render_text(findings, rules, config.root))
    sys.exit(exit_code(findings))


@click.command()
@_variables
@click.option(
    "--template",
    "templates",
    type=_FILE,
    multiple=True,
    help="Also draw the pipelines of this CloudFormation template; may be repeated.",
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("diagrams"),
    show_default=True,
    help="Where the SVG and Mermaid files are written.",
)
@click.option(
    "--page",
    "pages",
    type=_FILE,
    multiple=True,
    help="Update the diagrams of this Markdown page; may be repeated.",
)
@allow_programs
@pass_context
def diagram(
    context: Context,
    variable_files: tuple[Path, ...],
    templates: tuple[Path, ...],
    output: Path,
    pages: tuple[Path, ...],
) -> None:
    """Draw the architecture. One picture each: the system, logging, monitoring, each pipeline."""
    from bonkei.analysis.diagram import draw, render_mermaid, render_svg, update_page
    from bonkei.miniature.applied import evaluate

    diagrams = draw(evaluate(context.config, variable_files), templates)
    output.mkdir(parents=True, exist_ok=True)
    for drawn in diagrams:
        for suffix, text in ((".svg", render_svg(drawn)), (".mmd", render_mermaid(drawn))):
            (output / f"{drawn.name}{suffix}").write_text(text, encoding="utf-8")
        click.echo(f"{output / drawn.name}.svg  {drawn.title}")
    for page in pages:
        text = page.read_text(encoding="utf-8")
        page.write_text(update_page(page, text, diagrams, output), encoding="utf-8")
        click.echo(str(page))
