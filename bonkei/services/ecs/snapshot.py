"""The values of `Tasks.snapshot`, ready to show or to serialise."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeploymentSnapshot:
    """`status`: PRIMARY | ACTIVE | INACTIVE (it has FAILED, and has no tasks left).
    `rollout_state`: IN_PROGRESS | COMPLETED | FAILED. `failed_tasks`: in a row, while it is in
    progress. `reason`: why it FAILED, why it is the target of a rollback, or why its last task
    failed. `created_at` and `failed_at`: in Unix seconds. `traffic`: its share of the requests
    while they are shifted, in words. `weight`: the same in percent, at any time. `stage`: of its
    lifecycle, while it shifts them."""

    id: str
    status: str
    task_definition: str  # family:revision
    rollout_state: str
    running_count: int
    pending_count: int
    failed_tasks: int
    reason: str = ""
    failed_at: float | None = None
    created_at: float | None = None
    traffic: str = ""
    weight: float = 0.0
    stage: str = ""


@dataclass(frozen=True, slots=True)
class ServiceSnapshot:
    """`running_count` and `pending_count` as ECS counts them; `healthy_count` passes all checks.
    `refused`: why no task of it can be run here, or empty. `failure`: why the deployment of the
    definitions FAILED, and which one runs instead; empty otherwise. `trial_seconds`: for how long
    the primary deployment's tasks have to be healthy before it is COMPLETED.
    """

    arn: str
    name: str
    desired_count: int
    running_count: int
    pending_count: int
    healthy_count: int
    deployments: tuple[DeploymentSnapshot, ...]
    refused: str = ""
    failure: str = ""
    trial_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ContainerSnapshot:
    """`status`: PENDING | RUNNING | STOPPED. `exit_code`: None while it runs, and if it never ran.
    `reason`: why it could not be started."""

    name: str
    status: str
    exit_code: int | None = None
    reason: str = ""
    health: str = "UNKNOWN"
    image: str = ""


@dataclass(frozen=True, slots=True)
class TaskSnapshot:
    """`group`: service:NAME, or family:NAME for a standalone task. `pids`: its containers'
    processes by container name. Times in Unix seconds. `started_by`: as `run-task` has it, or the
    deployment's id. CPU in percent of one vCPU, memory in bytes. `endpoint`: host:port of its first
    port, or empty. `failed`: it ended by a failure of its own."""

    id: str
    group: str
    task_definition: str  # family:revision
    last_status: str
    health: str
    reason: str
    endpoint: str
    pids: tuple[tuple[str, int], ...]
    started_at: float | None
    cpu_percent: float
    memory: int
    containers: tuple[ContainerSnapshot, ...] = ()
    created_at: float | None = None
    stopped_at: float | None = None
    started_by: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """A thing that does not run, or not as defined. `subject` names it."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class TasksSnapshot:
    """`stopped`: the last ended tasks, for their reasons."""

    services: tuple[ServiceSnapshot, ...]
    tasks: tuple[TaskSnapshot, ...]
    stopped: tuple[TaskSnapshot, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class TaskOutcome:
    """The result of a one-off task. `exit_code` is None if its container never ran; `output`: the
    end of its output, with stdout and stderr in the order of reading."""

    exit_code: int | None
    reason: str
    output: tuple[str, ...] = ()
