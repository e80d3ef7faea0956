"""A program as its directory describes it: the Dockerfile, and a log router's configuration
(bonkei.analysis.check.router)."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bonkei.analysis.check.router import LogRouter, read_router
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Container
from bonkei.grammar.dockerfile.image import read_image

# Settings of servers for the keep-alive time, in seconds.
_KEEP_ALIVE_VARIABLE = re.compile(
    r"(?i)^(?:\w+_)?(?:TIMEOUT_)?KEEP_?ALIVE(?:_TIMEOUT)?(?:_SECONDS)?$"
)
_KEEP_ALIVE_OPTION = re.compile(r"^--(?:timeout-)?keep-?alive(?:-timeout)?(?:=(.*))?$")


@dataclass(frozen=True, slots=True)
class Program:
    """A container's program. `environment` and `command` come from the Dockerfile."""

    directory: Path
    environment: tuple[tuple[str, str], ...] = ()
    command: tuple[str, ...] = ()
    router: LogRouter | None = None


def read_programs(directories: Mapping[str, Path], blueprint: Blueprint) -> dict[str, Program]:
    """The programs of containers with a known directory, by the key that the settings have.

    Raises ProgramError and DockerfileError for a Dockerfile or configuration that cannot be read.
    Other files of the directory are ignored.
    """
    containers: dict[str, list[Container]] = {key: [] for key in directories}
    for definition in blueprint.task_definitions:
        for container in definition.containers:
            if key := definition.key_of(container, directories):
                containers[key].append(container)
    return {key: read_program(directories[key], found) for key, found in containers.items()}


def read_program(directory: Path, containers: Sequence[Container] = ()) -> Program:
    """The program in a directory, as these containers run it."""
    dockerfile = directory / "Dockerfile"
    image = read_image(dockerfile) if dockerfile.exists() else None
    routers = [c for c in containers if c.firelens and c.firelens.type == "fluentbit"]
    return Program(
        directory=directory,
        environment=image.environment if image else (),
        command=(*(image.entry_point or ()), *(image.command or ())) if image else (),
        router=read_router(directory, image, routers) if routers else None,
    )


def keep_alive(container: Container, program: Program | None) -> float | None:
    """The seconds for which the container keeps an idle connection; None if it is not set.

    A variable (KEEP_ALIVE_SECONDS, UVICORN_TIMEOUT_KEEP_ALIVE, …) or an option of the command
    (`--timeout-keep-alive 75`) sets it. The task definition comes first, then the image.
    """
    variables = dict(program.environment if program else ()) | dict(container.environment)
    words = [
        *(container.entry_point or ()),
        *(container.command or (program.command if program else ())),
        *shlex.split(variables.get("GUNICORN_CMD_ARGS", "")),
    ]
    values = [value for name, value in variables.items() if _KEEP_ALIVE_VARIABLE.match(name)]
    values += _option_values(words)
    for value in values:
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
