"""Deployments of services and their revisions, as ServiceDeployment and ServiceRevision.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html

Each deployment has a revision of its own. Those are there that DescribeServices lists: AWS keeps
ninety days of them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from zlib import crc32

from bonkei.base.aws_service import AwsCall, AwsServiceError
from bonkei.base.paging import page
from bonkei.services.ecs.api.finding import find_cluster, find_service
from bonkei.services.ecs.api.values import Ecs, EcsDeployment, EcsService, EcsState

_MOST = 20
_STATUSES = {"IN_PROGRESS": "IN_PROGRESS", "COMPLETED": "SUCCESSFUL"}
Pair = tuple[EcsService, EcsDeployment]


async def _list(ecs: Ecs, call: AwsCall) -> Mapping[str, Any]:
    state, asked = ecs.describe(), call.parameters
    service = find_service(state, find_cluster(state, call), asked["service"])
    if service is None:
        raise AwsServiceError("ServiceNotFoundException", "Service not found.")
    wanted, between = asked.get("status") or (), asked.get("createdAt") or {}
    after, before = _unix(between.get("after"), 0.0), _unix(between.get("before"), float("inf"))
    found = [
        _brief(service, one)
        for one in service.deployments
        if not wanted or _status(service, one) in wanted
        if after <= (one.created_at or 0.0) <= before
    ]
    shown, token = page(tuple(found), asked.get("nextToken"), asked.get("maxResults", _MOST))
    return {"serviceDeployments": shown, "nextToken": token}


async def _describe(ecs: Ecs, call: AwsCall) -> Mapping[str, Any]:
    asked = call.parameters["serviceDeploymentArns"]
    found, failures = _found(ecs.describe(), asked, "deployment")
    return {"serviceDeployments": [_whole(*each) for each in found], "failures": failures}


async def _describe_revisions(ecs: Ecs, call: AwsCall) -> Mapping[str, Any]:
    state = ecs.describe()
    found, failures = _found(state, call.parameters["serviceRevisionArns"], "revision")
    return {"serviceRevisions": [_revision(state, *each) for each in found], "failures": failures}


async def _stop(ecs: Ecs, call: AwsCall) -> Mapping[str, Any]:
    """Source: "Stopping Amazon ECS service deployments" (Amazon ECS Developer Guide)."""
    arn = call.parameters["serviceDeploymentArn"]
    if call.parameters.get("stopType", "ROLLBACK") != "ROLLBACK":
        raise AwsServiceError("InvalidParameterException", "stopType must be ROLLBACK.")
    found, _ = _found(ecs.describe(), [arn], "deployment")
    if not found:
        raise AwsServiceError(
            "ServiceDeploymentNotFoundException", "The service deployment was not found."
        )
    service, deployment = found[0]
    if _status(service, deployment) != "IN_PROGRESS" or len(service.deployments) < 2:
        raise AwsServiceError(
            "ConflictException", "The service deployment is not one that can be rolled back."
        )
    ecs.stop_deployment(service.arn, deployment.id)
    return {"serviceDeploymentArn": arn}


OPERATIONS: Mapping[str, Callable[[Ecs, AwsCall], Awaitable[Mapping[str, Any]]]] = {
    "DescribeServiceDeployments": _describe,
    "DescribeServiceRevisions": _describe_revisions,
    "ListServiceDeployments": _list,
    "StopServiceDeployment": _stop,
}


def _found(
    state: EcsState, arns: Iterable[str], kind: str
) -> tuple[list[Pair], list[dict[str, str]]]:
    wanted = list(arns)
    if not 1 <= len(wanted) <= _MOST:
        raise AwsServiceError("InvalidParameterException", f"Give from 1 to {_MOST} ARNs.")
    known = {_arn(s, d, kind): (s, d) for s in state.services for d in s.deployments}
    missing = [{"arn": arn, "reason": "MISSING"} for arn in wanted if arn not in known]
    return [known[arn] for arn in wanted if arn in known], missing


def _arn(service: EcsService, one: EcsDeployment, kind: str) -> str:
    own = one.id.rpartition("/")[2]
    number = own if kind == "deployment" else f"{crc32(own.encode()):019d}"
    return f"{service.arn.replace(':service/', f':service-{kind}/')}/{number}"


def _status(service: EcsService, one: EcsDeployment) -> str:
    """A rollback is not a deployment of its own: it belongs to the one that failed."""
    primary = service.deployments[0]
    if one.rollout_state == "FAILED":
        if one is primary:
            return "STOPPED"
        done = primary.rollout_state == "COMPLETED"
        return "ROLLBACK_SUCCESSFUL" if done else "ROLLBACK_IN_PROGRESS"
    goes_back = one is primary and any(_fails(each) for each in service.deployments)
    return "SUCCESSFUL" if goes_back or one is not primary else _STATUSES[one.rollout_state]


def _fails(one: EcsDeployment) -> bool:
    return one.rollout_state == "FAILED"


def _brief(service: EcsService, one: EcsDeployment) -> dict[str, Any]:
    return {
        "serviceDeploymentArn": _arn(service, one, "deployment"),
        "serviceArn": service.arn,
        "clusterArn": service.cluster_arn,
        "createdAt": one.created_at,
        "startedAt": one.created_at,
        "targetServiceRevisionArn": _arn(service, one, "revision"),
        "status": _status(service, one),
        "statusReason": one.reason or None,
    }


def _whole(service: EcsService, one: EcsDeployment) -> dict[str, Any]:
    brief = _brief(service, one)
    del brief["targetServiceRevisionArn"]
    others = [each for each in service.deployments if each is not one and not _fails(each)]
    back = brief["status"].startswith("ROLLBACK")
    return {
        **brief,
        "targetServiceRevision": _summary(service, one),
        "sourceServiceRevisions": [_summary(service, each) for each in others],
        "lifecycleStage": one.stage or None,
        "deploymentConfiguration": service.settings.get("deploymentConfiguration"),
        "rollback": {
            "reason": one.reason,
            "serviceRevisionArn": _arn(service, service.deployments[0], "revision"),
        } if back else None,
    }  # fmt: skip


def _summary(service: EcsService, one: EcsDeployment) -> dict[str, Any]:
    return {
        "arn": _arn(service, one, "revision"),
        "requestedTaskCount": one.desired,
        "runningTaskCount": one.running,
        "pendingTaskCount": one.pending,
        "requestedProductionTrafficWeight": one.weight,
    }


def _revision(state: EcsState, service: EcsService, one: EcsDeployment) -> dict[str, Any]:
    document = state.definitions.get(one.definition_arn, {})
    return {
        "serviceRevisionArn": _arn(service, one, "revision"),
        "serviceArn": service.arn,
        "clusterArn": service.cluster_arn,
        "taskDefinition": one.definition_arn,
        "launchType": "FARGATE",
        "networkConfiguration": service.settings.get("networkConfiguration"),
        "createdAt": one.created_at,
        "containerImages": list(_images(document)),
        "loadBalancers": [
            {"targetGroupArn": arn, "containerName": container, "containerPort": port}
            for arn, container, port in service.targets
        ],
    }


def _images(document: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for each in document.get("containerDefinitions", ()):
        yield {"containerName": each["name"], "image": each.get("image", "")}


def _unix(time: Any, otherwise: float) -> float:
    """A call's parameter is a date, or a number of Unix seconds."""
    if time is None:
        return otherwise
    return time.timestamp() if isinstance(time, datetime) else float(time)
