"""Finds what a call names, by its name, id or ARN."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from bonkei.base.aws_service import AwsCall, AwsServiceError
from bonkei.services.ecs.api.values import EcsService, EcsState, EcsTask

T = TypeVar("T")
_FAMILY = "task-definition/"


def refused(message: str) -> AwsServiceError:
    """The call has a parameter that cannot be."""
    return AwsServiceError("InvalidParameterException", message)


def each_of(
    names: Iterable[str], find: Callable[[str], T | None]
) -> tuple[list[T], list[dict[str, str]]]:
    """What has one of these names, and a failure for each name that nothing has."""
    found = [(name, find(name)) for name in names]
    missing = [{"arn": name, "reason": "MISSING"} for name, one in found if one is None]
    return [one for _, one in found if one is not None], missing


def find_cluster(state: EcsState, call: AwsCall) -> str:
    """The ARN of the named cluster, or of `default` without a name. Raises AwsServiceError."""
    wanted = call.parameters.get("cluster", "default")
    for name, arn in state.clusters:
        if wanted in (name, arn):
            return arn
    raise AwsServiceError("ClusterNotFoundException", "Cluster not found.")


def find_service(state: EcsState, cluster: str, name: str) -> EcsService | None:
    return next(
        (s for s in state.services if s.cluster_arn == cluster and name in (s.name, s.arn)), None
    )


def require_service(state: EcsState, call: AwsCall) -> EcsService:
    """The call's service. Raises AwsServiceError."""
    found = find_service(state, find_cluster(state, call), call.parameters["service"])
    if found is None:
        raise AwsServiceError("ServiceNotFoundException", "Service not found.")
    return found


def find_task(state: EcsState, cluster: str, name: str) -> EcsTask | None:
    """A task of the cluster for which the permission was asked."""
    return next(
        (t for t in state.tasks if t.cluster_arn == cluster and name in (t.id, t.arn)), None
    )


def require_task(state: EcsState, call: AwsCall) -> EcsTask:
    """The call's task. Raises AwsServiceError."""
    found = find_task(state, find_cluster(state, call), call.parameters["task"])
    if found is None:
        raise refused("The referenced task was not found.")
    return found


def find_definition(definitions: Mapping[str, Mapping[str, Any]], wanted: str) -> str:
    """The ARN from an ARN, from `family:revision`, or from a family (its newest active revision);
    or empty."""
    for arn in sorted(definitions, key=revision_of, reverse=True):
        short = arn.partition(_FAMILY)[2]
        is_active = definitions[arn].get("status", "ACTIVE") == "ACTIVE"
        if wanted in (arn, short) or (is_active and wanted == family_of(arn)):
            return arn
    return ""


def family_of(arn: str) -> str:
    """The family in a task definition's ARN."""
    return arn.partition(_FAMILY)[2].rpartition(":")[0]


def revision_of(arn: str) -> int:
    """The revision in a task definition's ARN."""
    return int(arn.rpartition(":")[2])
