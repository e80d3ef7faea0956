"""The meaning of changed files for the running system. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bonkei.blueprint import Blueprint
from bonkei.config import Config, FolderProgram

_PROSE = (".md", ".rst")


@dataclass(frozen=True, slots=True)
class Watched:
    """What is watched. `definitions` are folders and files that Terraform reads. `programs` maps a
    folder to the services with containers that run from it. `settings` is bonkei.toml. `read_again`
    are files that the programs reread without a restart. `prepared`: the folders in which something
    is run before their programs."""

    definitions: tuple[Path, ...]
    programs: Mapping[Path, tuple[str, ...]]
    settings: Path
    read_again: tuple[Path, ...] = ()
    prepared: tuple[FolderProgram, ...] = ()

    @property
    def folders(self) -> frozenset[Path]:
        """The folders to watch. None of them is below another one."""
        found = {path for path in (*self.definitions, *self.programs) if path.is_dir()}
        return frozenset(
            path for path in found if not any(other in found for other in path.parents)
        )

    @property
    def files(self) -> frozenset[Path]:
        """Single files outside those folders."""
        single = {path for path in (*self.definitions, self.settings) if not path.is_dir()}
        return frozenset(
            path for path in single if not any(path.is_relative_to(f) for f in self.folders)
        )


@dataclass(frozen=True, slots=True)
class Round:
    """The actions for some changes. `services` get new tasks. The tasks of `refreshed` reread their
    files. `files` are those with an effect."""

    services: tuple[str, ...] = ()
    definitions: bool = False
    settings: bool = False
    files: tuple[Path, ...] = ()
    refreshed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.services or self.refreshed or self.definitions or self.settings)


def meaning(changed: Iterable[Path], watched: Watched) -> Round:
    """One file may mean several things: a router's configuration is in each service's tasks."""
    services: dict[str, None] = {}
    refreshed: dict[str, None] = {}
    definitions = settings = False
    files = []
    for path in sorted(changed):
        runs = [
            name
            for folder, names in watched.programs.items()
            if path.is_relative_to(folder) and path.suffix not in _PROSE
            for name in names
        ]
        is_read = any(path.is_relative_to(place) for place in watched.definitions)
        is_setting = path == watched.settings
        if any(path.is_relative_to(place) for place in watched.read_again):
            refreshed |= dict.fromkeys(runs)
        else:
            services |= dict.fromkeys(runs)
        definitions |= is_read
        settings |= is_setting
        if runs or is_read or is_setting:
            files.append(path)
    only_refreshed = tuple(name for name in refreshed if name not in services)
    return Round(tuple(services), definitions, settings, tuple(files), only_refreshed)


def watched(blueprint: Blueprint, config: Config, inputs: Sequence[Path]) -> Watched:
    """Collect what is to be watched. `inputs`: the files that Terraform reads."""
    programs: dict[Path, dict[str, None]] = {}
    directories = config.directories
    definitions = {one.arn: one for one in blueprint.task_definitions}
    for service in blueprint.services:
        definition = definitions.get(service.task_definition_arn)
        if definition is None:
            continue
        for container in definition.containers:
            if key := definition.key_of(container, directories):
                programs.setdefault(directories[key], {})[service.name] = None
    sources = config.containers.values()
    return Watched(
        tuple(inputs),
        {folder: tuple(names) for folder, names in programs.items()},
        config.file,
        tuple(path for paths in config.read_again.values() for path in paths),
        tuple(each for each in sources if isinstance(each, FolderProgram) and each.prepare),
    )
