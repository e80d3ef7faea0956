"""Volumes of EFS: a folder of the home for each file system, for all tasks that mount it.

On AWS a root directory that does not exist stops the task, unless an access point may create it.
Here it is made: nobody has prepared the file system of a laptop by hand.
Source: "Use Amazon EFS volumes with Amazon ECS", Amazon ECS Developer Guide.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from bonkei.base.processes.roots import resolve
from bonkei.blueprint.ecs import TaskDefinition

NAME = "file-systems"
RootOf = Callable[[str], str]
"""The root directory of an access point, by its id."""


def shared_folders(definition: TaskDefinition, home: Path, root_of: RootOf) -> dict[str, Path]:
    """The folders here of a task's file systems, by the names of its volumes. A link that a task
    has made leads to a place in the file system, as on AWS."""
    found = {}
    for volume in definition.file_systems:
        whole = home / NAME / re.sub(r"[^\w-]", "_", volume.file_system_id)
        point = volume.access_point_id
        found[volume.name] = resolve(whole, root_of(point) if point else volume.root_directory)
    return found
