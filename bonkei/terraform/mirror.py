"""A directory that looks like the definitions, with a backend of our own.

Terraform writes next to what it evaluates, and the real definitions keep their state in S3. So it
works in a mirror below the miniature's home: real directories, each file a symbolic link, and one
override file that names a local backend. What lies beside the definitions in their project can be
reached too, so that `${path.module}/../program` means what it says.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from bonkei.terraform.errors import TerraformError

OVERRIDE = "zz_bonkei_override.tf.json"

_PROJECT_MARKS = (".git", "bonkei.toml")
_TERRAFORMS_OWN = (".terraform", ".terraform.lock.hcl", ".terraform.tfstate.lock.info")


class Mirror:
    """The mirror of one directory of definitions; `refresh` brings it up to date."""

    def __init__(self, definitions: Path, directory: Path, state: Path) -> None:
        self._definitions = definitions.resolve()
        self._root = _project_root(self._definitions)
        self._directory = directory
        self._state = state

    @property
    def path(self) -> Path:
        """Where Terraform runs."""
        return self._directory / self._definitions.relative_to(self._root)

    def refresh(self) -> None:
        """Make the mirror show the definitions as they are now."""
        if not self._definitions.is_dir():
            raise TerraformError(
                f"There are no Terraform definitions at {self._definitions}",
                remedy="set `definitions` in bonkei.toml to the directory of the root module",
            )
        keep = _kept(self.path)
        self.path.mkdir(parents=True, exist_ok=True)
        self._link_surroundings()
        _link_tree(self._definitions, self.path, exclude=self._directory, keep=keep)
        override = {"terraform": {"backend": {"local": {"path": str(self._state)}}}}
        (self.path / OVERRIDE).write_text(json.dumps(override, indent=2), encoding="utf-8")

    def locate(self, name: str) -> Path:
        """The real file behind a file name in Terraform's output."""
        return Path(os.path.realpath(self.path / name))

    def _link_surroundings(self) -> None:
        """Link what lies beside the definitions, at each level up to the project's root."""
        inner = self._definitions
        while inner != self._root:
            outer = inner.parent
            mirrored = self._directory / outer.relative_to(self._root)
            mirrored.mkdir(parents=True, exist_ok=True)
            wanted = {entry.name: entry for entry in outer.iterdir() if entry != inner}
            _synchronize(wanted, mirrored, spare={inner.name})
            inner = outer


def _project_root(definitions: Path) -> Path:
    for folder in definitions.parents:
        if any((folder / mark).exists() for mark in _PROJECT_MARKS):
            return folder
    return definitions.parent


def _kept(path: Path) -> set[Path]:
    """Files in the mirror that are no links: what Terraform or a data source has written."""
    return {file for file in path.rglob("*") if file.is_file() and not file.is_symlink()}


def _link_tree(source: Path, target: Path, *, exclude: Path, keep: set[Path]) -> None:
    entries = {
        entry.name: entry
        for entry in source.iterdir()
        if entry.name not in _TERRAFORMS_OWN and not entry.name.endswith((".tfstate", ".backup"))
    }
    folders = {
        name: entry
        for name, entry in entries.items()
        if entry.is_dir() and not exclude.is_relative_to(entry)
    }
    files = {
        name: entry for name, entry in entries.items() if name not in folders and entry.is_file()
    }
    spare = {*folders, OVERRIDE, *(file.name for file in keep if file.parent == target)}
    target.mkdir(exist_ok=True)
    _synchronize(files, target, spare=spare)
    for name, folder in folders.items():
        _link_tree(folder, target / name, exclude=exclude, keep=keep)


def _synchronize(wanted: dict[str, Path], target: Path, *, spare: set[str]) -> None:
    """Make `target` hold links to `wanted` and, besides those to spare, nothing else."""
    present = {entry.name: entry for entry in target.iterdir()}
    for name, entry in present.items():
        if name in wanted or name not in spare:
            if name in wanted and entry.is_symlink() and entry.readlink() == wanted[name]:
                continue
            _remove(entry)
    for name, source in wanted.items():
        link = target / name
        if not link.is_symlink():
            link.symlink_to(source)


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink()
