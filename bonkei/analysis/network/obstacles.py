"""Every closed connection of the definitions, for `bonkei status`: source, target and reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bonkei.analysis.network.callers import find_caller
from bonkei.analysis.network.flows import peers_of, stores_of
from bonkei.analysis.network.origins import closed_origins
from bonkei.analysis.network.start import obstacle_to_build, obstacle_to_start
from bonkei.analysis.network.targets import closed_target_groups
from bonkei.analysis.network.ways import obstacle_to_cluster, obstacle_to_peer
from bonkei.blueprint import Blueprint
from bonkei.blueprint.cloudfront import Distribution
from bonkei.blueprint.ecs import Service, TaskDefinition


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A closed connection. `why` names the thing to change by its Terraform address."""

    source: str
    target: str
    why: str


def obstacles(blueprint: Blueprint) -> tuple[Obstacle, ...]:
    """From CloudFront to the load balancer; from the load balancer to its targets; from tasks to
    peers, databases and AWS."""
    return tuple(_all(blueprint))


def _all(blueprint: Blueprint) -> Iterator[Obstacle]:
    for distribution in blueprint.distributions:
        yield from _of_distribution(blueprint, distribution)
    names = {group.arn: group.name for group in blueprint.target_groups}
    for arn, why in closed_target_groups(blueprint).items():
        yield Obstacle("the load balancer", names.get(arn, arn), why)
    for service in blueprint.services:
        definition = blueprint.definition_of(service)
        if definition is not None:
            yield from _of_service(blueprint, service, definition)
    yield from _of_projects(blueprint)


def _of_projects(blueprint: Blueprint) -> Iterator[Obstacle]:
    for project in blueprint.build_projects:
        if why := obstacle_to_build(blueprint, project):
            yield Obstacle(project.name, "AWS, to build", why)


def _of_distribution(blueprint: Blueprint, distribution: Distribution) -> Iterator[Obstacle]:
    for origin, why in closed_origins(blueprint, distribution).items():
        yield Obstacle(distribution.domain_name, origin, why)


def _of_service(
    blueprint: Blueprint, service: Service, definition: TaskDefinition
) -> Iterator[Obstacle]:
    caller = find_caller(blueprint, f"task {service.name}")
    if caller is None:
        return
    for cluster in stores_of(definition, blueprint):
        if why := obstacle_to_cluster(blueprint, caller, cluster):
            yield Obstacle(service.name, cluster.identifier, why)
    for callee, port in peers_of(definition, blueprint):
        if why := obstacle_to_peer(blueprint, caller, callee, port):
            yield Obstacle(service.name, callee.name, why)
    if why := obstacle_to_start(blueprint, definition, caller)[1]:
        yield Obstacle(service.name, "AWS, to start", why)
