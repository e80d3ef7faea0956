"""ECS over ordinary processes.

manager       Tasks: joins scheduler, clock and executor; other parts use this
compose       from the blueprint to the scheduler's input (task_spec)
scheduling    decisions: services, deployments, tasks, time
scaling       the number of tasks that a service should have
messages      the events and actions between scheduling and execution
execution     actions: processes, ports, environments
images        the content of a container's image
logs          the lines that containers write
snapshot      the values for `bonkei status` (reporting makes them)
"""

from bonkei.tasks.errors import TaskError
from bonkei.tasks.execution.process import ProcessSpec, among_ours
from bonkei.tasks.logs import CutLine, FileLogSink, LogDriver, LogLine, LogSink, MemoryLogSink
from bonkei.tasks.manager import Tasks
from bonkei.tasks.settings import RouterCommand, RouterStart, TaskSettings
from bonkei.tasks.snapshot import (
    ContainerSnapshot,
    DeploymentSnapshot,
    Note,
    ServiceSnapshot,
    TaskOutcome,
    TaskSnapshot,
    TasksSnapshot,
)
from bonkei.tasks.task_spec import ContainerOverride

__all__ = [
    "ContainerOverride",
    "ContainerSnapshot",
    "CutLine",
    "DeploymentSnapshot",
    "FileLogSink",
    "LogDriver",
    "LogLine",
    "LogSink",
    "MemoryLogSink",
    "Note",
    "ProcessSpec",
    "RouterCommand",
    "RouterStart",
    "ServiceSnapshot",
    "TaskError",
    "TaskOutcome",
    "TaskSettings",
    "TaskSnapshot",
    "Tasks",
    "TasksSnapshot",
    "among_ours",
]
