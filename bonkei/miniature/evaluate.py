"""The definitions as they are now, applied beside the miniature: nothing that runs is touched."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from bonkei import blueprint
from bonkei.blueprint import Blueprint
from bonkei.config import Config
from bonkei.miniature.home import Home
from bonkei.terraform import Account, Elsewhere, Workspace
from bonkei.vault import FileVault


def evaluate(config: Config, variable_files: Sequence[Path] = ()) -> Blueprint:
    """The blueprint with these variable files, or else those of the settings.

    The state is kept below the home, so that definitions that have not changed are not evaluated
    again. Raises TerraformError and BlueprintError.
    """
    files, home = _place(config, variable_files)
    home.mkdir(parents=True, exist_ok=True)
    elsewhere = Elsewhere(config.existing, config.remote_states)
    account = Account(config.account_id, config.workspace)
    workspace = Workspace(config.definitions, home, files, config.terraform, elsewhere, account)
    if not workspace.is_current():
        workspace.apply()
    return blueprint.read(workspace.state())


def vault(config: Config, variable_files: Sequence[Path] = ()) -> FileVault:
    """The values of the secrets of that evaluation."""
    return FileVault(_place(config, variable_files)[1] / "secrets")


def _place(config: Config, variable_files: Sequence[Path]) -> tuple[tuple[Path, ...], Path]:
    files = tuple(file.resolve() for file in variable_files) or config.variable_files
    digest = hashlib.sha256("\n".join(map(str, files)).encode()).hexdigest()[:12]
    return files, Home(config.home).make().evaluated / digest
