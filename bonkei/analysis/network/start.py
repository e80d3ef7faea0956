"""ECS's calls through a task's network before its containers run, and its messages when they fail.

"Stopped tasks error messages", "ResourceInitializationError errors", "CannotPullContainer errors"
(Amazon ECS Developer Guide). With platform version 1.4.0, all of these calls use the task's network
interface: "Fargate task networking".
"""

from __future__ import annotations

from collections.abc import Iterator

from bonkei.analysis.network.callers import Caller
from bonkei.analysis.network.flows import image_services, secret_services
from bonkei.analysis.network.reach import obstacle_to_service, places, way_to_service
from bonkei.blueprint import Blueprint
from bonkei.blueprint.codebuild import BuildProject
from bonkei.blueprint.ecs import TaskDefinition

_SETUP = "ResourceInitializationError: unable to pull secrets or registry auth"
_WORDS = {
    "ecr.api": (
        f"{_SETUP}: The task cannot pull registry auth from Amazon ECR: There is a connection "
        "issue between the task and Amazon ECR. Check your task network configuration."
    ),
    "secretsmanager": (
        f"{_SETUP}: The task cannot pull secrets from AWS Secrets Manager: There is a connection "
        "issue between the task and AWS Secrets Manager. Check your task network configuration."
    ),
    "ssm": (
        f"{_SETUP}: The task cannot pull secrets from AWS Systems Manager: There is a connection "
        "issue between the task and AWS Systems Manager Parameter Store. Check your task network "
        "configuration."
    ),
    "logs": "ResourceInitializationError: failed to validate logger args: : signal: killed",
}
_PULL = (
    "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve "
    "ref: dial tcp: i/o timeout"
)


def obstacle_to_start(
    blueprint: Blueprint, definition: TaskDefinition, caller: Caller | None
) -> tuple[str, str]:
    """ECS's message, and the obstacle; both are empty when the task can start. An unknown caller,
    or one without a known subnet, counts as open."""
    if caller is None:
        return "", ""
    for service in dict.fromkeys(_needed(definition)):
        found = [obstacle_to_service(blueprint, place, service) for place in caller.places]
        if found and all(found):
            return _WORDS.get(service, _PULL), found[0]
    return "", ""


def obstacle_to_build(blueprint: Blueprint, project: BuildProject) -> str:
    """Why a build cannot fetch its source or write its log; empty when it can, or when it is in no
    VPC.

    "Use AWS CodeBuild with Amazon Virtual Private Cloud".
    """
    places_ = places(blueprint, project.subnet_ids, project.security_group_ids)
    wanted = ["s3"] if "CODEPIPELINE" in (project.source.type, project.artifacts.type) else []
    if project.logs.enabled:
        wanted.append("logs")
    for service in wanted:
        found = [way_to_service(blueprint, place, service)[0] for place in places_]
        if found and all(found):
            return found[0]
    return ""


def _needed(definition: TaskDefinition) -> Iterator[str]:
    for container in definition.containers:
        yield from image_services(container)
    for container in definition.containers:
        yield from secret_services(container)
    for container in definition.containers:
        log = container.log_configuration
        if log is not None and log.driver == "awslogs":
            yield "logs"
