"""aws_efs_access_point: the folder of a file system that tasks which mount it see as its root."""

from __future__ import annotations

from dataclasses import dataclass

from bonkei.blueprint.state import State


@dataclass(frozen=True, slots=True)
class AccessPoint:
    id: str
    file_system_id: str
    root_directory: str = "/"


def read_access_points(state: State) -> tuple[AccessPoint, ...]:
    return tuple(
        block.read(AccessPoint, root_directory=block.part("root_directory").text("path", "/"))
        for block in state.managed("aws_efs_access_point")
    )
