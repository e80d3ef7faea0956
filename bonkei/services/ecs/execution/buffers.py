"""What a log router has taken and not sent yet.

On Fargate it is lost with the task. Here a task also ends because this machine's owner has killed
the miniature. So the next router of the same family sends it.
"""

from __future__ import annotations

from pathlib import Path

from bonkei.base.folders import entries, matching
from bonkei.base.processes.roots import remove_scratch

NAME = "log-buffers"


def buffers_of(scratch: Path, family: str) -> Path:
    """The folder for a router's files, in its task's own one."""
    return scratch / NAME / family


def keep(scratch: Path, home: Path) -> None:
    """Before the files of a task that has ended are removed. A full disk takes nothing."""
    for left in entries(scratch / NAME):
        if _files(left):
            place = home / NAME / left.name / scratch.name
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            left.rename(place)


def take_over(buffers: Path, home: Path) -> None:
    """What earlier routers of the family have left. Their files have names that are not repeated:
    the time in nanoseconds, or the task."""
    for left in entries(home / NAME / buffers.name):
        for file in _files(left):
            place = buffers / file.relative_to(left)
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            file.replace(place)
        remove_scratch(left)


def _files(folder: Path) -> list[Path]:
    return [each for each in matching(folder, "**/*") if each.is_file()]
