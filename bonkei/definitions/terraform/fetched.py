"""Modules that Terragrunt's sources name elsewhere: in a git repository, or a registry (`tfr://`).

Terraform fetches them itself, with the user's git and tokens, once: a source that names no `ref`
stays as it was first fetched.
https://terragrunt.gruntwork.io/docs/reference/hcl/blocks#terraform
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from bonkei.base.removal import remove
from bonkei.definitions.terraform.errors import TerraformError
from bonkei.definitions.terraform.inputs.registries import with_registries
from bonkei.definitions.terraform.runs import environments
from bonkei.definitions.terraform.runs import run as runs

_REGISTRY = "registry.terraform.io"
_REMEDY = (
    "a private repository has to open without a question: see whether `git ls-remote` does, and "
    "give git a key (ssh-agent) or a credential helper. A registry wants TF_TOKEN_…, and a folder "
    "of [modules] in bonkei.toml may stand for one of its modules"
)
_OF_THE_UNIT = {"Missing required argument", "Unsupported Terraform Core version"}
"""Errors of a module that is there, and does not have the unit's inputs and settings yet."""
_SUMMARY = re.compile(r"^\W*Error: (.*\w)", re.MULTILINE)
_SCHEME = re.compile(r"(?:\w+::)?(?:\w+://)?")
_FRAME = re.compile(r"^[\s╷│╵]+|\s+$")


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Keeps modules below `folder`. `terraform`: as `runs.command` says; `modules`: folders in
    place of those of the public registry."""

    folder: Path
    terraform: str | None = None
    modules: Mapping[str, Path] = field(default_factory=dict)

    def fetch(self, source: str) -> tuple[Path, Path]:
        """The root of what was fetched, and the module's folder in it. Raises TerraformError."""
        inside = _SCHEME.sub("", source).partition("//")[2].partition("?")[0]
        if source.startswith("tfr://") and (own := self.modules.get(_address(source)[0])):
            return own, own / inside
        place = self.folder / hashlib.sha256(source.encode()).hexdigest()[:16]
        root = place / ".terraform/modules/unit"
        if not (root / inside).is_dir():
            draft = place.with_name(f"{place.name}.{secrets.token_hex(4)}")
            draft.mkdir(parents=True)
            try:
                self._get(source, draft)
                remove(place)
                draft.rename(place)
            finally:
                remove(draft)
        return root, root / inside

    def _get(self, source: str, place: Path) -> None:
        (place / "main.tf").write_text(f'module "unit" {{\n{_arguments(source)}\n}}\n')
        settings = {
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_SSH_COMMAND": os.environ.get("GIT_SSH_COMMAND", "ssh -o BatchMode=yes"),
            "TF_DATA_DIR": ".terraform",
            "TF_CLI_CONFIG_FILE": str(place / "none.tfrc"),
        }
        environment = environments.of_init(os.environ, settings)
        with with_registries(environment, os.environ, {}, place) as known:
            command = [*runs.command(self.terraform), "get", "-no-color"]
            result = runs.run(command, directory=place, environment=known)
        summaries = {*_SUMMARY.findall(result.text)}
        if result.code and not (summaries and summaries <= _OF_THE_UNIT):
            lines = (_FRAME.sub("", line) for line in result.text.splitlines())
            said = "\n".join(filter(None, lines))
            raise TerraformError(f"the source {source} cannot be fetched:\n{said}", remedy=_REMEDY)


def _arguments(source: str) -> str:
    """The source as Terraform writes it."""
    if not source.startswith("tfr://"):
        return f"source = {json.dumps(source)}"
    module, path = _address(source)
    version = parse_qs(urlsplit(source).query).get("version", [""])[0]
    wanted = f"\nversion = {json.dumps(version)}" if version else ""
    return f"source = {json.dumps(module + path)}{wanted}"


def _address(source: str) -> tuple[str, str]:
    """The module and the path in it, of `tfr://HOST/NAMESPACE/NAME/PROVIDER//PATH?version=1.2.3`.
    Without a host it is the public registry's, as in Terraform."""
    found = urlsplit(source)
    host = "" if found.netloc in ("", _REGISTRY) else f"{found.netloc}/"
    module, slashes, path = found.path.strip("/").partition("//")
    return host + module, slashes + path
