"""ECS over ordinary processes.

`scheduler` decides (pure: services, deployments, tasks, time), `executor` does (processes, ports,
environments), `manager.Tasks` joins the two and is what other parts use.
"""

from bonkei.tasks.errors import TaskError
from bonkei.tasks.logs import FileLogSink, LogLine, LogSink, MemoryLogSink
from bonkei.tasks.manager import Tasks
from bonkei.tasks.process import ProcessSpec, find_executable
from bonkei.tasks.settings import TaskSettings
from bonkei.tasks.snapshot import (
    DeploymentSnapshot,
    Note,
    ServiceSnapshot,
    TaskOutcome,
    TaskSnapshot,
    TasksSnapshot,
)

__all__ = [
    "DeploymentSnapshot",
    "FileLogSink",
    "LogLine",
    "LogSink",
    "MemoryLogSink",
    "Note",
    "ProcessSpec",
    "ServiceSnapshot",
    "TaskError",
    "TaskOutcome",
    "TaskSettings",
    "TaskSnapshot",
    "Tasks",
    "TasksSnapshot",
    "find_executable",
]
