"""The permissions of ECS's operations, including those to pass roles to a task.

"Actions, resources, and condition keys for Amazon Elastic Container Service", and "IAM roles for
Amazon ECS", section "IAM permissions to pass a role".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bonkei.services.endpoint.permission.names import Names
from bonkei.services.endpoint.permission.requirement import Place, Requirement

Parameters = Mapping[str, Any]
Context = Mapping[str, tuple[str, ...]]
_NEW = ("RunTask", "RegisterTaskDefinition")
_OF_SERVICE = (
    "UpdateService",
    "DeleteService",
    "CreateService",
    "DescribeServices",
    "ListServiceDeployments",
)
_OF_TASK = ("StopTask", "DescribeTasks", "ExecuteCommand")


def required(operation: str, given: Parameters, names: Names) -> Iterator[Requirement]:
    """The requirements of one call."""
    action, place = f"ecs:{operation}", names.place
    cluster = str(given.get("cluster") or "default").rpartition("/")[2]
    within: Context = {"ecs:cluster": (place.arn("ecs", f"cluster/{cluster}"),)}
    if operation in _NEW:
        yield from _new(operation, given, names, within)
    elif operation in _OF_SERVICE:
        wanted = given.get("services") or [given.get("service") or given.get("serviceName") or ""]
        definition = names.task_definition(str(given.get("taskDefinition") or ""))
        context = {**within, **_of_exec(operation, given)}
        context |= {"ecs:task-definition": (definition,)} if definition else {}
        for arn in _arns(place, f"service/{cluster}", wanted):
            yield Requirement(action, arn, context=context)
    elif operation in _OF_TASK:
        wanted = given.get("tasks") or [given.get("task") or ""]
        if operation == "ExecuteCommand":
            named = str(given.get("container") or "")
            within = {**within, "ecs:container-name": (named,)} if named else within
            yield Requirement(action, place.arn("ecs", f"cluster/{cluster}"), context=within)
        for arn in _arns(place, f"task/{cluster}", wanted):
            yield Requirement(action, arn, context=within)
    elif operation == "DescribeClusters":
        for arn in _arns(place, "cluster", given.get("clusters") or ["default"]):
            yield Requirement(action, arn)
    elif operation == "ListTasks" and (service := given.get("serviceName")):
        [arn] = _arns(place, f"service/{cluster}", [service])
        yield Requirement(action, context={**within, "ecs:service": (arn,)})
    else:
        yield from _by_arn(action, given, within)


def _by_arn(action: str, given: Parameters, within: Context) -> Iterator[Requirement]:
    """Of an operation that names no cluster's service or task."""
    lists = (given.get(name) for name in ("serviceDeploymentArns", "serviceRevisionArns"))
    one = given.get("resourceArn") or given.get("serviceDeploymentArn") or "*"
    for arn in next(filter(None, lists), [one]):
        yield Requirement(action, str(arn), context=within)


def _of_exec(operation: str, given: Parameters) -> dict[str, tuple[str, ...]]:
    """ "Using IAM policies to limit access to ECS Exec" (Amazon ECS Developer Guide). An update
    without it changes nothing."""
    wanted = given.get("enableExecuteCommand", None if operation == "UpdateService" else False)
    if operation not in ("RunTask", "CreateService", "UpdateService") or wanted is None:
        return {}
    return {"ecs:enable-execute-command": (str(wanted is True).lower(),)}


def _arns(place: Place, prefix: str, names: Iterable[object]) -> Iterator[str]:
    for each in names:
        name = str(each)
        yield name if name.startswith("arn:") else place.arn("ecs", f"{prefix}/{name}")


def _new(
    operation: str, given: Parameters, names: Names, within: Mapping[str, tuple[str, ...]]
) -> Iterator[Requirement]:
    """The caller that creates a task or a task definition passes its roles."""
    runs = operation == "RunTask"
    named = str(given.get("taskDefinition") or "") if runs else f"{given.get('family') or ''}:*"
    [arn] = _arns(names.place, "task-definition", [names.task_definition(named) or named])
    context = {**within, **_of_exec(operation, given)} if runs else {}
    yield Requirement(f"ecs:{operation}", arn, context=context)
    if given.get("tags"):
        cluster = within["ecs:cluster"][0].rpartition("/")[2]
        tagged = names.place.arn("ecs", f"task/{cluster}/*") if runs else arn
        yield Requirement("ecs:TagResource", tagged, context={"ecs:createaction": (operation,)})
    overrides = given.get("overrides") or {}
    own = names.task_roles.get(arn, ("", "")) if runs else ("", "")
    for usual, name in zip(own, ("executionRoleArn", "taskRoleArn"), strict=True):
        role = overrides.get(name) or given.get(name) or usual
        if role:
            passed = {"iam:passedtoservice": ("ecs-tasks.amazonaws.com",)}
            yield Requirement("iam:PassRole", str(role), context=passed)
