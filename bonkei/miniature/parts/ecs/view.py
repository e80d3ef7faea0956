"""The miniature's tasks, for the AWS endpoint's `ecs`."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bonkei.analysis.network.callers import awsvpc
from bonkei.base.background import Background
from bonkei.base.errors import BonkeiError
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Service, TaskDefinition
from bonkei.miniature.parts.ecs import described as ecs_described
from bonkei.miniature.rollout.registered import RegisteredDefinitions
from bonkei.services.ecs import ServiceSnapshot, Tasks, TaskSnapshot
from bonkei.services.ecs.api.values import (
    EcsService,
    EcsServiceEvent,
    EcsState,
    EcsTask,
    RunTask,
    ServiceChange,
)
from bonkei.services.ecs.snapshot import DeploymentSnapshot

Change = Callable[[str, ServiceChange], Awaitable[None]]
Digest = Callable[[str], str]
Happened = Callable[[EcsService], Sequence[EcsServiceEvent]]
_LISTED = 20.0
"""Seconds for which a deployment that was given up is described. On AWS it is gone when its tasks
are, after about as long. AWS's waiters look every 15 seconds, and wait for it to be gone."""


def _no_digest(_reference: str) -> str:
    return ""


class EcsView:
    """`tasks` exist before the first call. `change` changes the service with an ARN, and ends when
    this is done. `report` gets the reason for a failure. `digest`: of an image in the registry, or
    empty."""

    def __init__(
        self,
        blueprint: Callable[[], Blueprint],
        tasks: Callable[[], Tasks],
        change: Change,
        report: Callable[[str], None],
        registered: RegisteredDefinitions,
        digest: Digest = _no_digest,
        placed: Callable[[str, str], None] = lambda _task, _source: None,
        now: Callable[[], float] = time.time,
        happened: Happened = lambda _: (),
    ) -> None:
        """`placed` is called for a task that is started with its own network. `now`: in Unix
        seconds. `happened`: to a service, newest first."""
        self._happened = happened
        self._placed = placed
        self._now = now
        self._declared = blueprint
        self._registered = registered
        self._digest = digest
        self._tasks = tasks
        self._change = change
        self._report = report
        self._going_on = Background()
        self._pending: dict[str, _Pending] = {}
        self._ran: dict[str, RunTask] = {}  # tasks of RunTask, as long as they are shown

    def _blueprint(self) -> Blueprint:
        return self._registered.over(self._declared())

    def describe(self) -> EcsState:
        blueprint, snapshot = self._blueprint(), self._tasks().snapshot()
        definitions = {f"{d.family}:{d.revision}": d for d in blueprint.task_definitions}
        arns = {name: d.arn for name, d in definitions.items()}
        withdrawn = self._registered.withdrawn
        defined = {service.arn: service for service in blueprint.services}
        by_group = {f"service:{service.name}": service for service in blueprint.services}
        default = blueprint.clusters[0].arn if blueprint.clusters else ""
        return EcsState(
            clusters=tuple((cluster.name, cluster.arn) for cluster in blueprint.clusters),
            services=tuple(
                self._service(service, defined[service.arn], arns)
                for service in snapshot.services
                if service.arn in defined
            ),
            tasks=tuple(
                self._task(
                    task,
                    by_group.get(task.group),
                    default,
                    definitions.get(task.task_definition),
                )
                for task in (*snapshot.tasks, *snapshot.stopped)
            ),
            definitions={
                d.arn: ecs_described.definition(d, d.arn in withdrawn)
                for d in blueprint.task_definitions
            },
        )

    def find(self, task_id: str) -> EcsTask | None:
        """A task that runs, or has ended lately."""
        return next((one for one in self.describe().tasks if one.id == task_id), None)

    def events(self, service: EcsService) -> Sequence[EcsServiceEvent]:
        return self._happened(service)

    def _service(
        self, snapshot: ServiceSnapshot, service: Service, arns: Mapping[str, str]
    ) -> EcsService:
        since = self._now() - _LISTED
        described = ecs_described.service(snapshot, service, arns, since)
        pending = self._pending.get(service.arn)
        return described if pending is None else pending.over(described, since)

    def _task(
        self,
        task: TaskSnapshot,
        service: Service | None,
        default: str,
        definition: TaskDefinition | None,
    ) -> EcsTask:
        """`default`: the cluster's ARN of a task that is not put into another one."""
        ran = self._ran.get(task.id)
        cluster_arn = (ran.cluster_arn if ran else "") or default
        shell = ran is not None and ran.execute_command
        if service:
            cluster_arn, shell = service.cluster_arn, service.execute_command
        described = ecs_described.task(
            task, cluster_arn, definition.arn if definition else task.task_definition
        )
        digests = {one.name: self._digest(one.image) for one in described.containers}
        found = replace(described, digests=digests, execute_command=shell)
        return replace(found, group=ran.group or found.group, tags=ran.tags) if ran else found

    def register_definition(self, document: Mapping[str, Any], place: str) -> str:
        return self._registered.register(document, place).arn

    def deregister_definition(self, arn: str) -> None:
        self._registered.withdraw(arn)

    def change_service(self, arn: str, change: ServiceChange) -> None:
        """The caller does not wait for its end; `describe` shows its progress."""
        now = next((one for one in self.describe().services if one.arn == arn), None)
        if now is not None and now.definition_arn == change.definition_arn:
            change = replace(change, definition_arn="")  # that alone begins no deployment
        if change.has_new_tasks:
            change = replace(change, deployment_id=f"ecs-svc/{secrets.token_hex(16)}")
        pending = self._pending[arn] = _Pending(change, self._now())
        self._going_on.start(self._quietly(arn, pending))

    async def _quietly(self, arn: str, pending: _Pending) -> None:
        failed = None
        try:
            await self._change(arn, pending.change)
        except BonkeiError as error:
            self._report(f"{error.message}\n{error.remedy}".rstrip())
            failed = replace(pending, failure=error.message, failed_at=self._now())
        except OSError as error:
            self._report(f"a change of {arn} cannot be kept: {error}")
            failed = replace(pending, failure=str(error), failed_at=self._now())
        finally:
            if self._pending.get(arn) is pending:
                del self._pending[arn]
                if failed is not None and failed.change.has_new_tasks:
                    self._pending[arn] = failed

    def stop_deployment(self, service: str, deployment: str) -> None:
        self._tasks().stop_deployment(service, deployment)

    def run_task(self, task: RunTask) -> str:
        definition = self._blueprint().task_definition(task.definition_arn)
        definition = replace(
            definition,
            task_role_arn=task.task_role_arn or definition.task_role_arn,
            execution_role_arn=task.execution_role_arn or definition.execution_role_arn,
        )
        task_id = self._tasks().start_task(definition, task.overrides, task.started_by)
        snapshot = self._tasks().snapshot()
        shown = {one.id for one in (*snapshot.tasks, *snapshot.stopped)}
        self._ran = {one: ran for one, ran in self._ran.items() if one in shown}
        self._ran[task_id] = task
        subnets, groups, is_public = task.network
        if subnets:
            source = awsvpc(definition.family, subnets, groups, public_ip=is_public)
            self._placed(task_id, source)
        return task_id

    def stop_task(self, task_id: str, reason: str) -> None:
        self._tasks().stop_task(task_id, reason)


