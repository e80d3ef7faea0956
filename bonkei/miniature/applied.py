"""From the definitions to a blueprint. Terraform runs only if something has changed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bonkei import blueprint
from bonkei.base.vault import FileVault
from bonkei.blueprint.state import Resource, State
from bonkei.config import Config
from bonkei.definitions.refresh.observe import OF_THE_STORE, Observed, Outside, in_words, observe
from bonkei.definitions.refresh.values import Ask
from bonkei.definitions.terraform.fetched import Fetcher
from bonkei.definitions.terraform.inputs import terragrunt
from bonkei.definitions.terraform.inputs.earlier import Earlier
from bonkei.definitions.terraform.inputs.elsewhere import Elsewhere
from bonkei.definitions.terraform.inputs.programs import Consent
from bonkei.definitions.terraform.roots import Roots
from bonkei.definitions.terraform.state.account import Account
from bonkei.definitions.terraform.workspace import Workspace
from bonkei.miniature import applied_elsewhere
from bonkei.miniature.home import Home
from bonkei.miniature.steps import Report

if TYPE_CHECKING:
    from bonkei.blueprint import Blueprint
    from bonkei.blueprint.ecs import TaskDefinition


class Definitions:
    """The definitions and their applied state. Methods block while Terraform runs."""

    def __init__(self, workspace: Workspace | Roots, home: Path | None = None) -> None:
        """`home`: the home with the states that builds have applied."""
        self._workspace = workspace
        self._home = home

    def up_to_date(self) -> bool:
        """Whether the last apply had exactly these definitions."""
        return self._workspace.is_current()

    def apply(self, report: Report) -> str:
        """Apply the definitions. Returns one line about the changes. Raises TerraformError."""
        try:
            return self._workspace.apply(progress=report).render()
        finally:
            from bonkei.definitions.provider import catalogue  # noqa: PLC0415 -- a command needs none of it

            catalogue.forget()  # nothing that runs needs it

    def interrupt(self) -> None:
        """Let an apply end that runs in another thread. It fails, and so does a later one."""
        self._workspace.interrupt()

    def read(
        self, more: Iterable[Resource] = (), revisions: Sequence[TaskDefinition] = ()
    ) -> Blueprint:
        """The blueprint from the last apply, the builds' applies, further resources, and further
        `revisions` that services run."""
        elsewhere = self._elsewhere()
        mine = self._workspace.state()
        if not elsewhere:
            return blueprint.read(mine, more, revisions)
        every = [*_without(State.parse(mine), elsewhere), *elsewhere, *more]
        return blueprint.read({}, every, revisions)

    def resources(self) -> Sequence[Resource]:
        """The resources of the last apply, and of the builds' applies."""
        elsewhere = self._elsewhere()
        return [*_without(State.parse(self._workspace.state()), elsewhere), *elsewhere]

    def observe(self, ask: Ask) -> Observed:
        """What others have changed since the last apply. Raises AwsServiceError."""
        return observe(self._workspace.written(), ask)

    def outside(self, ask: Ask) -> Sequence[Outside]:
        """The same in words, as far as the store need not be woken for it."""
        state = self._workspace.written()
        return tuple(in_words(state, observe(state, ask, without=OF_THE_STORE)))

    def _elsewhere(self) -> list[Resource]:
        found = applied_elsewhere.states(self._home) if self._home is not None else ()
        return [resource for state in found for resource in State.parse(state).resources]


def _without(state: State, others: Sequence[Resource]) -> list[Resource]:
    """If two states have the same thing, the state elsewhere wins."""
    theirs = {arn for each in others if each.mode == "managed" and (arn := each.values.get("arn"))}
    return [each for each in state.resources if each.values.get("arn") not in theirs]


def workspace(
    config: Config, home: Path, variable_files: Sequence[Path] | None = None
) -> Workspace | Roots:
    """The definitions of a configuration, evaluated below `home`, with these variable files or
    those of the settings. Of several root modules each gets the files that are not below another
    one."""
    files = config.variable_files if variable_files is None else tuple(variable_files)
    above, roots = config.definitions, config.roots
    if not roots and terragrunt.is_tree(above):
        above = Home(config.home).make().terragrunt.resolve()
        project, modules = config.root.resolve(), above / ".modules"
        fetch = Fetcher(modules, config.terraform, config.modules).fetch
        roots = tuple(
            terragrunt.write_roots(config.definitions.resolve(), project, above, os.environ, fetch)
        )

    def make(folder: Path, home: Path, place: str, earlier: Sequence[Earlier] = ()) -> Workspace:
        others = [each for each in roots if not folder.is_relative_to(each)]
        return Workspace(
            definitions=folder,
            home=home,
            variable_files=[file for file in files if not _is_below(file, others)],
            terraform=config.terraform,
            elsewhere=Elsewhere(
                config.existing, config.remote_states, earlier, config.modules, bool(roots)
            ),
            account=Account(config.account_id, config.workspace, config.aws_rules),
            consent=Consent(
                Home(config.home).programs, config.programs_allowed, config.programs_see
            ),
            place=place,
        )

    if roots:
        return Roots(above, roots, home, make)
    return make(config.definitions, home, "terraform")


def _is_below(file: Path, folders: Iterable[Path]) -> bool:
    return any(file.is_relative_to(folder) for folder in folders)


def evaluate(config: Config, variable_files: Sequence[Path] = ()) -> Blueprint:
    """The blueprint of the present definitions. They are applied separately from the miniature, and
    running parts are not touched.

    `variable_files`: instead of those of the settings. The state is kept below the home, so that
    unchanged definitions are not evaluated again. Raises TerraformError and BlueprintError.
    """
    files, home = _place(config, variable_files)
    home.mkdir(parents=True, exist_ok=True)
    beside = workspace(config, home, files)
    if not beside.is_current():
        beside.apply()
    return blueprint.read(beside.state())


def vault(config: Config, variable_files: Sequence[Path] = ()) -> FileVault:
    """The values of that evaluation's secrets."""
    return FileVault(_place(config, variable_files)[1] / "secrets")


def base_of_files(config: Config, variable_files: Sequence[Path] = ()) -> Path:
    """Where that evaluation's relative names of files begin."""
    files, home = _place(config, variable_files)
    return workspace(config, home, files).directory


def _place(config: Config, variable_files: Sequence[Path]) -> tuple[tuple[Path, ...], Path]:
    files = tuple(file.resolve() for file in variable_files) or config.variable_files
    digest = hashlib.sha256("\n".join(map(str, files)).encode()).hexdigest()[:12]
    return files, Home(config.home).make().evaluated / digest
