"""Reads where each container's program comes from. Raises ConfigError."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bonkei.config.settings import directory, file
from bonkei.config.table import ConfigError, Table
from bonkei.config.values import ContainerSource, FolderProgram, directory_of


def containers(
    entries: Mapping[str, Table], root: Path, path: Path
) -> tuple[dict[str, ContainerSource], dict[str, Path | str]]:
    """A folder by the container's key; or an archive, or an image's name."""
    sources: dict[str, ContainerSource] = {}
    images: dict[str, Path | str] = {}
    for name, entry in entries.items():
        place = f"[containers.{name}]"
        given = {key: entry.text(key, "") for key in ("directory", "image", "archive")}
        said = [key for key, value in given.items() if value]
        if len(said) != 1:
            raise ConfigError(
                f"{path}: {place} has {' and '.join(said) or 'no directory'}",
                remedy="give it one of `directory`, `image` and `archive`",
            )
        match said[0]:
            case "directory":
                folder = directory(root, given["directory"], f"{place} directory", path)
                sources[name] = _source(entry, folder, f"{path}: {place}")
            case "archive":
                images[name] = file(root, given["archive"], f"{place} archive", path)
            case _:
                images[name] = given["image"]
    return sources, images


def _source(entry: Table, folder: Path, place: str) -> ContainerSource:
    """The folder of a Dockerfile, or of a program with its command."""
    environment = tuple(entry.table("environment").all_texts().items())
    port = entry.number("port", 0)
    found = FolderProgram(
        folder, _words(entry, "command"), environment, port, _words(entry, "prepare")
    )
    if not 0 <= port <= 65535:
        raise ConfigError(f"{place} `port` is {port}", remedy="give it a port, 1 to 65535")
    if found.command:
        return found
    if found != FolderProgram(folder, ()):
        raise ConfigError(
            f"{place} has `environment`, `port` or `prepare`, and no `command`",
            remedy='give it the command that runs the program, such as ["npm", "start"]',
        )
    return folder


def _words(entry: Table, key: str) -> tuple[str, ...]:
    """A command in one of a Dockerfile's two forms: a list of words, or a line for a shell."""
    given = entry.text_or_texts(key, "")
    return (("/bin/sh", "-c", given) if given else ()) if isinstance(given, str) else given


def read_again(
    entries: Mapping[str, Table], sources: Mapping[str, ContainerSource], file: Path
) -> dict[str, tuple[Path, ...]]:
    """Folders and files below each container's directory."""
    found = {}
    for name, source in sources.items():
        folder = directory_of(source)
        given = entries[name].texts("reads_again", ())
        paths = tuple((folder / one).resolve() for one in given)
        for path in paths:
            if not path.exists() or not path.is_relative_to(folder):
                raise ConfigError(
                    f"{file}: [containers.{name}] `reads_again`: {path} is not in {folder}",
                    remedy="name files and folders of the container's directory",
                )
        if paths:
            found[name] = paths
    return found
