"""The tasks' settings on this machine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from bonkei.blueprint.ecs import Container, TaskDefinition
from bonkei.config import ContainerSource
from bonkei.services.ecs.built import Built, nothing_is_built
from bonkei.services.ecs.errors import TaskError
from bonkei.services.ecs.logs import OpenLogDriver, no_log_driver
from bonkei.services.ecs.messages import CallHook


class Translator(Protocol):
    """Replaces AWS's endpoint names in environment variables."""

    def translate_all(self, values: Mapping[str, str]) -> Mapping[str, str]: ...

    def of(self, caller: str) -> Translator:
        """A translator for one caller: a service's name, or a family."""
        ...


class NoTranslation:
    """Leaves every value unchanged."""

    def translate_all(self, values: Mapping[str, str]) -> Mapping[str, str]:
        return values

    def of(self, caller: str) -> Translator:  # noqa: ARG002 - all are told the same
        return self


def no_cloud(
    _definition: TaskDefinition, _task_id: str, _group: str, _container: str
) -> Mapping[str, str]:
    """Return no variables, because there is no AWS endpoint."""
    return {}


def may_start_all(_definition: TaskDefinition, _group: str) -> str:
    """Allow every task, because neither permissions nor a network are simulated."""
    return ""


def may_read_all(_definition: TaskDefinition, _secret: str) -> str:
    """Allow every secret, because permissions are not simulated."""
    return ""


AskHook = Callable[[CallHook], Awaitable[str]]
"""Why a lifecycle hook does not let a deployment go on, or empty."""


async def agrees(_call: CallHook) -> str:
    """Let every deployment go on, because no functions are simulated."""
    return ""


@dataclass(frozen=True, slots=True)
class RouterStart:
    """A log router before its start. `command` is the image's. `localize` gives the place here of a
    path in the image. `ports`: a configured port -> the port here. `scratch`: the folder that the
    task may write to; `buffers`: the one in it of the router's storage."""

    definition: TaskDefinition
    container: Container
    command: tuple[str, ...]
    localize: Callable[[str], str]
    task_id: str
    environment: Mapping[str, str]
    scratch: Path
    buffers: Path
    ports: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class RouterCommand:
    """How a log router is run. `reads` and `writes`: what it needs besides its own files."""

    words: tuple[str, ...]
    reads: tuple[Path, ...]
    writes: tuple[Path, ...]


def no_log_router(start: RouterStart) -> RouterCommand:
    """The settings of a machine without log routers."""
    raise TaskError(
        f"{start.container.name} is a log router, and none is run here",
        remedy="start the whole miniature",
    )


def whole_file_system(_access_point: str) -> str:
    """The root directory of every access point, because none is known."""
    return "/"


def say_nothing(_message: str) -> None:
    """Ignore progress."""


@dataclass(frozen=True, slots=True)
class TaskSettings:
    """`containers`: where each container's program is, by the key of the settings.

    `built`: the source folder of an image in the registry. `progress` is called with a short line
    for slow work (creating an environment). `cloud`: the variables with which a container (its
    task's definition, id and group, its name) calls AWS. `may_read`: why the execution role may not
    read the secret of an ARN; empty: it may. `may_start`: why ECS cannot start a task of a group
    (`service:web`), in its words. `log_driver`: another destination of a container's lines, in
    addition to the `LogSink`. `log_router`: how a log router is run, with its configuration
    written; raises BonkeiError if it cannot be run. `metric_period`: seconds between two datapoints
    of auto scaling; CloudWatch's are a minute. `minute`: how many seconds one of the alarms' takes.
    `hook`: asks a lifecycle hook of a deployment. `access_point`: the root directory of one of EFS.
    """

    home: Path
    containers: Mapping[str, ContainerSource] = field(default_factory=lambda: MappingProxyType({}))
    built: Built = nothing_is_built
    addresses: Translator = field(default_factory=NoTranslation)
    progress: Callable[[str], None] = say_nothing
    metric_period: float = 60.0
    minute: float = 60.0
    log_driver: OpenLogDriver = no_log_driver
    log_router: Callable[[RouterStart], RouterCommand] = no_log_router
    cloud: Callable[[TaskDefinition, str, str, str], Mapping[str, str]] = no_cloud
    may_read: Callable[[TaskDefinition, str], str] = may_read_all
    may_start: Callable[[TaskDefinition, str], str] = may_start_all
    hook: AskHook = agrees
    access_point: Callable[[str], str] = whole_file_system
