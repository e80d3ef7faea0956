"""The tasks' settings on this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from bonkei.blueprint.service import TaskDefinition
from bonkei.tasks.logs import OpenLogDriver, no_log_driver


class Translator(Protocol):
    """Rewrites AWS's endpoint names in the value of an environment variable."""

    def translate(self, value: str) -> str: ...


class NoTranslation:
    """Leaves every value as it is."""

    def translate(self, value: str) -> str:
        return value


def no_cloud(_definition: TaskDefinition, _task_id: str) -> Mapping[str, str]:
    """No variables: without an AWS endpoint."""
    return {}


def say_nothing(_message: str) -> None:
    """Ignore progress."""


@dataclass(frozen=True, slots=True)
class TaskSettings:
    """`containers`: name of a container -> the directory of its Dockerfile.

    `progress` is called with a short line for slow work (creating an environment).
    `cloud`: the variables with which a task (its definition, its id) calls AWS.
    `log_driver`: where a container's lines go besides the `LogSink`.
    `metric_period`: seconds between two datapoints of auto scaling; CloudWatch's are a minute.
    """

    home: Path
    containers: Mapping[str, Path] = field(default_factory=lambda: MappingProxyType({}))
    addresses: Translator = field(default_factory=NoTranslation)
    progress: Callable[[str], None] = say_nothing
    metric_period: float = 60.0
    log_driver: OpenLogDriver = no_log_driver
    cloud: Callable[[TaskDefinition, str], Mapping[str, str]] = no_cloud
