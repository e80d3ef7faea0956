"""A Dockerfile's instructions on how a container runs.

Only the final stage counts, with the stages in its `FROM` chain. The settings of a foreign base
image are unknown here. Rules: "Dockerfile reference" (docs.docker.com).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from dockerfile_parse import DockerfileParser
from dockerfile_parse.util import WordSplitter, extract_key_values

from bonkei.base.errors import BonkeiError
from bonkei.grammar.dockerfile.copies import (
    Copies,
    exec_form,
    join,
    read_copies,
    read_packages,
    read_requirements,
)
from bonkei.grammar.dockerfile.instructions import readable

_FROM_STAGE = re.compile(r"--from=(\S+)")
_VARIABLE = re.compile(r"\\\$|\$\{(\w+)(?::([-+])([^{}]*))?\}|\$(\w+)")


class DockerfileError(BonkeiError):
    """A Dockerfile that cannot be read. `message` names it; `remedy` is the next step."""


@dataclass(frozen=True, slots=True)
class Image:
    """How a container runs. `entry_point` and `command` are in exec form; they are None if no stage
    of the Dockerfile sets them. `environment` is in order. Its values may refer to earlier
    variables (such as `$PATH`, to keep the base image's value), which are substituted when the
    container starts.
    """

    base: str
    entry_point: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    working_directory: str = "/"
    environment: tuple[tuple[str, str], ...] = ()
    exposed_ports: tuple[int, ...] = ()
    stop_signal: str = "SIGTERM"
    user: str = ""
    health_check: str = ""
    copies: Copies = ()
    requirements: tuple[tuple[str, ...], ...] = ()  # for each `pip -r`: its candidates
    packages: tuple[str, ...] = ()  # that pip installs by their names


@dataclass(frozen=True, slots=True)
class _Stage:
    """A stage while it is being read. `entry_is_shell` means that CMD is ignored, as in Docker."""

    image: Image
    arguments: tuple[tuple[str, str], ...] = ()
    shell: tuple[str, ...] = ("/bin/sh", "-c")
    entry_is_shell: bool = False
    command_is_own: bool = False


def read_image(dockerfile: Path) -> Image:
    """Read the Dockerfile's final stage. Raises DockerfileError if it cannot be read."""
    try:
        # Bytes that are not UTF-8 can only be in ignored parts, such as a comment.
        text = dockerfile.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise DockerfileError(
            f"{dockerfile}: {error.strerror}", remedy="name the directory of a Dockerfile"
        ) from error
    try:
        return parse_image(text)
    except ValueError as error:
        raise DockerfileError(f"{dockerfile}: {error}", remedy="correct the Dockerfile") from error


def parse_image(text: str) -> Image:
    """Read the image from the Dockerfile's text. Raises ValueError with the mistake."""
    stages: dict[str, _Stage] = {}  # by name, and by number
    defaults: dict[str, str] = {}
    stage: _Stage | None = None
    number = -1
    for keyword, value in _instructions(text):
        if keyword == "FROM":
            current, stage = _from(value, defaults, stages)
            number += 1
            stages[current] = stages[str(number)] = stage
        elif stage is None:
            if keyword == "ARG":
                defaults.update(_argument(value, {}))
        else:
            stage = _apply(stage, keyword, value, defaults, stages)
            stages[current] = stages[str(number)] = stage
    if stage is None:
        raise ValueError("it has no FROM")
    if stage.entry_is_shell:
        return replace(stage.image, command=None)
    return stage.image


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    """Join the continuation lines of each instruction. Bodies of here-documents are not
    instructions."""
    parser = DockerfileParser(fileobj=readable(text.encode()))
    for entry in parser.structure:
        if entry["instruction"] != "COMMENT":
            yield entry["instruction"], entry["value"].strip()


def _from(
    value: str, defaults: Mapping[str, str], stages: Mapping[str, _Stage]
) -> tuple[str, _Stage]:
    words = [word for word in value.split() if not word.startswith("--")]
    if not words:
        raise ValueError("FROM names no image")
    base = substitute(words[0], defaults)
    name = words[2].lower() if len(words) == 3 and words[1].upper() == "AS" else ""
    parent = stages.get(base.lower())
    if parent is None:
        return name, _Stage(Image(base))
    return name, replace(parent, arguments=(), command_is_own=False)


def _apply(
    stage: _Stage,
    keyword: str,
    value: str,
    defaults: Mapping[str, str],
    stages: Mapping[str, _Stage],
) -> _Stage:
    image = stage.image
    known = {**dict(stage.arguments), **dict(image.environment)}
    match keyword:
        case "ARG":
            added = tuple(_argument(value, defaults).items())
            return replace(stage, arguments=(*stage.arguments, *added))
        case "ENV":
            return replace(stage, image=_with_environment(image, value, dict(stage.arguments)))
        case "WORKDIR":
            directory = join(image.working_directory, _word(value, known))
            return replace(stage, image=replace(image, working_directory=directory))
        case "COPY" | "ADD" | "RUN" | "EXPOSE":
            return replace(stage, image=_with_content(image, keyword, value, known, stages))
        case "USER":
            return replace(stage, image=replace(image, user=_word(value, known)))
        case "STOPSIGNAL":
            return replace(stage, image=replace(image, stop_signal=_word(value, known)))
        case "HEALTHCHECK":
            return replace(stage, image=replace(image, health_check=value))
        case "SHELL":
            return replace(stage, shell=exec_form(value) or stage.shell)
        case "CMD" | "ENTRYPOINT":
            return _with_command(stage, keyword, value)
        case _:
            return stage


def _with_content(
    image: Image,
    keyword: str,
    value: str,
    known: Mapping[str, str],
    stages: Mapping[str, _Stage],
) -> Image:
    """Add the image's copies and requirements, and those installed in a stage that it copies
    from."""
    directory = image.working_directory
    if keyword == "EXPOSE":
        ports = tuple(_port(word) for word in substitute(value, known).split())
        return replace(image, exposed_ports=(*image.exposed_ports, *ports))
    if keyword == "RUN":
        text = substitute(value, known)
        found = read_requirements(text, directory, image.copies)
        return replace(
            image,
            requirements=(*image.requirements, *found),
            packages=(*dict.fromkeys((*image.packages, *read_packages(text))),),
        )
    built = {name: stage.image.copies for name, stage in stages.items()}
    copies = read_copies(value, directory, lambda word: _word(word, known), built)
    names = [name.lower() for name in _FROM_STAGE.findall(value)]
    others = [stages[name].image for name in names if name in stages]
    installed = [one for other in others for one in other.requirements]
    named = [one for other in others for one in other.packages]
    return replace(
        image,
        copies=(*image.copies, *copies),
        requirements=(*dict.fromkeys((*image.requirements, *installed)),),
        packages=(*dict.fromkeys((*image.packages, *named)),),
    )


def _with_command(stage: _Stage, keyword: str, value: str) -> _Stage:
    words = exec_form(value)
    command = words if words is not None else (*stage.shell, value)
    if keyword == "CMD":
        return replace(stage, image=replace(stage.image, command=command), command_is_own=True)
    # An ENTRYPOINT resets a CMD that was inherited ("Understand how CMD and ENTRYPOINT interact").
    inherited = stage.image.command if stage.command_is_own else None
    image = replace(stage.image, entry_point=command, command=inherited)
    return replace(stage, image=image, entry_is_shell=words is None)


def _argument(value: str, defaults: Mapping[str, str]) -> dict[str, str]:
    """Return ARG's name and value. If it has no value, the value declared before the first FROM is
    used."""
    name, given, default = value.partition("=")
    if given:
        return {name: _word(default, defaults)}
    return {name: defaults[name]} if name in defaults else {}


def _with_environment(image: Image, value: str, arguments: Mapping[str, str]) -> Image:
    pairs = extract_key_values(env_replace=False, args={}, envs={}, instruction_value=value)
    set_before = dict(image.environment)
    # Build arguments do not exist when the container runs. Variables are substituted at its start.
    known = {name: text for name, text in arguments.items() if name not in set_before}
    added = {name: substitute(text, known, keep_unknown=True) for name, text in pairs}
    return replace(image, environment=tuple({**set_before, **_resolved(added, set_before)}.items()))


def _resolved(added: Mapping[str, str], before: Mapping[str, str]) -> dict[str, str]:
    """Substitute the variables of earlier ENV instructions. Names without a value are left for the
    container's start."""
    return {name: substitute(text, before, keep_unknown=True) for name, text in added.items()}


def substitute(text: str, values: Mapping[str, str], *, keep_unknown: bool = False) -> str:
    """Substitute `$name`, `${name}`, `${name:-word}` and `${name:+word}` as a Dockerfile does. A
    name without a value becomes the empty string, or stays as it is with `keep_unknown`.
    """

    def replacement(match: re.Match[str]) -> str:
        if match[0] == "\\$":
            return match[0] if keep_unknown else "$"
        name, operator, word = match[1] or match[4], match[2], match[3] or ""
        if name not in values and keep_unknown:
            return match[0]
        value = values.get(name, "")
        if operator == "-":
            return value or word
        if operator == "+":
            return word if value else ""
        return value

    return _VARIABLE.sub(replacement, text)


def _word(value: str, known: Mapping[str, str]) -> str:
    return str(WordSplitter(substitute(value, known)).dequote())


def _port(word: str) -> int:
    number = word.partition("/")[0].partition("-")[0]
    if not number.isdecimal():
        raise ValueError(f"EXPOSE {word} is not a port")
    return int(number)
