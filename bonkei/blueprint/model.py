"""The whole architecture, as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass

from bonkei.blueprint.coverage import NotSimulated
from bonkei.blueprint.database import DatabaseCluster
from bonkei.blueprint.distribution import Distribution
from bonkei.blueprint.load_balancer import LoadBalancer, TargetGroup
from bonkei.blueprint.secret import Secret
from bonkei.blueprint.service import Service, TaskDefinition
from bonkei.blueprint.web_acl import WebAcl


@dataclass(frozen=True, slots=True)
class Blueprint:
    """Everything that the miniature builds, and what it does not. Order: by address."""

    distributions: tuple[Distribution, ...] = ()
    web_acls: tuple[WebAcl, ...] = ()
    load_balancers: tuple[LoadBalancer, ...] = ()
    target_groups: tuple[TargetGroup, ...] = ()
    services: tuple[Service, ...] = ()
    task_definitions: tuple[TaskDefinition, ...] = ()
    database_clusters: tuple[DatabaseCluster, ...] = ()
    secrets: tuple[Secret, ...] = ()
    not_simulated: tuple[NotSimulated, ...] = ()

    def task_definition(self, arn: str) -> TaskDefinition:
        """The task definition of an ARN; KeyError when there is none."""
        for definition in self.task_definitions:
            if definition.arn == arn:
                return definition
        raise KeyError(arn)
