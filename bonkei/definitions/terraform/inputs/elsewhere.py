"""Inputs of the definitions from outside: other stacks' outputs, and existing resources.

The settings describe both. The provider gets the resources, and its data sources find them.
Terraform gets the outputs as a state file. It replaces the remote state of a
`terraform_remote_state`: an override file names it.
https://developer.hashicorp.com/terraform/language/files/override
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bonkei.base.folders import below, text_of
from bonkei.definitions.provider.values import typed
from bonkei.definitions.terraform.errors import TerraformError
from bonkei.definitions.terraform.inputs.earlier import Earlier, remote_states
from bonkei.definitions.terraform.inputs.fingerprint import digest_of_inputs

_OTHERS = re.compile("(?!aws)[a-z][a-z0-9]*_")
"""How the types of another provider begin."""
OVERRIDE = "zz_bonkei_elsewhere_override.tf.json"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The settings' description of everything outside this stack."""

    existing: Sequence[Mapping[str, Any]] = ()
    """Resources: each a `type` and any of its arguments and attributes."""
    remote_states: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The name of a `terraform_remote_state` -> the outputs that it has."""

    earlier: Sequence[Earlier] = ()
    """The root modules that are applied before."""
    modules: Mapping[str, Path] = field(default_factory=dict)
    """Folders in place of modules of the public registry, by their addresses."""
    is_of_several: bool = False
    """Whether it is described for several root modules, of which not each needs all of it."""

    def digest(self) -> str:
        """Return one text of all of it, for comparison."""
        states = [text_of(each.state_file) for each in self.earlier]
        described = [list(self.existing), self.remote_states, states, self.of_modules()]
        return json.dumps(described, sort_keys=True, default=str)

    def of_modules(self) -> str:
        """Return one text of the modules' folders and their content; empty without any."""
        contents = {str(one): digest_of_inputs(one, (), {}) for one in self.modules.values()}
        return json.dumps([*self.modules, contents]) if contents else ""


def check_existing(existing: Sequence[Mapping[str, Any]]) -> None:
    """Raise TerraformError for a type, an attribute or a value that the provider does not have. The
    stand-in for another provider takes what it is given."""
    existing = [one for one in existing if not _OTHERS.match(str(one.get("type")))]
    if not existing:
        return
    from bonkei.definitions.provider import catalogue, schema  # noqa: PLC0415 -- large, and seldom needed
    from bonkei.definitions.provider.plugin import codec  # noqa: PLC0415

    known = schema.load(catalogue.SCHEMA)
    for described in existing:
        type_name = str(described.get("type"))
        types = known.resources if type_name in known.resources else known.data_sources
        if type_name not in types:
            raise _wrong(f'type = "{type_name}" is not a type of the AWS provider')
        block = types[type_name]
        said = {name: value for name, value in described.items() if name != "type"}
        for name in said:
            if name not in block.attributes and name not in block.blocks:
                raise _wrong(f"{type_name} has no {name!r}")
        try:
            codec.encode({**schema.empty(block), **said}, schema.type_of(block))
        except (TypeError, AttributeError) as error:
            raise _wrong(f"{type_name}: {error}") from None


def _wrong(what: str) -> TerraformError:
    return TerraformError(
        f"bonkei.toml: [[existing]]: {what}",
        remedy="write the arguments and attributes as in the provider's documentation",
    )


def place_remote_states(elsewhere: Elsewhere, root: Path, mirror: Path, directory: Path) -> None:
    """Let each remote state in the mirror of `root` read the state of an earlier root module, or
    the file that is written into the directory for the settings.

    TerraformError if a name is not a remote state in the definitions.
    """
    states = elsewhere.remote_states
    for file in below(mirror, OVERRIDE):
        file.unlink()
    left = set(states)
    for folder, found in remote_states(mirror).items():
        left -= found.keys()
        blocks = {
            name: _local(directory / f"{name}.tfstate") for name in found if name in states
        } | {
            name: _local(earlier.state_file)
            for name, one in found.items()
            if name not in states and (earlier := one.among(elsewhere.earlier, root))
        }
        if blocks:
            override = {"data": {"terraform_remote_state": blocks}}
            (folder / OVERRIDE).write_text(json.dumps(override), encoding="utf-8")
    if left and not elsewhere.is_of_several:
        raise TerraformError(
            f"bonkei.toml: [remote_states.{min(left)}]: the definitions have no"
            f' data "terraform_remote_state" "{min(left)}"',
            remedy="correct the name, or remove the table",
        )
    for name, outputs in states.items():
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        (directory / f"{name}.tfstate").write_text(_state_file(name, outputs), encoding="utf-8")


def _local(file: Path) -> Mapping[str, Any]:
    return {"backend": "local", "config": {"path": str(file)}, "workspace": None}


def _state_file(name: str, outputs: Mapping[str, Any]) -> str:
    """A state with only outputs, in version 4 of Terraform's format."""
    described = {key: {"value": value, "type": typed(value).type} for key, value in outputs.items()}
    return json.dumps(
        {
            "version": 4,
            "terraform_version": "1.0.0",
            "serial": 1,
            "lineage": name,
            "outputs": described,
            "resources": [],
        },
        default=str,
    )
