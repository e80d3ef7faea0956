"""Finds a container's files on this machine: the sources of its Dockerfile's copies.

Programs run in their source folder, so that a change needs no build. One directory replaces the
image's WORKDIR: the one that the Dockerfile copies there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bonkei.base.folders import matching
from bonkei.grammar.dockerfile.image import Image

_PACKAGING = ("requirements", "pyproject.toml", "setup.", "package", "poetry.lock", "uv.lock")
_PACKAGE_LISTS = ("pyproject.toml", "setup.py", "Pipfile", "package.json", "Gemfile", "go.mod")
_OF_A_REPOSITORY = (".git", "bonkei.toml")


@dataclass(frozen=True, slots=True)
class Content:
    """`directory` replaces WORKDIR. `places`: (path in the image, path here). `overlooked`: copies
    that are at another place here. `missing`: copies that are not in the build's folder.
    `requirements`: files for pip, and packages that it installs by their names."""

    directory: Path
    places: tuple[tuple[str, Path], ...] = ()
    overlooked: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    requirements: tuple[Path | str, ...] = ()
    package_list: str = ""  # a file with packages that is not supported


def context_of(image: Image, folder: Path) -> Path:
    """The folder in which the image is built: the Dockerfile's own, or the nearest one around it in
    the repository that has all that it copies, as after `docker build --file web/Dockerfile .`."""
    for place in (folder, *folder.parents):
        if not any(_is_missing(place, source) for source, _ in image.copies):
            return place
        if any((place / name).exists() for name in _OF_A_REPOSITORY):
            break
    return folder


def find_content(image: Image, folder: Path) -> Content:
    """The files of a build's folder and their places in the image."""
    placed = list(_placed(image, folder))
    workdir = PurePosixPath(image.working_directory)
    directory = _directory(placed, workdir, folder)
    files: tuple[Path | str, ...] = tuple(_requirements(image, folder, directory))
    requirements = (*files, *image.packages)
    others = [name for name in _PACKAGE_LISTS if (folder / name).is_file()]
    return Content(
        directory=directory,
        places=tuple((str(place), path) for place, path in placed if str(place) != "/"),
        overlooked=tuple(
            f"{path.relative_to(folder)} (to {place})"
            for place, path in placed
            if place.is_relative_to(workdir)
            and not _is_packaging(path)
            and not _is_there(directory, place.relative_to(workdir), path)
        ),
        missing=tuple(
            dict.fromkeys(source for source, _ in image.copies if _is_missing(folder, source))
        ),
        requirements=requirements,
        package_list=others[0] if others and not requirements else "",
    )


def _placed(image: Image, folder: Path) -> Iterator[tuple[PurePosixPath, Path]]:
    for source, target in image.copies:
        for path in _matching(folder, source):
            place = PurePosixPath(target)
            yield (place / path.name if path.is_file() and target.endswith("/") else place), path


def _matching(folder: Path, source: str) -> Iterator[Path]:
    """The files of a source, only inside the build's folder; none for a URL or a path outside."""
    name = source.strip("/")
    if "://" in name or ".." in PurePosixPath(name).parts:
        return
    if any(character in name for character in "*?["):
        yield from matching(folder, name)
    elif (folder / name).exists():
        yield folder / name


def _is_missing(folder: Path, source: str) -> bool:
    return "://" not in source and next(_matching(folder, source), None) is None


def _directory(
    placed: list[tuple[PurePosixPath, Path]], workdir: PurePosixPath, folder: Path
) -> Path:
    """The directory copied to WORKDIR; the build's folder if there are several or none."""
    sources = [(path, _source_of(workdir, place, path)) for place, path in placed]
    evidence = [
        (path.is_dir(), source)
        for path, source in sources
        if source is not None and source.is_relative_to(folder) and not _is_packaging(path)
    ]
    # A directory is better evidence for WORKDIR than a single file.
    directories = {source for is_directory, source in evidence if is_directory}
    found = directories or {source for _, source in evidence}
    return found.pop() if len(found) == 1 else folder


def _source_of(workdir: PurePosixPath, place: PurePosixPath, path: Path) -> Path | None:
    """The directory that replaces WORKDIR if `path` is copied to `place`; None if that proves
    nothing.
    """
    if workdir.is_relative_to(place):
        inner = path / workdir.relative_to(place)
        return inner if inner.is_dir() else None
    if not place.is_relative_to(workdir):
        return None
    rest = place.relative_to(workdir).parts
    return path.parents[len(rest) - 1] if path.parts[-len(rest) :] == rest else None


def _is_there(directory: Path, rest: PurePosixPath, path: Path) -> bool:
    return (directory / rest) == path or (directory / rest).exists()


def _is_packaging(path: Path) -> bool:
    return path.is_file() and path.name.startswith(_PACKAGING)


def _requirements(image: Image, folder: Path, directory: Path) -> Iterator[Path]:
    """The files that the Dockerfile installs with `pip -r`, or else the requirements.txt there."""
    found = [
        next((p for name in names for p in _matching(folder, name) if p.is_file()), None)
        for names in image.requirements
    ]
    installed = [path for path in dict.fromkeys(found) if path is not None]
    if installed:
        yield from installed
        return
    for place in dict.fromkeys((folder, directory)):
        if (place / "requirements.txt").is_file():
            yield place / "requirements.txt"
            return
