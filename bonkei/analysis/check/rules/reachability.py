"""Tasks reach their image, logs, secrets, database and peers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from bonkei.analysis.check.finding import Problem
from bonkei.analysis.check.subject import Subject, error
from bonkei.analysis.network.flows import databases_of, image_services, peers_of
from bonkei.analysis.network.reach import (
    Place,
    obstacle_into,
    obstacle_to_internet,
    obstacle_to_service,
    places,
    way_to_service,
)
from bonkei.analysis.network.targets import forwards_to, obstacles_to
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Container, Service, TaskDefinition

_PRIVATE_LINK = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html"

_ECR_HOST = re.compile(r"^\d+\.dkr\.ecr(?:-fips)?\.[\w-]+\.amazonaws\.com")
_REMEDY = (
    "give the subnet an interface or gateway endpoint for the service (with a security group that"
    " lets the task in on 443) or a route to a NAT gateway, and let the task's group out to it"
)

# An AWS service that a container needs, and the purpose.
Need = tuple[str, str]


def _image_needs(container: Container) -> Iterator[Need]:
    for service in image_services(container):
        yield service, f"pulls {container.name}'s image"


def _log_needs(subject: Subject, container: Container) -> Iterator[Need]:
    log = container.log_configuration
    if log is not None and log.driver == "awslogs":
        yield "logs", f"ships {container.name}'s log"
    if log is not None and log.driver == "awsfirelens":
        name = dict(log.options).get("Name", "")
        if service := _OUTPUT_SERVICES.get(name):
            yield service, f"routes {container.name}'s log"
    program = subject.program(container)
    if container.firelens is not None and program is not None and program.router is not None:
        for output in program.router.outputs:
            if service := _OUTPUT_SERVICES.get(output.name):
                yield service, f"routes logs through {container.name}"


# Fluent Bit's outputs that are AWS services.
_OUTPUT_SERVICES = {
    "cloudwatch": "logs",
    "cloudwatch_logs": "logs",
    "firehose": "kinesis-firehose",
    "kinesis": "kinesis-streams",
    "kinesis_firehose": "kinesis-firehose",
    "kinesis_streams": "kinesis-streams",
    "s3": "s3",
}


def _secret_needs(container: Container) -> Iterator[Need]:
    for name, value_from in container.secrets:
        service = "secretsmanager" if ":secretsmanager:" in value_from else "ssm"
        yield service, f"reads the secret {name}"


@error(
    "A task can pull its image",
    _PRIVATE_LINK,
)
def task_reaches_image(subject: Subject) -> Iterator[Problem]:
    yield from _unmet(subject, _image_needs)
    for service, definition in _services(subject.blueprint):
        for container in definition.containers:
            if not _ECR_HOST.match(container.image):
                for place in _places(subject.blueprint, service):
                    if obstacle := obstacle_to_internet(subject.blueprint, place):
                        yield Problem(
                            service.address,
                            f"{service.name} cannot pull {container.name}'s image"
                            f" {container.image}: {obstacle}",
                            "keep the image in ECR and reach ECR by endpoints, or give the subnet"
                            " a way to the image's registry",
                            "network_configuration",
                        )


@error(
    "A task can ship its logs",
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html",
)
def task_reaches_logs(subject: Subject) -> Iterator[Problem]:
    yield from _unmet(subject, lambda container: _log_needs(subject, container), _obstacle_to_logs)


def _obstacle_to_logs(blueprint: Blueprint, place: Place, service: str) -> str:
    """What an endpoint of S3 has to allow is known for images alone."""
    if service == "s3":
        return way_to_service(blueprint, place, service)[0]
    return obstacle_to_service(blueprint, place, service)


@error(
    "A task can read its secrets",
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html",
)
def task_reaches_secrets(subject: Subject) -> Iterator[Problem]:
    yield from _unmet(subject, _secret_needs)


@error(
    "ECS Exec can open a shell",
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html",
)
def exec_reaches_its_channel(subject: Subject) -> Iterator[Problem]:
    blueprint = subject.blueprint
    for service, _ in _services(blueprint):
        if service.execute_command:
            for place in _places(blueprint, service):
                if obstacle := obstacle_to_service(blueprint, place, "ssmmessages"):
                    yield Problem(
                        service.address,
                        f"ECS Exec cannot open a shell in {service.name}: {obstacle}",
                        _REMEDY,
                        "enable_execute_command",
                    )


@error(
    "A task can reach its database",
    "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Overview.RDSSecurityGroups.html",
)
def task_reaches_database(subject: Subject) -> Iterator[Problem]:
    blueprint = subject.blueprint
    for service, definition in _services(blueprint):
        for cluster in databases_of(definition, blueprint):
            for place in _places(blueprint, service):
                obstacle = obstacle_into(
                    blueprint, place, cluster.security_group_ids, cluster.subnet_ids, cluster.port
                )
                if obstacle:
                    yield Problem(
                        service.address,
                        f"{service.name} cannot reach {cluster.identifier}: {obstacle}",
                        f"allow TCP {cluster.port} out of the service's security group and into"
                        " the database's",
                        "network_configuration",
                    )


@error(
    "The load balancer can reach its targets",
    "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-register-targets.html",
)
def load_balancer_reaches_task(subject: Subject) -> Iterator[Problem]:
    blueprint = subject.blueprint
    for service, _ in _services(blueprint):
        for target in service.targets:
            port = target.container_port
            for balancer in blueprint.load_balancers:
                if not forwards_to(balancer, target.target_group_arn):
                    continue
                for obstacle in filter(None, obstacles_to(blueprint, balancer, service, port)):
                    yield Problem(
                        service.address,
                        f"{balancer.name} cannot reach {service.name}: {obstacle}",
                        f"allow TCP {port} out of the load balancer's security group and into the"
                        " service's",
                        "network_configuration",
                    )


@error(
    "A task can reach the services that it calls",
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-connect-concepts-deploy.html",
)
def task_reaches_peers(subject: Subject) -> Iterator[Problem]:
    """With Service Connect the caller's proxy connects to the callee's container port."""
    blueprint = subject.blueprint
    for service, definition in _services(blueprint):
        for callee, port in peers_of(definition, blueprint):
            for place in _places(blueprint, service):
                obstacle = obstacle_into(
                    blueprint, place, callee.security_group_ids, callee.subnet_ids, port
                )
                if obstacle:
                    yield Problem(
                        service.address,
                        f"{service.name} cannot call {callee.name}: {obstacle}",
                        f"allow TCP {port} out of the caller's security group and into the"
                        " callee's",
                        "network_configuration",
                    )


def _unmet(
    subject: Subject,
    needs: Callable[[Container], Iterator[Need]],
    obstacle_to: Callable[[Blueprint, Place, str], str] = obstacle_to_service,
) -> Iterator[Problem]:
    blueprint = subject.blueprint
    for service, definition in _services(blueprint):
        purposes: dict[str, str] = {}
        for container in definition.containers:
            for name, purpose in needs(container):
                purposes.setdefault(name, purpose)
        for name, purpose in purposes.items():
            for place in _places(blueprint, service):
                if obstacle := obstacle_to(blueprint, place, name):
                    yield Problem(
                        service.address,
                        f"{service.name} cannot reach {name}, by which it {purpose}: {obstacle}",
                        _REMEDY,
                        "network_configuration",
                    )


def _services(blueprint: Blueprint) -> Iterator[tuple[Service, TaskDefinition]]:
    for service in blueprint.services:
        yield service, blueprint.task_definition(service.task_definition_arn)


def _places(blueprint: Blueprint, service: Service) -> tuple[Place, ...]:
    return places(
        blueprint, service.subnet_ids, service.security_group_ids, service.assign_public_ip
    )