@dataclass(frozen=True, slots=True)
class _Pending:
    """A requested change that has not begun, for example because a migration comes first. ECS shows
    the new deployment at once, and clients that wait for a stable service depend on that.
    `failure`: a failed change is shown for a while, even if it failed at once."""

    change: ServiceChange
    asked_at: float
    failure: str = ""
    failed_at: float = 0.0

    def over(self, service: EcsService, since: float) -> EcsService:
        """`since`: a deployment that was given up before it, and has no tasks, is not shown."""
        desired = service.desired
        if self.change.desired_count is not None and not self.failure:
            desired = self.change.desired_count
        shown = replace(service, desired=desired)
        is_shown = any(each.id == self.change.deployment_id for each in service.deployments)
        is_past = bool(self.failure and service.deployments and self.failed_at < since)
        if is_shown or is_past or not self.change.has_new_tasks:
            return shown
        definition = self.change.definition_arn or service.definition_arn
        if self.failure:
            status = "ACTIVE" if service.deployments else "PRIMARY"
            given_up = self._deployment(status, definition, "FAILED")
            return replace(shown, deployments=(*service.deployments, given_up))
        coming = self._deployment("PRIMARY", definition, "IN_PROGRESS")
        # Before its first release, a service may have none, because its image is in no registry
        # yet.
        first = [replace(each, status="ACTIVE") for each in service.deployments[:1]]
        return replace(
            shown,
            definition_arn=definition,
            deployments=(coming, *first, *service.deployments[1:]),
        )

    def _deployment(self, status: str, definition: str, state: str) -> DeploymentSnapshot:
        id_, at = self.change.deployment_id, self.asked_at
        return DeploymentSnapshot(
            id_, status, definition, state, 0, 0, 0, self.failure, created_at=at
        )
