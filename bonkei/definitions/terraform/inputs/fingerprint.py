"""Whether any input of Terraform has changed since the last apply."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from bonkei.base.folders import bytes_of, text_of
from bonkei.definitions.terraform.inputs import outside

_REFERENCE = re.compile(r"\$\{path\.(?:module|root|cwd)\}(/\.\.[\w./-]*)")
"""A literal path that leaves its module."""

_IGNORED = {".terraform", ".git", "__pycache__", "node_modules", ".venv", ".terraform.lock.hcl"}


def fingerprint(inputs: str, implementation: str) -> str:
    """A digest of everything that an evaluation depends on: of the inputs, and of what evaluates
    them."""
    return hashlib.sha256(f"{inputs} {implementation}".encode()).hexdigest()


def digest_of_inputs(
    definitions: Path, variable_files: Sequence[Path], environment: Mapping[str, str]
) -> str:
    """A digest of every input of an evaluation.

    These are the definitions, the variable files, TF_VAR_* variables, modules elsewhere, and the
    files elsewhere that the definitions refer to through `path.module` (a function's source, for
    example).
    """
    digest = hashlib.sha256()
    tree = sorted(_files(definitions))
    for file in [*tree, *variable_files, *sorted(_referenced(definitions, tree))]:
        content = bytes_of(file) if file.is_file() else None
        if content is not None:  # an editor's file may be gone, or a link that leads nowhere
            _add(digest, str(file), content)
    for name in sorted(environment):
        if name.startswith("TF_VAR_"):
            _add(digest, name, environment[name].encode())
    return digest.hexdigest()


def _add(digest: hashlib._Hash, name: str, content: bytes) -> None:
    digest.update(f"{len(name)} {len(content)} {name}".encode())
    digest.update(content)


def _files(directory: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(directory):
        folders[:] = sorted(name for name in folders if name not in _IGNORED)
        yield from (Path(folder, file) for file in files if file not in _IGNORED)


def read_places(definitions: Path, variable_files: Sequence[Path]) -> tuple[Path, ...]:
    """The folders and files whose change may change an evaluation."""
    tree = list(_files(definitions))
    return (definitions, *variable_files, *sorted(_targets(definitions, tree)))


def _referenced(definitions: Path, tree: Iterable[Path]) -> set[Path]:
    found: set[Path] = set()
    for target in _targets(definitions, tree):
        found.update(_files(target) if target.is_dir() else (target,))
    return found


def _targets(definitions: Path, tree: Iterable[Path]) -> set[Path]:
    """The files and folders elsewhere that the definitions name."""
    modules = outside.modules(definitions)
    found = {each for each in modules if not definitions.is_relative_to(each)}
    for file in [*tree, *(each for folder in modules for each in outside.files(folder))]:
        if file.suffix != ".tf":
            continue
        for reference in _REFERENCE.findall(text_of(file) or ""):
            for base in {file.parent, definitions}:
                target = Path(os.path.normpath(f"{base}{reference}"))
                if target.is_file() or (target.is_dir() and not definitions.is_relative_to(target)):
                    found.add(target)
    return found
