"""Deployments of services and their revisions, as ServiceDeployment and ServiceRevision.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html

Each deployment has a revision of its own. Those are there that DescribeServices lists: AWS keeps
ninety days of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import inf
from typing import Any

from bonkei.base.aws_service import AwsCall, AwsServiceError, seconds
from bonkei.base.paging import page_of
from bonkei.services.ecs.api.descriptions import deployment_arn
from bonkei.services.ecs.api.finding import each_of, refused, require_service
from bonkei.services.ecs.api.values import Ecs, EcsService, EcsState
from bonkei.services.ecs.snapshot import DeploymentSnapshot

_MOST = 20
_STATUSES = {"IN_PROGRESS": "IN_PROGRESS", "COMPLETED": "SUCCESSFUL"}
Pair = tuple[EcsService, DeploymentSnapshot]


class Deployments:
    def __init__(self, ecs: Callable[[], Ecs]) -> None:
        self._ecs = ecs

    async def list_service_deployments(self, call: AwsCall) -> Mapping[str, Any]:
        asked = call.parameters
        service = require_service(self._ecs().describe(), call)
        wanted, between = asked.get("status") or (), asked.get("createdAt") or {}
        after, before = seconds(between.get("after", 0)), seconds(between.get("before", inf))
        found = [
            _brief(service, one)
            for one in service.deployments
            if not wanted or _status(service, one) in wanted
            if after <= (one.created_at or 0.0) <= before
        ]
        return page_of(call, "serviceDeployments", found, _MOST, "InvalidParameterException")

    async def describe_service_deployments(self, call: AwsCall) -> Mapping[str, Any]:
        asked = call.parameters["serviceDeploymentArns"]
        found, failures = _found(self._ecs().describe(), asked, "deployment")
        return {"serviceDeployments": [_whole(*each) for each in found], "failures": failures}

    async def describe_service_revisions(self, call: AwsCall) -> Mapping[str, Any]:
        state = self._ecs().describe()
        found, failures = _found(state, call.parameters["serviceRevisionArns"], "revision")
        shown = [_revision(state, *each) for each in found]
        return {"serviceRevisions": shown, "failures": failures}

    async def stop_service_deployment(self, call: AwsCall) -> Mapping[str, Any]:
        """Source: "Stopping Amazon ECS service deployments" (Amazon ECS Developer Guide)."""
        ecs, arn = self._ecs(), call.parameters["serviceDeploymentArn"]
        if call.parameters.get("stopType", "ROLLBACK") != "ROLLBACK":
            raise refused("stopType must be ROLLBACK.")
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


def _found(
    state: EcsState, arns: Sequence[str], kind: str
) -> tuple[list[Pair], list[dict[str, str]]]:
    if not 1 <= len(arns) <= _MOST:
        raise refused(f"Give from 1 to {_MOST} ARNs.")
    known = {deployment_arn(s, d, kind): (s, d) for s in state.services for d in s.deployments}
    return each_of(arns, known.get)


def _status(service: EcsService, one: DeploymentSnapshot) -> str:
    """A rollback is not a deployment of its own: it belongs to the one that failed."""
    primary = service.deployments[0]
    if one.rollout_state == "FAILED":
        if one is primary:
            return "STOPPED"
        done = primary.rollout_state == "COMPLETED"
        return "ROLLBACK_SUCCESSFUL" if done else "ROLLBACK_IN_PROGRESS"
    goes_back = one is primary and any(_fails(each) for each in service.deployments)
    return "SUCCESSFUL" if goes_back or one is not primary else _STATUSES[one.rollout_state]


def _fails(one: DeploymentSnapshot) -> bool:
    return one.rollout_state == "FAILED"


def _brief(service: EcsService, one: DeploymentSnapshot) -> dict[str, Any]:
    return {
        "serviceDeploymentArn": deployment_arn(service, one, "deployment"),
        "serviceArn": service.arn,
        "clusterArn": service.cluster_arn,
        "createdAt": one.created_at,
        "startedAt": one.created_at,
        "targetServiceRevisionArn": deployment_arn(service, one, "revision"),
        "status": _status(service, one),
        "statusReason": one.reason or None,
    }


def _whole(service: EcsService, one: DeploymentSnapshot) -> dict[str, Any]:
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
            "serviceRevisionArn": deployment_arn(service, service.deployments[0], "revision"),
        } if back else None,
    }  # fmt: skip


def _summary(service: EcsService, one: DeploymentSnapshot) -> dict[str, Any]:
    return {
        "arn": deployment_arn(service, one, "revision"),
        "requestedTaskCount": service.desired_of(one),
        "runningTaskCount": one.running_count,
        "pendingTaskCount": one.pending_count,
        "requestedProductionTrafficWeight": one.weight,
    }


def _revision(state: EcsState, service: EcsService, one: DeploymentSnapshot) -> dict[str, Any]:
    document = state.definitions.get(one.task_definition, {})
    return {
        "serviceRevisionArn": deployment_arn(service, one, "revision"),
        "serviceArn": service.arn,
        "clusterArn": service.cluster_arn,
        "taskDefinition": one.task_definition,
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
