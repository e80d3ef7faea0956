"""Processes in a root file system of their own: those of tasks that run from a built image.

paths    a path of the image -> its place on this machine, never outside the root
command  the command line that enters a root, and whether this machine allows it
users    the user of a process, from the image's own files
enter    the program that it starts: namespaces, mounts, then the command
"""

from bonkei.processes.roots.command import (
    Mount,
    Root,
    enter_command,
    join_command,
    remove_scratch,
    why_not,
)
from bonkei.processes.roots.paths import find_program, resolve
from bonkei.processes.roots.users import User, find_user

__all__ = [
    "Mount",
    "Root",
    "User",
    "enter_command",
    "find_program",
    "find_user",
    "join_command",
    "remove_scratch",
    "resolve",
    "why_not",
]
