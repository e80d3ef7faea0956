"""The operations that change what runs: RunTask, StopTask and UpdateService."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from bonkei.base.aws_service import AwsCall, AwsServiceError
from bonkei.base.errors import BonkeiError
from bonkei.services.ecs.api import descriptions
from bonkei.services.ecs.api.definitions import require_active
from bonkei.services.ecs.api.finding import (
    each_of,
    find_cluster,
    find_service,
    find_task,
    refused,
    require_service,
    require_task,
)
from bonkei.services.ecs.api.values import Ecs, RunTask, ServiceChange
from bonkei.services.ecs.task_spec import ContainerOverride

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
_MOST_TOKENS = 1_000


class Changes:
    """A repeated RunTask with the token of an earlier one answers what that has started.

    An SDK makes a token for each call, and sends it again if it has received no answer. Source:
    "Ensuring idempotency" in the Amazon ECS API Reference.
    """

    def __init__(self, ecs: Callable[[], Ecs]) -> None:
        self._ecs = ecs
        self._ran: OrderedDict[str, tuple[bytes, tuple[str, ...]]] = OrderedDict()

    async def run_task(self, call: AwsCall) -> Mapping[str, Any]:
        ecs, token = self._ecs(), str(call.parameters.get("clientToken") or "")
        cluster = find_cluster(ecs.describe(), call)
        if token not in self._ran:
            ids = _started(ecs, cluster, call.parameters)
            if token:
                self._remember(token, call.parameters, ids)
        else:
            asked, ids = self._ran[token]
            if asked != _digest(call.parameters):
                prefix = cluster.replace(":cluster/", ":task/")
                raise AwsServiceError(
                    "ConflictException",
                    "The provided clientToken is already in use with a different RunTask request.",
                    members={"resourceIds": [f"{prefix}/{each}" for each in ids]},
                )
        now = ecs.describe()
        tasks, _ = each_of(ids, lambda one: find_task(now, cluster, one))
        return {"tasks": [descriptions.task(task) for task in tasks], "failures": []}

    def _remember(self, token: str, parameters: Mapping[str, Any], ids: tuple[str, ...]) -> None:
        self._ran[token] = (_digest(parameters), ids)
        while len(self._ran) > _MOST_TOKENS:
            self._ran.popitem(last=False)

    async def stop_task(self, call: AwsCall) -> Mapping[str, Any]:
        ecs = self._ecs()
        task = require_task(ecs.describe(), call)
        if task.last_status != "STOPPED":
            ecs.stop_task(task.id, call.parameters.get("reason", "Task stopped by user"))
            task = find_task(ecs.describe(), task.cluster_arn, task.id) or task
        return {"task": {**descriptions.task(task), "desiredStatus": "STOPPED"}}

    async def update_service(self, call: AwsCall) -> Mapping[str, Any]:
        ecs, asked = self._ecs(), call.parameters
        service = require_service(ecs.describe(), call)
        _require_known(asked, _UPDATE)
        wanted, desired = asked.get("taskDefinition"), asked.get("desiredCount")
        if desired is not None and desired < 0:
            raise refused("Desired count must not be negative.")
        change = ServiceChange(
            asked.get("forceNewDeployment", False),
            desired,
            "" if wanted is None else require_active(ecs, wanted),
        )
        ecs.change_service(service.arn, change)
        now = find_service(ecs.describe(), service.cluster_arn, service.arn) or service
        return {"service": descriptions.service(now)}


def _digest(parameters: Mapping[str, Any]) -> bytes:
    return sha256(json.dumps(parameters, sort_keys=True, default=str).encode()).digest()


def _started(ecs: Ecs, cluster: str, asked: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids of the started tasks. Raises AwsServiceError."""
    _require_known(asked, _RUN)
    if asked.get("launchType", "FARGATE") != "FARGATE":
        raise refused("The miniature has FARGATE only.")
    if not asked.get("networkConfiguration", {}).get("awsvpcConfiguration"):
        raise refused(
            "Network Configuration must be provided when networkMode 'awsvpc' is specified."
        )
    count = asked.get("count", 1)
    if not 1 <= count <= 10:
        raise refused("count must be between 1 and 10.")
    arn = require_active(ecs, asked["taskDefinition"])
    tags = ecs.describe().definitions[arn].get("tags", ()) if asked.get("propagateTags") else ()
    wanted = _wanted(arn, cluster, asked, tags)
    try:
        return tuple(ecs.run_task(wanted) for _ in range(count))
    except BonkeiError as error:
        raise refused(f"{error.message}. {error.remedy}") from None


def _wanted(
    arn: str, cluster: str, asked: Mapping[str, Any], propagated: Sequence[Mapping[str, str]]
) -> RunTask:
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
        cluster,
        group=asked.get("group", ""),
        tags=tuple({one["key"]: one.get("value", "") for one in tags}.items()),
    )


def _network(asked: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    found = asked.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    is_public = found.get("assignPublicIp", "DISABLED") == "ENABLED"
    return tuple(found.get("subnets", ())), tuple(found.get("securityGroups", ())), is_public


def _container(one: Mapping[str, Any]) -> ContainerOverride:
    if "name" not in one:
        raise refused("Container name must be specified in an override.")
    command = tuple(one["command"]) if "command" in one else None
    variables = one.get("environment", ())
    pairs = ((each.get("name", ""), each.get("value", "")) for each in variables)
    return ContainerOverride(one["name"], command, tuple(pairs))


def _require_known(asked: Iterable[str], known: set[str], where: str = "") -> None:
    if others := sorted(set(asked) - known):
        names = ", ".join(where + name for name in others)
        raise refused(f"The miniature does not know {names} here.")
