"""Which folder of a repository is built into which image, or could run in place of it."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import yaml

from bonkei.definitions.survey.tree import Tree

_BUILD = re.compile(r"\b(?:docker|podman)\s+(?:buildx\s+)?build\s+((?:[^\n;|&\\]|\\\n)*)")
_TAGS = ("-t", "--tag")
_WITH_A_VALUE = {*_TAGS, "-f", "--file", "--build-arg", "--platform", "--target", "--cache-from"}


_TOOLS = {
    "package.json": ("npm start", "npm ci"),
    "go.mod": ("./app", "go build -o app ."),
    "pom.xml": ("java -jar target/*.jar", "mvn --quiet package"),
    "Gemfile": (
        "bundle exec puma",
        "bundle config set --local path vendor/bundle && bundle install",
    ),
    "Procfile": ("", ""),
}
"""A file that tells a program's tools -> how such a program is run, and what prepares it."""
_WEB = re.compile(r"^web:[ \t]*(\S.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class BuiltFolder:
    """A folder with a Dockerfile. `names`: what its image is called, by the folder, by compose
    files and by build commands. Without a Dockerfile: `command` and `prepare` are guesses."""

    folder: PurePosixPath
    names: frozenset[str]
    command: str = ""
    prepare: str = ""


def built_folders(tree: Tree) -> list[BuiltFolder]:
    """The folders with a Dockerfile."""
    names: dict[PurePosixPath, set[str]] = {
        path.parent: {path.parent.name} for path in tree if path.name == "Dockerfile"
    }
    for path, text in tree.items():
        if "compose" in path.name:
            found = _composed(path.parent, text)
        elif path.suffix in (".tf", ".tfvars", ".json") or path.name == "Dockerfile":
            continue
        else:
            found = _commanded(text)
        for folder, name in found:
            if folder in names:
                names[folder].add(name)
    return [BuiltFolder(folder, frozenset(found)) for folder, found in sorted(names.items())]


def program_folders(tree: Tree) -> list[BuiltFolder]:
    """The folders without a Dockerfile that have a program of a known kind."""
    built = {path.parent for path in tree if path.name == "Dockerfile"}
    found = []
    for folder in sorted({path.parent for path in tree if path.name in _TOOLS} - built):
        tools = [told for name, told in _TOOLS.items() if folder / name in tree]
        declared = _WEB.search(tree.get(folder / "Procfile", ""))
        command = declared[1].strip() if declared else tools[0][0]
        if command:
            found.append(BuiltFolder(folder, frozenset({folder.name}), command, tools[0][1]))
    return found


def folder_of(container: str, image: str, folders: Sequence[BuiltFolder]) -> BuiltFolder | None:
    """The folder that a container's image is built from: the only one with its name. An image of
    a repository of one's own may also be named alike, or after the folders on the way there, or
    come from the only folder that there is.
    """
    repository = re.split(r"[:@]", image.rpartition("/")[2])[0]
    own = is_own(image)
    for fits in (_is, _ends) if own else (_is,):
        for name in (container, repository):
            found = [one for one in folders if any(fits(name, other) for other in one.names)]
            if len(found) == 1:
                return found[0]
    words = set(_words(repository))
    found = [one for one in folders if own and words <= set(_words(str(one.folder)))]
    if len(found) == 1 and len(words) > 1:
        return found[0]
    return folders[0] if own and len(folders) == 1 else None


def is_own(image: str) -> bool:
    """Whether an image is probably built from a repository of one's own: by ECR's host, or a name
    that no registry could have."""
    return ".dkr.ecr." in image or not re.search(r"[/:.]", image)


def _is(name: str, other: str) -> bool:
    return bool(name) and name.lower() == other.lower()


def _ends(name: str, other: str) -> bool:
    words, others = _words(name), _words(other)
    return bool(name and other) and (
        words[-len(others) :] == others or others[-len(words) :] == words
    )


def _words(name: str) -> list[str]:
    return re.split(r"[-_./]", name.lower())


def _composed(place: PurePosixPath, text: str) -> Iterator[tuple[PurePosixPath, str]]:
    """The services of a compose file, each with its build's folder."""
    try:
        document = yaml.load(text, yaml.CSafeLoader)
    except yaml.YAMLError:
        return
    services = document.get("services") if isinstance(document, dict) else None
    for name, service in (services if isinstance(services, dict) else {}).items():
        build: Any = service.get("build") if isinstance(service, dict) else None
        context = build.get("context", ".") if isinstance(build, dict) else build
        if isinstance(context, str):
            yield _at(place, context), str(name)


def _commanded(text: str) -> Iterator[tuple[PurePosixPath, str]]:
    """The tags of build commands, each with its folder."""
    for found in _BUILD.finditer(text):
        try:
            words = shlex.split(found[1].replace("\\\n", " "))
        except ValueError:
            continue
        tags, place = _read(words)
        for tag in tags:
            repository = re.split(r"[:@]", tag.rpartition("/")[2])[0]
            yield _at(PurePosixPath(), place), repository


def _read(words: Sequence[str]) -> tuple[list[str], str]:
    """The tags of a build command, and the folder of its Dockerfile."""
    tags: list[str] = []
    context, dockerfile = ".", ""
    following = iter(words)
    for word in following:
        name, equals, value = word.partition("=")
        if name in _WITH_A_VALUE and not equals:
            value = next(following, "")
        if name in _TAGS:
            tags.append(value)
        elif name in ("-f", "--file"):
            dockerfile = value
        elif not word.startswith("-"):
            context = word
    return tags, posixpath.dirname(dockerfile) if "/" in dockerfile else context


def _at(place: PurePosixPath, path: str) -> PurePosixPath:
    return PurePosixPath(posixpath.normpath(posixpath.join(place, path)))
