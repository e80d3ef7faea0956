"""The connections of a task that its definition shows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Container, Service, TaskDefinition
from bonkei.blueprint.elasticache import Cache
from bonkei.blueprint.rds import DatabaseCluster

_ECR_HOST = re.compile(r"^\d+\.dkr\.ecr(?:-fips)?\.[\w-]+\.amazonaws\.com")
_URL = re.compile(r"^[a-z+]+://(?:[^@/]*@)?([^/:]+)(?::(\d+))?")


def image_services(container: Container) -> tuple[str, ...]:
    """ECR's layers come from S3: "Amazon ECR interface VPC endpoints"."""
    return ("ecr.api", "ecr.dkr", "s3") if _ECR_HOST.match(container.image) else ()


def secret_services(container: Container) -> Iterator[str]:
    """The services that hold the task's secrets."""
    for _, value_from in container.secrets:
        yield "secretsmanager" if ":secretsmanager:" in value_from else "ssm"


def databases_of(definition: TaskDefinition, blueprint: Blueprint) -> Iterator[DatabaseCluster]:
    """Clusters with their endpoint in a container's environment, alone or in a URL."""
    for cluster in blueprint.database_clusters:
        if _is_named(definition, cluster.endpoint, cluster.reader_endpoint):
            yield cluster


def stores_of(
    definition: TaskDefinition, blueprint: Blueprint
) -> Iterator[DatabaseCluster | Cache]:
    """Those, and caches by the same sign."""
    yield from databases_of(definition, blueprint)
    yield from (cache for cache in blueprint.caches if _is_named(definition, *cache.endpoints))


def _is_named(definition: TaskDefinition, *names: str) -> bool:
    values = [value for c in definition.containers for _, value in c.environment]
    return any(name in value for name in names if name for value in values)


def peers_of(definition: TaskDefinition, blueprint: Blueprint) -> Iterator[tuple[Service, int]]:
    """Services with a name of theirs in a URL of a container's environment, and the port."""
    called = {
        (match[1], int(match[2] or 0))
        for container in definition.containers
        for _, value in container.environment
        if (match := _URL.match(value))
    }
    for callee in blueprint.services:
        for endpoint in blueprint.endpoints(callee):
            port = container_port(blueprint, callee, endpoint.port_name)
            wanted = {(endpoint.dns_name, number) for number in (endpoint.port, 0)}
            if port and called & wanted:
                yield callee, port


def container_port(blueprint: Blueprint, service: Service, port_name: str) -> int:
    """The port behind a name of a service's containers; 0 without one."""
    definition = blueprint.definition_of(service)
    return definition.ports.get(port_name, ("", 0))[1] if definition else 0
