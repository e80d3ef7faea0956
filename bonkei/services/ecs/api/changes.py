"""The operations that change running tasks: stop-task, update-service; and run-task's start."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bonkei.base.aws_service import AwsCall, AwsServiceError
from bonkei.base.errors import BonkeiError
from bonkei.services.ecs.api import descriptions
from bonkei.services.ecs.api.definitions import require_active
from bonkei.services.ecs.api.finding import find_cluster, find_service, find_task
from bonkei.services.ecs.api.values import Ecs, RunTask, ServiceChange

_RUN = {
    "capacityProviderStrategy", "clientToken", "cluster", "count", "enableECSManagedTags",
    "enableExecuteCommand", "group", "launchType", "networkConfiguration", "overrides",
    "platformVersion", "propagateTags", "referenceId", "startedBy", "tags", "taskDefinition",
}  # fmt: skip
"""Arguments of RunTask that have the same meaning here, or none: all tasks run on this machine."""
_OVERRIDES = {
    "containerOverrides", "cpu", "ephemeralStorage", "executionRoleArn", "memory", "taskRoleArn",
}  # fmt: skip
_OF_CONTAINER = {"command", "cpu", "environment", "memory", "memoryReservation", "name"}
_UPDATE = {"cluster", "desiredCount", "forceNewDeployment", "service", "taskDefinition"}


def run_task(ecs: Ecs, call: AwsCall) -> tuple[str, ...]:
    """The ids of the started tasks. Raises AwsServiceError."""
    state, asked = ecs.describe(), call.parameters
    cluster = find_cluster(state, call)
    _require_known(asked, _RUN)
    if asked.get("launchType", "FARGATE") != "FARGATE":
        raise _refused("The miniature has FARGATE only.")
    if not asked.get("networkConfiguration", {}).get("awsvpcConfiguration"):
        raise _refused(
            "Network Configuration must be provided when networkMode 'awsvpc' is specified."
        )
    count = asked.get("count", 1)
    if not 1 <= count <= 10:
        raise _refused("count must be between 1 and 10.")
    arn = require_active(ecs, asked["taskDefinition"])
    tags = state.definitions[arn].get("tags", ()) if asked.get("propagateTags") else ()
    wanted = replace(_wanted(arn, asked, tags), cluster_arn=cluster)
    try:
        return tuple(ecs.run_task(wanted) for _ in range(count))
    except BonkeiError as error:
        raise _refused(f"{error.message}. {error.remedy}") from None


def described(ecs: Ecs, call: AwsCall, ids: Iterable[str]) -> Mapping[str, Any]:
    """RunTask's answer about these tasks."""
    now = ecs.describe()
    cluster = find_cluster(now, call)
    tasks = [task for task in (find_task(now, cluster, one) for one in ids) if task is not None]
    return {"tasks": [descriptions.task(task) for task in tasks], "failures": []}


def _wanted(arn: str, asked: Mapping[str, Any], propagated: Sequence[Mapping[str, str]]) -> RunTask:
    overrides, tags = asked.get("overrides", {}), (*propagated, *asked.get("tags", ()))
    _require_known(overrides, _OVERRIDES, "overrides.")
    containers = overrides.get("containerOverrides", ())
    for one in containers:
        _require_known(one, _OF_CONTAINER, "overrides.containerOverrides.")
    return RunTask(
        arn,
        tuple(_container(one) for one in containers),
        asked.get("startedBy", ""),
        overrides.get("taskRoleArn", ""),
        overrides.get("executionRoleArn", ""),
        _network(asked),
        asked.get("enableExecuteCommand", False),
        group=asked.get("group", ""),
        tags=tuple({one["key"]: one.get("value", "") for one in tags}.items()),
    )


def _network(asked: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    found = asked.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    is_public = found.get("assignPublicIp", "DISABLED") == "ENABLED"
    return tuple(found.get("subnets", ())), tuple(found.get("securityGroups", ())), is_public


def _container(
    one: Mapping[str, Any],
) -> tuple[str, tuple[str, ...] | None, tuple[tuple[str, str], ...]]:
    if "name" not in one:
        raise _refused("Container name must be specified in an override.")
    command = tuple(one["command"]) if "command" in one else None
    variables = one.get("environment", ())
    pairs = ((each.get("name", ""), each.get("value", "")) for each in variables)
    return one["name"], command, tuple(pairs)


async def _stop_task(ecs: Ecs, call: AwsCall) -> Mapping[str, Any]:
    state = ecs.describe()
    cluster = find_cluster(state, call)
    task = find_task(state, cluster, call.parameters["task"])
    if task is None:
        raise _refused("The referenced task was not found.")
    if task.last_status != "STOPPED":
        ecs.stop_task(task.id, call.parameters.get("reason", "Task stopped by user"))
        task = find_task(ecs.describe(), cluster, task.id) or task
    return {"task": {**descriptions.task(task), "desiredStatus": "STOPPED"}}


async def _update_service(ecs: Ecs, call: AwsCall) -> Mapping[str, Any]:
    state, asked = ecs.describe(), call.parameters
    cluster = find_cluster(state, call)
    service = find_service(state, cluster, asked["service"])
    if service is None:
        raise AwsServiceError("ServiceNotFoundException", "Service not found.")
    _require_known(asked, _UPDATE)
    definition = require_active(ecs, asked["taskDefinition"]) if "taskDefinition" in asked else ""
    desired = asked.get("desiredCount")
    if desired is not None and desired < 0:
        raise _refused("Desired count must not be negative.")
    ecs.change_service(
        service.arn, ServiceChange(asked.get("forceNewDeployment", False), desired, definition)
    )
    now = find_service(ecs.describe(), cluster, service.arn) or service
    return {"service": descriptions.service(now)}


OPERATIONS: Mapping[str, Callable[[Ecs, AwsCall], Awaitable[Mapping[str, Any]]]] = {
    "StopTask": _stop_task,
    "UpdateService": _update_service,
}


def _require_known(asked: Iterable[str], known: set[str], where: str = "") -> None:
    if others := sorted(set(asked) - known):
        names = ", ".join(where + name for name in others)
        raise _refused(f"The miniature does not know {names} here.")


def _refused(message: str) -> AwsServiceError:
    return AwsServiceError("InvalidParameterException", message)
