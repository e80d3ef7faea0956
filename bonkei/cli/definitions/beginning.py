"""`bonkei init` and `bonkei existing`: the settings of a repository that has none."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bonkei.cli.context import Context, allow_programs, pass_context
from bonkei.cli.typed import say

if TYPE_CHECKING:
    from bonkei.config import Config
    from bonkei.config.draft import Draft
    from bonkei.definitions.survey.images import BuiltFolder
    from bonkei.definitions.survey.roots import RootModule

_VALUES = "bonkei.tfvars"


@click.command()
@click.option(
    "--definitions",
    "wanted",
    metavar="FOLDER",
    help="The root module's folder, instead of a question or the likeliest one.",
)
@allow_programs
def init(wanted: str | None) -> None:
    """Write bonkei.toml for the repository in this folder.

    On a terminal it asks what it cannot see. Elsewhere its questions become comments of the file.
    """
    from bonkei.base.errors import BonkeiError
    from bonkei.config.draft import Draft
    from bonkei.config.settings import FILE_NAME
    from bonkei.definitions.survey.images import built_folders, program_folders
    from bonkei.definitions.survey.roots import root_modules, with_earlier
    from bonkei.definitions.survey.tree import read_tree

    file = Path.cwd() / FILE_NAME
    if file.exists():
        raise BonkeiError(
            f"there is a {file} already",
            remedy="`bonkei existing --write` adds what the definitions look up outside",
        )
    if file.with_name(_VALUES).exists():
        raise BonkeiError(
            f"there is a {file.with_name(_VALUES)}, which might be overwritten",
            remedy="move it, or give it another name",
        )
    tree = read_tree(file.parent)
    found = root_modules(tree)
    root, others = _chosen(found, wanted)
    roots = with_earlier(root, found, file.parent)
    names = [str(one.folder) for one in roots]
    others = [name for name in others if name not in names]
    questions = [f"other root modules: {', '.join(others)}"] if others else []
    draft = Draft(
        names if len(names) > 1 else names[0],
        [str(file) for one in roots for file in one.variable_files[:1]],
        outputs={name: read for one in roots for name, read in one.remote_states.items()},
        questions=[*questions, *(said for one in roots for said in _other_files(one))],
    )
    file.write_text(draft.text(), encoding="utf-8")
    types = {name: type_ for one in roots for name, type_ in one.types.items()}
    draft = _planned(file, draft, types, [*built_folders(tree), *program_folders(tree)])
    file.write_text(draft.text(), encoding="utf-8")
    for question in (*draft.questions, *draft.proposals):
        say(f"to do: {question}")
    say(f"{file.name} is written. Next: bonkei up")


@click.command()
@click.option("--write", is_flag=True, help="Add the tables to bonkei.toml.")
@allow_programs
@pass_context
def existing(context: Context, write: bool) -> None:
    """Show what is looked up outside the stack, for bonkei.toml."""
    from bonkei.definitions.provider.proposals import as_blocks
    from bonkei.definitions.terraform.errors import TerraformError
    from bonkei.miniature.gaps import find_gaps

    gaps = find_gaps(context.config, lambda line: say(line, err=True))
    tables = as_blocks(*gaps.existing)
    if write and tables:
        with context.config.file.open("a", encoding="utf-8") as file:
            file.write(f"\n{tables}")
    if tables:
        click.echo(tables, nl=False)
    if gaps.error:
        raise TerraformError(gaps.error)
    if not tables:
        say("The definitions find all that they look up.", err=True)


def _chosen(roots: Sequence[RootModule], wanted: str | None) -> tuple[RootModule, list[str]]:
    """The root module to run, and the names of others that could be meant."""
    from bonkei.base.errors import BonkeiError

    if wanted is not None:
        roots = [one for one in roots if str(one.folder) == str(Path(wanted))]
    if not roots:
        raise BonkeiError(
            f"there is no root module in {wanted or 'this folder, or below it'}",
            remedy="go to the repository that has the Terraform files",
        )
    running = [one for one in roots if one.runs] or list(roots)
    first, *others = running
    if not others or wanted is not None:
        return first, []
    names = [str(one.folder) for one in running]
    if sys.stdin.isatty():
        name = click.prompt("Which root module?", type=click.Choice(names), default=names[0])
        return running[names.index(name)], []
    return first, names[1:]


def _other_files(root: RootModule) -> list[str]:
    others = [str(one) for one in root.variable_files[1:]]
    return [f"other variable files: {', '.join(others)}"] if others else []


def _planned(
    file: Path, draft: Draft, types: Mapping[str, str], folders: Sequence[BuiltFolder]
) -> Draft:
    """The draft, with what a plan of the definitions tells."""
    import os

    from bonkei.config import load
    from bonkei.definitions.terraform.errors import TerraformError
    from bonkei.miniature.gaps import find_gaps

    config = load(file, os.environ)
    gaps = find_gaps(config, say)
    if gaps.variables and (given := _values(types, gaps.variables)):
        _write_values(file.with_name(_VALUES), given)
        draft = replace(draft, variables=[*draft.variables, _VALUES])
        if not sys.stdin.isatty():
            draft = _asking(draft, f"{_VALUES} has guesses for {', '.join(given)}")
        file.write_text(draft.text(), encoding="utf-8")
        config = load(file, os.environ)
        gaps = find_gaps(config, say)
    draft = replace(draft, existing=gaps.existing)
    if gaps.variables:
        return _asking(draft, f"no value: {', '.join(gaps.variables)}. Name a file in `variables`")
    if gaps.error:
        why = f"`bonkei plan` fails: {gaps.error.splitlines()[0].rstrip(':')}"
        return _asking(draft, f"{why}. Containers are missing here until `bonkei init` can plan")
    try:
        images = _images(replace(config, existing=tuple(gaps.existing)))
    except TerraformError as error:
        return _asking(draft, f"the apply fails: {error.message.splitlines()[0]}")
    return _with_containers(draft, images, folders, config.account_id)


def _asking(draft: Draft, question: str) -> Draft:
    return replace(draft, questions=[*draft.questions, question])


def _values(types: Mapping[str, str], names: Sequence[str]) -> Mapping[str, Any]:
    """Values for variables: a person's on a terminal, else guesses; none if one is a structure."""
    from bonkei.config.draft import guess

    if sys.stdin.isatty():
        return {name: click.prompt(f"The variable {name}") for name in names}
    guessed = {name: guess(name, types.get(name, "")) for name in names}
    return {} if None in guessed.values() else guessed


