"""What an image was built from, or into, where a registry knows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bonkei.base.processes.roots import EngineRun, RootSettings
from bonkei.blueprint.ecs import Container, TaskDefinition


@dataclass(frozen=True, slots=True)
class BuiltFiles:
    """`folder`: sources with their Dockerfile; or, with `root`, the root file system of an image
    that a container engine has built. `engine`: what runs it, where this machine cannot."""

    folder: Path
    root: RootSettings | None = None
    engine: EngineRun | None = None


Built = Callable[[Container, TaskDefinition], BuiltFiles | None]
"""The files of a container's image. The task's architecture chooses the image of an index. None:
the working copy is used. Raises TaskError when the image cannot be pulled."""


def nothing_is_built(_container: Container, _definition: TaskDefinition) -> BuiltFiles | None:
    """Without a registry, every image is built from the working copy."""
    return None
