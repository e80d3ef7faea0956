"""The scheduler's input (events) and output (actions).

The scheduler only decides, and the executor only acts. They exchange only these values, so a test
can replay any history.
"""

from __future__ import annotations

from dataclasses import dataclass

from bonkei.base.events import Endpoint, Event
from bonkei.blueprint.ecs import LifecycleHook

PortKey = tuple[str, int]  # (container name, container port)


# Events: the past of a task.


@dataclass(frozen=True, slots=True)
class TaskPrepared:
    """Environment, secrets and ports exist. `endpoints`: by container and container port."""

    task_id: str
    endpoints: tuple[tuple[PortKey, Endpoint], ...] = ()


@dataclass(frozen=True, slots=True)
class PreparationFailed:
    task_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ContainerStarted:
    task_id: str
    container: str
    pid: int


@dataclass(frozen=True, slots=True)
class ContainerNotStarted:
    task_id: str
    container: str
    reason: str


@dataclass(frozen=True, slots=True)
class ContainerExited:
    """`exit_code` is in a shell's form: 128 + n for signal n. `error`: the exception in its
    output, with file and line."""

    task_id: str
    container: str
    exit_code: int
    error: str = ""


@dataclass(frozen=True, slots=True)
class OutOfMemory:
    """A container uses more memory than it, or its task, may have."""

    task_id: str
    container: str


@dataclass(frozen=True, slots=True)
class HealthProbed:
    task_id: str
    container: str
    succeeded: bool


@dataclass(frozen=True, slots=True)
class Listens:
    """A container has begun to listen on one of its ports."""

    task_id: str
    container: str


@dataclass(frozen=True, slots=True)
class ListensElsewhere:
    """A container listens on `ports` instead of its assigned port. Empty: it now listens on the
    right one."""

    task_id: str
    container: str
    ports: tuple[int, ...] = ()


TaskEvent = (
    TaskPrepared
    | PreparationFailed
    | ContainerStarted
    | ContainerNotStarted
    | ContainerExited
    | OutOfMemory
    | HealthProbed
    | Listens
    | ListensElsewhere
)


# Actions: the next steps.


@dataclass(frozen=True, slots=True)
class PrepareTask:
    task_id: str


@dataclass(frozen=True, slots=True)
class StartContainer:
    task_id: str
    container: str


@dataclass(frozen=True, slots=True)
class ProbeHealth:
    task_id: str
    container: str


@dataclass(frozen=True, slots=True)
class TerminateContainer:
    """The image's STOPSIGNAL, SIGTERM by default."""

    task_id: str
    container: str


@dataclass(frozen=True, slots=True)
class KillContainer:
    task_id: str
    container: str


@dataclass(frozen=True, slots=True)
class ReleaseTask:
    """The task is STOPPED. Release its ports and its directory."""

    task_id: str


@dataclass(frozen=True, slots=True)
class CallHook:
    """Ask a function whether a deployment may go on from this stage."""

    service_arn: str
    deployment_id: str
    stage: str
    hook: LifecycleHook


@dataclass(frozen=True, slots=True)
class Publish:
    event: Event


Action = (
    PrepareTask
    | StartContainer
    | ProbeHealth
    | TerminateContainer
    | KillContainer
    | ReleaseTask
    | CallHook
    | Publish
)