def _write_values(file: Path, given: Mapping[str, Any]) -> None:
    from bonkei.base.toml_text import value

    lines = (f"{name} = {value(one)}\n" for name, one in given.items())
    file.write_text("".join(lines), encoding="utf-8")


def _images(config: Config) -> Mapping[str, str]:
    """Each container's key in the settings, and its image. A name that has several images stands
    with its family."""
    from bonkei.miniature.applied import evaluate
    from bonkei.services.ecs.images.local import is_stock_router

    found = [
        (definition.family, one)
        for definition in evaluate(config).task_definitions
        for one in definition.containers
        if not is_stock_router(one.image)
    ]
    images: dict[str, set[str]] = {}
    for _, one in found:
        images.setdefault(one.name, set()).add(one.image)
    return {
        one.name if len(images[one.name]) == 1 else f"{family}/{one.name}": one.image
        for family, one in found
    }


def _with_containers(
    draft: Draft, images: Mapping[str, str], folders: Sequence[BuiltFolder], account: str
) -> Draft:
    from bonkei.definitions.survey.images import folder_of, is_own

    found: dict[str, Mapping[str, str]] = {}
    proposals = []
    built = [one for one in folders if not one.command]
    for name, image in sorted(images.items()):
        family, _, container = name.rpartition("/")
        folder = folder_of(family or container, image, built)
        if folder is not None:
            found[name] = {"directory": str(folder.folder)}
        elif not is_own(image):
            found[name] = {"image": image}
        elif sys.stdin.isatty() and (
            said := click.prompt(f"The folder of {name}'s Dockerfile (empty: none)", default="")
        ):
            found[name] = {"directory": said}
        else:
            program = folder_of(family or container, image, [o for o in folders if o.command])
            proposals.append(_without_folder(name, image, account, built, program))
    return replace(draft, containers=found, proposals=proposals)


def _without_folder(
    name: str,
    image: str,
    account: str,
    built: Sequence[BuiltFolder],
    program: BuiltFolder | None,
) -> str:
    """What a person has to say about a container, with a table to take over."""
    from bonkei.base.toml_text import key, table
    from bonkei.blueprint.ecs import repository_of

    place, settings = name, {"directory": "…"}
    if program is not None:
        told = f"may run from {program.folder}"
        settings = {"directory": str(program.folder), "command": program.command}
        settings |= {"prepare": program.prepare} if program.prepare else {}
    elif ".dkr.ecr." in image and not image.startswith(f"{account}."):
        told = "is in the registry of another account"
        place, settings = repository_of(image), {"image": "…"}
    else:
        there = ", ".join(str(one.folder) for one in built) or "none"
        told = f"has no folder. Dockerfiles are in: {there}"
    return f"container {name} ({image}) {told}\n{table(f'[containers.{key(place)}]', settings)}"
