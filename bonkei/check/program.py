"""What a container's directory says about how it behaves: its Dockerfile, and its Fluent Bit
configuration if it is a log router."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bonkei.blueprint.service import Container
from bonkei.errors import BonkeiError
from bonkei.tasks.image import read_image

# How servers are told for how long to keep an idle connection, in seconds.
_KEEP_ALIVE_VARIABLE = re.compile(
    r"(?i)^(?:\w+_)?(?:TIMEOUT_)?KEEP_?ALIVE(?:_TIMEOUT)?(?:_SECONDS)?$"
)
_KEEP_ALIVE_OPTION = re.compile(r"^--(?:timeout-)?keep-?alive(?:-timeout)?(?:=(.*))?$")
_SECTION = re.compile(r"^\s*\[(\w+)\]")
_SETTING = re.compile(r"^\s*(\w+)\s+(\S.*?)\s*$")


class ProgramError(BonkeiError):
    """A container's directory cannot be read."""


@dataclass(frozen=True, slots=True)
class LogRouter:
    """Of Fluent Bit: how long it flushes after SIGTERM (seconds), and its outputs' names."""

    file: Path
    grace: float | None
    outputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Program:
    """`environment` and `command` as the Dockerfile says."""

    directory: Path
    environment: tuple[tuple[str, str], ...] = ()
    command: tuple[str, ...] = ()
    router: LogRouter | None = None


def read_programs(directories: Mapping[str, Path]) -> dict[str, Program]:
    """The programs of containers whose directory is known."""
    return {name: read_program(path) for name, path in directories.items()}


def read_program(directory: Path) -> Program:
    """ProgramError when something in it cannot be understood."""
    dockerfile = directory / "Dockerfile"
    if not dockerfile.exists():
        return Program(directory, router=_router(directory))
    image = read_image(dockerfile)
    return Program(
        directory=directory,
        environment=image.environment,
        command=(*(image.entry_point or ()), *(image.command or ())),
        router=_router(directory),
    )


def keep_alive(container: Container, program: Program | None) -> float | None:
    """For how many seconds the container keeps an idle connection, where it is told; else None.

    Told by a variable (KEEP_ALIVE_SECONDS, UVICORN_TIMEOUT_KEEP_ALIVE, …) or an option of the
    command (`--timeout-keep-alive 75`), first in the task definition, then in the image.
    """
    variables = dict(program.environment if program else ()) | dict(container.environment)
    words = [
        *(container.entry_point or ()),
        *(container.command or (program.command if program else ())),
        *shlex.split(variables.get("GUNICORN_CMD_ARGS", "")),
    ]
    told = [value for name, value in variables.items() if _KEEP_ALIVE_VARIABLE.match(name)]
    told += _option_values(words)
    for value in told:
        try:
            return float(value)
        except ValueError:
            continue
    return None


def _option_values(words: list[str]) -> Iterator[str]:
    for index, word in enumerate(words):
        match = _KEEP_ALIVE_OPTION.match(word)
        if match and match[1]:
            yield match[1]
        elif match and index + 1 < len(words):
            yield words[index + 1]


def _router(directory: Path) -> LogRouter | None:
    """From every configuration file in the directory: the first that has a service section."""
    graces: list[tuple[Path, float | None]] = []
    outputs: list[str] = []
    for file in sorted(directory.rglob("*")):
        if not file.is_file() or file.suffix not in (".conf", ".yaml", ".yml"):
            continue
        sections = _classic(file) if file.suffix == ".conf" else _yaml(file)
        for name, settings in sections:
            if name == "service":
                graces.append((file, _seconds(file, settings.get("grace"))))
            elif name == "output" and "name" in settings:
                outputs.append(settings["name"])
    if not graces and not outputs:
        return None
    told = [(file, grace) for file, grace in graces if grace is not None]
    file, grace = (told or graces or [(directory, None)])[0]
    return LogRouter(file, grace, tuple(outputs))


def _classic(file: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """ "Format and schema" of Fluent Bit's classic mode: [SECTION] and `Key Value` lines."""
    section, settings = "", dict[str, str]()
    for line in file.read_text(encoding="utf-8").splitlines():
        if match := _SECTION.match(line):
            yield section, settings
            section, settings = match[1].lower(), {}
        elif (match := _SETTING.match(line)) and not line.lstrip().startswith(("#", "@")):
            settings[match[1].lower()] = match[2]
    yield section, settings


def _yaml(file: Path) -> Iterator[tuple[str, dict[str, str]]]:
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ProgramError(f"{file}: {error}", remedy="correct the YAML") from error
    if not isinstance(document, Mapping):
        return
    yield from _section("service", document.get("service"))
    pipeline = document.get("pipeline")
    outputs = pipeline.get("outputs") if isinstance(pipeline, Mapping) else None
    for output in outputs if isinstance(outputs, list) else ():
        yield from _section("output", output)


def _section(name: str, value: Any) -> Iterator[tuple[str, dict[str, str]]]:
    if isinstance(value, Mapping):
        yield name, {str(key).lower(): str(item) for key, item in value.items()}


def _seconds(file: Path, value: str | None) -> float | None:
    if value is None:
        return None
    try:
        return float(value)
    except ValueError as error:
        raise ProgramError(f"{file}: Grace is not a number of seconds") from error
