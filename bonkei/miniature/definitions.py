"""From the definitions to a blueprint: Terraform runs only when something changed."""

from __future__ import annotations

from bonkei import blueprint
from bonkei.blueprint import Blueprint
from bonkei.config import Config
from bonkei.miniature.home import Home
from bonkei.miniature.steps import Report
from bonkei.terraform import Account, Elsewhere, Selection, Workspace

EVERYTHING = Selection()


def workspace(config: Config, home: Home) -> Workspace:
    """The definitions of a configuration, evaluated below a home."""
    return Workspace(
        definitions=config.definitions,
        home=home.path,
        variable_files=config.variable_files,
        terraform=config.terraform,
        elsewhere=Elsewhere(config.existing, config.remote_states),
        account=Account(config.account_id, config.workspace),
    )


def apply(space: Workspace, report: Report, selection: Selection = EVERYTHING) -> str:
    """Apply the definitions. Returns one line about the changes. Raises TerraformError."""
    return space.apply(progress=report, selection=selection).render()


def read(space: Workspace) -> Blueprint:
    """The blueprint of the last apply."""
    return blueprint.read(space.state())


def up_to_date(space: Workspace) -> bool:
    """Whether the last apply was of exactly these definitions."""
    return space.is_current()
