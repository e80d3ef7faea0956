"""A directory that looks like the definitions, with a backend of our own.

Terraform writes next to the definitions, and the real ones keep their state in S3. So it works in a
mirror below the miniature's home: real directories, each file a symbolic link, and one override
file that names our backend (`bonkei.definitions.terraform.state.backend`). Files beside the
definitions are linked too, so that `${path.module}/../program` works.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from bonkei.base.folders import below, entries, matching
from bonkei.definitions.terraform.errors import TerraformError

OVERRIDE = "zz_bonkei_override.tf.json"

_PROJECT_MARKS = (".git", "bonkei.toml")
_SOURCES = (".tf", ".tf.json", ".tofu", ".tofu.json")
_TERRAFORMS_OWN = (".terraform", ".terraform.lock.hcl", ".terraform.tfstate.lock.info")


class Mirror:
    """The mirror of one directory of definitions: `make` makes it, and `refresh` brings it up to
    date."""

    def __init__(self, definitions: Path, directory: Path, *, home: Path) -> None:
        """`directory` becomes the mirror; nothing in `home` is mirrored."""
        self._definitions = definitions
        self._root = _project_root(definitions)
        self._directory = directory
        self._home = home

    @property
    def directory(self) -> Path:
        """The whole of it."""
        return self._directory.resolve()

    @property
    def path(self) -> Path:
        """Where Terraform runs."""
        return self._directory / self._definitions.relative_to(self._root)

    def make(self) -> None:
        """Create the mirror. From now on a program may run in `path`."""
        require_definitions(self._definitions)
        self._begin_anew_when_moved()
        self.path.mkdir(parents=True, exist_ok=True)

    def refresh(self, backend: Mapping[str, Any], lifted: Iterable[Path] = ()) -> None:
        """Update the mirror to the current definitions, with that `backend` block. The files
        `lifted` require another Terraform version than ours, so an override file replaces that
        requirement."""
        self._link_surroundings()
        self._link_tree(self._definitions, self.path)
        for former in below(self.path, OVERRIDE):
            former.unlink()
        settings: dict[Path, dict[str, Any]] = {self.path: {"backend": backend}}
        for file in lifted:
            folder = self.path / file.parent.relative_to(self._definitions)
            settings.setdefault(folder, {})["required_version"] = ">= 0"
        for folder, content in settings.items():
            override = json.dumps({"terraform": content})
            (folder / OVERRIDE).write_text(override, encoding="utf-8")

    def locate(self, name: str) -> Path:
        """The real file behind a file name in Terraform's output."""
        return Path(os.path.realpath(self.path / name))

    def _begin_anew_when_moved(self) -> None:
        """Delete a mirror of another directory: it has links in place of directories, and the
        reverse."""
        record = self._directory.with_name(f"{self._directory.name}-of")
        place = f"{self._root}\n{self._definitions}\n"
        if not record.is_file() or record.read_text(encoding="utf-8") != place:
            if self._directory.exists():
                shutil.rmtree(self._directory)
            record.parent.mkdir(parents=True, exist_ok=True)
            record.write_text(place, encoding="utf-8")

    def _link_surroundings(self) -> None:
        """Link the files beside the definitions, at each level up to the project's root."""
        inner = self._definitions
        while inner != self._root:
            outer = inner.parent
            mirrored = self._directory / outer.relative_to(self._root)
            wanted = {entry.name: entry for entry in self._mirrored(outer) if entry != inner}
            _synchronize(wanted, mirrored, directories={inner.name})
            inner = outer

    def _link_tree(self, source: Path, target: Path) -> None:
        found = [entry for entry in self._mirrored(source) if _is_definition(entry)]
        # A link to a directory stays one: it may lead to where it is itself.
        directories = {e.name for e in found if e.is_dir() and not e.is_symlink()}
        files = {e.name: e for e in found if e.name not in directories and e.exists()}
        target.mkdir(exist_ok=True)
        _synchronize(files, target, directories=directories)
        for name in directories:
            self._link_tree(source / name, target / name)

    def _mirrored(self, directory: Path) -> Iterable[Path]:
        return (entry for entry in entries(directory) if entry != self._home)


def require_definitions(definitions: Path) -> None:
    """Raise TerraformError unless the directory holds definitions. The error names definitions
    nearby."""
    if _holds_definitions(definitions):
        return
    remedy = "set `definitions` in bonkei.toml to the directory of the root module"
    root = _project_root(definitions)
    others = sorted({str(found.parent.relative_to(root)) for found in _found(root)})
    if others:
        first = ", ".join(others[:5]) + (", …" if len(others) > 5 else "")
        remedy += f"\n.tf files are in: {first}"
    raise TerraformError(
        f"There are no Terraform definitions (.tf) in {definitions}", remedy=remedy
    )


def _holds_definitions(directory: Path) -> bool:
    return any(_is_source(entry.name) for entry in entries(directory))


def _found(root: Path) -> Iterator[Path]:
    """Definitions near the root of a project, which may be a whole home directory."""
    for pattern in ("*", "*/*", "*/*/*"):
        for file in matching(root, pattern):
            hidden = any(part.startswith(".") for part in file.relative_to(root).parts)
            if not hidden and _is_source(file.name):
                yield file


def _is_source(name: str) -> bool:
    """Whether it is a source file, including those with OpenTofu's own ending."""
    return name.endswith(_SOURCES) and not name.startswith(".")


def _project_root(definitions: Path) -> Path:
    for folder in definitions.parents:
        if any((folder / mark).exists() for mark in _PROJECT_MARKS):
            return folder
    return definitions.parent


def _is_definition(entry: Path) -> bool:
    return entry.name not in _TERRAFORMS_OWN and ".tfstate" not in entry.suffixes


def _synchronize(wanted: Mapping[str, Path], target: Path, *, directories: set[str]) -> None:
    """Make the links in `target` match `wanted`.

    Other files there come from a data source or from Terraform. They stay, unless a link needs
    their name.
    """
    for entry in entries(target):
        if entry.is_symlink():
            if wanted.get(entry.name) != entry.readlink():
                entry.unlink()
        elif entry.is_dir():
            if entry.name in wanted:
                shutil.rmtree(entry)
            elif entry.name not in directories:
                _remove_links(entry)
        elif entry.name in wanted or entry.name in directories:
            entry.unlink()
    for name, source in wanted.items():
        link = target / name
        if not link.is_symlink():
            link.symlink_to(source)


def _remove_links(directory: Path) -> None:
    """Remove the links of a deleted directory; files written there stay."""
    for folder, folders, files in os.walk(directory, topdown=False):
        for name in (*files, *folders):
            entry = Path(folder, name)
            if entry.is_symlink():
                entry.unlink()
        if not entries(Path(folder)):
            Path(folder).rmdir()
