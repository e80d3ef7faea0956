"""Services and tasks in the terms of the ECS API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bonkei.services.ecs.snapshot import ContainerSnapshot, DeploymentSnapshot
from bonkei.services.ecs.task_spec import ContainerOverride


@dataclass(frozen=True, slots=True)
class EcsTask:
    """Times in Unix seconds. `execute_command`: whether a shell may be opened in it. `digests`: of
    the containers' images that are in a registry here, by the container's name."""

    id: str
    arn: str
    cluster_arn: str
    definition_arn: str
    group: str
    last_status: str
    health: str
    stopped_reason: str
    started_at: float | None
    containers: tuple[ContainerSnapshot, ...]
    created_at: float | None = None
    stopped_at: float | None = None
    started_by: str = ""
    execute_command: bool = False
    tags: tuple[tuple[str, str], ...] = ()
    digests: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EcsServiceEvent:
    """`created_at`: in Unix seconds."""

    id: str
    created_at: float
    message: str


@dataclass(frozen=True, slots=True)
class EcsService:
    """`deployments`: each with its task definition's ARN in the place of `family:revision`.
    `settings`: what the definitions say of it, in the API's form."""

    arn: str
    name: str
    cluster_arn: str
    definition_arn: str
    desired: int
    running: int
    pending: int
    deployments: tuple[DeploymentSnapshot, ...]
    targets: tuple[tuple[str, str, int], ...] = ()  # (target group's ARN, container, port)
    settings: Mapping[str, Any] = field(default_factory=dict)

    def desired_of(self, deployment: DeploymentSnapshot) -> int:
        """Only the primary deployment starts tasks."""
        return self.desired if deployment.status == "PRIMARY" else 0


@dataclass(frozen=True, slots=True)
class EcsState:
    """Everything that the API describes. `definitions`: in the API's form, by ARN."""

    clusters: tuple[tuple[str, str], ...]  # (name, ARN)
    services: tuple[EcsService, ...]
    tasks: tuple[EcsTask, ...]
    definitions: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class RunTask:
    """A task to start. The roles are ARNs. If not empty, they replace those of the definition.
    `network`: its subnets, its security groups,
    and whether it has a public address. `cluster_arn`: where it is shown. `group`: empty for that
    of its family."""

    definition_arn: str
    overrides: tuple[ContainerOverride, ...] = ()
    started_by: str = ""
    task_role_arn: str = ""
    execution_role_arn: str = ""
    network: tuple[tuple[str, ...], tuple[str, ...], bool] = ((), (), False)
    execute_command: bool = False
    cluster_arn: str = ""
    group: str = ""
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceChange:
    """A change by `update-service`. None and empty values change nothing. `deployment_id`: the id
    of the deployment that begins, as given in the answer; empty for any."""

    force_new_deployment: bool = False
    desired_count: int | None = None
    definition_arn: str = ""
    deployment_id: str = ""

    @property
    def has_new_tasks(self) -> bool:
        """Whether a new deployment begins. A change of only the count changes the existing one."""
        return self.force_new_deployment or bool(self.definition_arn)


class Ecs(Protocol):
    """The runner of the tasks."""

    def describe(self) -> EcsState: ...

    def events(self, service: EcsService) -> Sequence[EcsServiceEvent]:
        """What happened to the service, newest first."""
        ...

    def change_service(self, arn: str, change: ServiceChange) -> None:
        """Begin the change; `describe` shows its progress."""
        ...

    def stop_deployment(self, service: str, deployment: str) -> None:
        """Let the service go back to its last completed deployment."""
        ...

    def run_task(self, task: RunTask) -> str:
        """Starts a task. Returns its id. Raises TaskError (a BonkeiError) if it cannot run here."""
        ...

    def stop_task(self, task_id: str, reason: str) -> None: ...

    def register_definition(self, document: Mapping[str, Any], place: str) -> str:
        """The ARN of the new revision: `place`/FAMILY:REVISION. It is stored before this returns.
        Raises BonkeiError for a document that ECS refuses."""
        ...

    def deregister_definition(self, arn: str) -> None:
        """Its running tasks continue, but no new ones can be started from it."""
        ...
