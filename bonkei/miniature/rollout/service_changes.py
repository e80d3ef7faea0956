"""What `ecs update-service` has asked of services since the definitions were last applied."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bonkei.blueprint import Blueprint
from bonkei.blueprint.service import Service
from bonkei.cloud.own.ecs import ServiceChange

FORCED = ServiceChange(force_new_deployment=True)


@dataclass(frozen=True, slots=True)
class _Standing:
    """`forced`: so many times; None and empty: as defined."""

    forced: int = 0
    desired_count: int | None = None
    definition_arn: str = ""
    deployment_id: str = ""


class ServiceChanges:
    """By the services' ARNs."""

    def __init__(self) -> None:
        self._standing: dict[str, _Standing] = {}

    def add(self, arn: str, change: ServiceChange) -> None:
        before = self._standing.get(arn, _Standing())
        desired = before.desired_count if change.desired_count is None else change.desired_count
        self._standing[arn] = _Standing(
            before.forced + change.force_new_deployment,
            desired,
            change.definition_arn or before.definition_arn,
            change.deployment_id or before.deployment_id,
        )

    def definitions_win(self) -> None:
        """An apply sets counts and task definitions back to what is declared, as it does on AWS
        unless `ignore_changes` names them."""
        self._standing = {arn: _Standing(one.forced) for arn, one in self._standing.items()}

    def over(self, blueprint: Blueprint) -> Blueprint:
        """The blueprint with what was asked for."""
        return replace(blueprint, services=tuple(map(self._changed, blueprint.services)))

    def _changed(self, service: Service) -> Service:
        asked = self._standing.get(service.arn)
        if asked is None:
            return service
        token = f"{service.force_new_deployment_token} {asked.forced or ''}".rstrip()
        desired = service.desired_count if asked.desired_count is None else asked.desired_count
        return replace(
            service,
            force_new_deployment_token=token,
            desired_count=desired,
            task_definition_arn=asked.definition_arn or service.task_definition_arn,
            deployment_id=asked.deployment_id,
        )
