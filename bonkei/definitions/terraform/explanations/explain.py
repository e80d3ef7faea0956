"""Adds remedies for this miniature to Terraform's errors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from bonkei.definitions.provider.addresses import VERSIONS
from bonkei.definitions.terraform.errors import Diagnostic
from bonkei.definitions.terraform.explanations import upgrades
from bonkei.definitions.terraform.explanations.mentions import first_mention

_NO_PROVIDER = ("Missing required provider", "Failed to query available provider packages")
_PROVIDER = re.compile(r"provider\s+(?:registry\.terraform\.io/)?((?:[\w.-]+/)+[\w-]+)")
_NO_CONFIGURATION = re.compile(r'missing provider (?:\S+\.)?provider\["[^"]*/(\w+)"\](?:\.(\w+))?')
_NO_VALUE = "No value for required variable"
_NO_MODULE = "Unreadable module directory"
_MODULE = re.compile(r'for module "([^"]+)"')
_NO_REGISTRY = ("Error accessing remote module registry", "Failed to download module")
_REMOTE_STATE = 'data "terraform_remote_state"'
_NO_CREDENTIALS = "No valid credential sources found"  # reported without a place
_APART = (
    "Put the resources that need another provider into a root module of their own, and pass their"
    " values in as variables."
)
_INSTEAD = {
    "hashicorp/cloudinit": "Write the parts with templatefile(), and join them with base64gzip().",
}
"""Remedies for certain providers."""
_WRONG_VALUE = ("Invalid value for input variable", "Value for undeclared variable")


def explain(diagnostics: Iterable[Diagnostic], definitions: Path) -> list[Diagnostic]:
    """Return the diagnostics with additions, each once and without those that only follow from
    another.

    Terraform repeats an error for each use of the module that it is in.
    """
    explained = (_explained(diagnostic, definitions) for diagnostic in diagnostics)
    return _without_consequences(list(dict.fromkeys(explained)))


def _explained(diagnostic: Diagnostic, definitions: Path) -> Diagnostic:
    detail = diagnostic.detail
    if match := _NO_CONFIGURATION.match(diagnostic.summary):
        return _not_configured(match[1], match[2], definitions)
    if diagnostic.summary in _NO_PROVIDER and (match := _PROVIDER.search(detail)):
        return _not_served(match[1], definitions)
    if diagnostic.summary == _NO_VALUE:
        stated = detail.partition(" Use a -var")[0]
        added = (
            'Set it in a file that "variables" in bonkei.toml names, with --var NAME=VALUE, or as'
            " TF_VAR_… in the environment."
        )
        return replace(diagnostic, detail=f"{stated} {added}")
    if diagnostic.summary == _NO_MODULE and (match := _MODULE.search(detail)):
        stated = f'The directory of module "{match[1]}" cannot be read. Correct its "source".'
        return replace(diagnostic, detail=stated)
    if diagnostic.summary in _NO_REGISTRY:
        added = (
            "Where this machine has no way there, a copy of the module does: [modules] in"
            ' bonkei.toml, with its address, such as "team/vpc/aws" = "FOLDER". For a source in'
            " git, git's own setting url.MIRROR.insteadOf names a mirror."
        )
        return replace(diagnostic, detail=f"{detail}\n\n{added}")
    if _REMOTE_STATE in diagnostic.context or diagnostic.summary == _NO_CREDENTIALS:
        return _of_another_stack(diagnostic, definitions)
    if diagnostic.summary == "Unsupported Terraform Core version":
        added = "Bonkei includes this version. Set BONKEI_TERRAFORM to the executable of another."
        return replace(diagnostic, detail=f"{detail}\n\n{added}")
    diagnostic = upgrades.explained(diagnostic, definitions)
    detail = diagnostic.detail
    return replace(diagnostic, detail=detail.partition("\n\nTo silence these warnings")[0])


def _not_served(source: str, definitions: Path) -> Diagnostic:
    """Terraform reports this without a place; add the first resource of the provider."""
    name = re.escape(source.rpartition("/")[2])
    own = rf'^\s*(?:resource|data|ephemeral|provider)\s+"{name}(?:_\w+)?"'
    place = first_mention(re.compile(rf'{own}|"{re.escape(source)}"'), definitions)
    *others, last = sorted(address.partition("/")[2] for address in VERSIONS)
    return Diagnostic(
        "error",
        "A provider that is not served",
        f"The definitions use the provider {source}. The miniature downloads none; it serves"
        f" {', '.join(others)} and {last}. {_INSTEAD.get(source, _APART)}",
        place.file,
        place.line,
        code=place.code,
    )


def _not_configured(provider: str, alias: str | None, definitions: Path) -> Diagnostic:
    """Terraform reports this in one line, without a place; add the first use."""
    name = f"{provider}.{alias}" if alias else provider
    block = f'provider "{provider}"' + (f' with alias = "{alias}"' if alias else "")
    place = first_mention(re.compile(rf"=.*(?<![\w.]){re.escape(name)}(?![\w.])"), definitions)
    return Diagnostic(
        "error",
        "Missing provider configuration",
        f"There is no {name} here. Add a block {block}, or name an existing one.",
        place.file,
        place.line,
        code=place.code,
    )


def _of_another_stack(diagnostic: Diagnostic, definitions: Path) -> Diagnostic:
    """The state of another stack cannot be read. Nothing else asks for credentials here."""
    place = first_mention(re.compile(rf"^\s*{_REMOTE_STATE}"), definitions)
    if diagnostic.file is None:
        diagnostic = replace(diagnostic, file=place.file, line=place.line, code=place.code)
    added = (
        "Put the outputs of the other stack into bonkei.toml, so that its state is not read:"
        " a table [remote_states.NAME], with NAME as in its data block, and a key for each output."
    )
    return replace(diagnostic, detail=f"{diagnostic.detail.strip()}\n\n{added}")


def _without_consequences(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The diagnostics without those that add nothing to their cause."""
    unreadable_values = any(
        d.file is not None and ".tfvars" in d.file.name and d.summary not in _WRONG_VALUE
        for d in diagnostics
    )
    placed_modules = any(d.summary == _NO_MODULE and d.file is not None for d in diagnostics)

    def follows(diagnostic: Diagnostic) -> bool:
        if diagnostic.summary == _NO_VALUE:
            return unreadable_values
        return diagnostic.summary == _NO_MODULE and diagnostic.file is None and placed_modules

    return [diagnostic for diagnostic in diagnostics if not follows(diagnostic)]
