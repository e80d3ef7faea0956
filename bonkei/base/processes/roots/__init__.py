"""Processes in a root file system of their own: those of tasks that run from a built image.

values   a root, its mounts, and how a process in it is started
paths    a path of the image -> its place on this machine, never outside the root
machine  a root for a process without an image: what it sees of this machine
command  the command line that enters a root, and whether this machine allows it
users    the user of a process, from the image's own files
enter    the program that it starts: namespaces, mounts, then the command
switchboard  the ports of such processes, each task's its own
engine   the same by a container engine, where this machine has no namespaces for us
engine_image  the image to the engine
attend   the program that it starts: the engine's client, with a guard
"""

from bonkei.base.processes.roots.command import (
    enter_command,
    join_command,
    remove_scratch,
    serve_command,
    why_not,
)
from bonkei.base.processes.roots.engine import exec_command, run_command
from bonkei.base.processes.roots.engine_image import give_image
from bonkei.base.processes.roots.machine import Trial, machine_root, why_not_confined
from bonkei.base.processes.roots.paths import find_program, resolve
from bonkei.base.processes.roots.switchboard import Switchboard
from bonkei.base.processes.roots.users import User, find_user
from bonkei.base.processes.roots.values import EngineRun, Mount, Root, RootSettings

__all__ = [
    "EngineRun",
    "Mount",
    "Root",
    "RootSettings",
    "Switchboard",
    "Trial",
    "User",
    "enter_command",
    "exec_command",
    "find_program",
    "find_user",
    "give_image",
    "join_command",
    "machine_root",
    "remove_scratch",
    "resolve",
    "run_command",
    "serve_command",
    "why_not",
    "why_not_confined",
]
