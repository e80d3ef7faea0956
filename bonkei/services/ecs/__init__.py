"""ECS over ordinary processes.

manager       Tasks: joins scheduler, clock and executor; other parts use this
compose       from the blueprint to the scheduler's input (task_spec)
scheduling    decisions: services, deployments, tasks, time
scaling       the number of tasks that a service should have
hooks         the functions that a deployment asks
messages      the events and actions between scheduling and execution
execution     actions: processes, ports, environments
images        the content of a container's image
logs          the lines that containers write
snapshot      the values for `bonkei status` (reporting makes them)
"""

from bonkei.services.ecs.errors import TaskError
from bonkei.services.ecs.execution.process import ProcessSpec, among_ours
from bonkei.services.ecs.execution.secret_references import missing_secrets
from bonkei.services.ecs.logs import (
    CutLine,
    FileLogSink,
    LogDriver,
    LogLine,
    LogSink,
)
from bonkei.services.ecs.manager import Tasks
from bonkei.services.ecs.settings import RouterCommand, RouterStart, TaskSettings
from bonkei.services.ecs.snapshot import (
    ContainerSnapshot,
    DeploymentSnapshot,
    Note,
    ServiceSnapshot,
    TaskOutcome,
    TaskSnapshot,
    TasksSnapshot,
)
from bonkei.services.ecs.task_spec import ContainerOverride

__all__ = [
    "ContainerOverride",
    "ContainerSnapshot",
    "CutLine",
    "DeploymentSnapshot",
    "FileLogSink",
    "LogDriver",
    "LogLine",
    "LogSink",
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
    "missing_secrets",
]
