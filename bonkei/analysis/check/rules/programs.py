"""What runs: a handler that is there, a deployment that ends, files that nothing changes."""

from __future__ import annotations

from collections.abc import Iterator

from bonkei.analysis.check.finding import Problem
from bonkei.analysis.check.subject import Subject, error, warning


@error(
    "A function's file has its handler",
    "https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html",
)
def function_has_its_handler(subject: Subject) -> Iterator[Problem]:
    """Lambda takes any name, and then fails each call: Runtime.HandlerNotFound."""
    for function in subject.blueprint.functions:
        if why := subject.lacks_handler(function):
            yield Problem(
                function.address,
                f"{function.name} has the handler {function.handler}, and {why}: each call fails",
                "name the file and the function in it: FILE.FUNCTION",
                "handler",
            )


@warning(
    "A deployment whose tasks do not start comes to an end",
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html",
)
def failed_deployment_ends(subject: Subject) -> Iterator[Problem]:
    """CodeDeploy and other controllers have their own end. Alarms stop a deployment that visitors
    notice, and they notice none of a task that never started."""
    for service in subject.blueprint.services:
        if service.controller == "ECS" and not service.circuit_breaker:
            yield Problem(
                service.address,
                f"a deployment of {service.name} whose tasks do not start never fails: ECS starts"
                " new ones forever",
                "set deployment_circuit_breaker with enable and rollback",
                "deployment_circuit_breaker",
            )


@warning(
    "A container cannot change its own files",
    "https://docs.aws.amazon.com/securityhub/latest/userguide/ecs-controls.html#ecs-5",
)
def container_files_are_read_only(subject: Subject) -> Iterator[Problem]:
    for definition in subject.blueprint.task_definitions:
        for container in definition.containers:
            if not container.readonly_root_filesystem:
                yield Problem(
                    definition.address,
                    f"a stranger in {container.name} could change its program",
                    "set readonlyRootFilesystem, and mount a volume where it writes",
                    "container_definitions",
                )
