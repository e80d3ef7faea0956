"""The service of the endpoint, and the operations that read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from bonkei.base.aws_service import (
    NOTHING_IS_ASKED,
    Asks,
    AwsCall,
    AwsService,
    AwsServiceError,
    Operations,
)
from bonkei.base.paging import page_of
from bonkei.services.ecs.api import descriptions
from bonkei.services.ecs.api.changes import Changes
from bonkei.services.ecs.api.definitions import TaskDefinitions
from bonkei.services.ecs.api.deployments import Deployments
from bonkei.services.ecs.api.finding import (
    each_of,
    find_cluster,
    find_service,
    find_task,
    refused,
)
from bonkei.services.ecs.api.shells import Shells
from bonkei.services.ecs.api.values import Ecs, EcsState, EcsTask


def service(ecs: Callable[[], Ecs | None], asks: Asks = NOTHING_IS_ASKED) -> AwsService:
    """`ecs`: None until tasks can be started. `asks`: whether a task's role may open a shell."""

    def started() -> Ecs:
        found = ecs()
        if found is None:
            raise AwsServiceError("ServerException", "The miniature is still starting.", 500)
        return found

    return Operations.of(
        _Descriptions(started),
        Changes(started),
        Deployments(started),
        Shells(started, asks),
        TaskDefinitions(started),
    )


class _Descriptions:
    def __init__(self, ecs: Callable[[], Ecs]) -> None:
        self._ecs = ecs

    async def list_clusters(self, call: AwsCall) -> Mapping[str, Any]:
        return _page(call, "clusterArns", (arn for _, arn in self._ecs().describe().clusters))

    async def describe_clusters(self, call: AwsCall) -> Mapping[str, Any]:
        state = self._ecs().describe()

        def described(wanted: str) -> dict[str, Any] | None:
            found = next((one for one in state.clusters if wanted in one), None)
            return None if found is None else descriptions.cluster(state, *found)

        found, failures = each_of(call.parameters.get("clusters") or ["default"], described)
        return {"clusters": found, "failures": failures}

    async def list_services(self, call: AwsCall) -> Mapping[str, Any]:
        state = self._ecs().describe()
        cluster = find_cluster(state, call)
        found = (one.arn for one in state.services if one.cluster_arn == cluster)
        return _page(call, "serviceArns", found, 10)

    async def describe_services(self, call: AwsCall) -> Mapping[str, Any]:
        ecs = self._ecs()
        state = ecs.describe()
        cluster, names = find_cluster(state, call), call.parameters["services"]
        _require_number(names, 10, "Services")
        found, failures = each_of(names, lambda name: find_service(state, cluster, name))
        shown = [descriptions.service(one, ecs.events(one)) for one in found]
        return {"services": shown, "failures": failures}

    async def list_tasks(self, call: AwsCall) -> Mapping[str, Any]:
        return _page(call, "taskArns", (task.arn for task in _tasks(self._ecs().describe(), call)))

    async def describe_tasks(self, call: AwsCall) -> Mapping[str, Any]:
        state = self._ecs().describe()
        cluster, names = find_cluster(state, call), call.parameters["tasks"]
        _require_number(names, 100, "Tasks")
        found, failures = each_of(names, lambda name: find_task(state, cluster, name))
        tags = "TAGS" in call.parameters.get("include", ())
        shown = [descriptions.task(one, tags=tags) for one in found]
        return {"tasks": shown, "failures": failures}


def _tasks(state: EcsState, call: AwsCall) -> Iterator[EcsTask]:
    cluster = find_cluster(state, call)
    asked = call.parameters
    desired = asked.get("desiredStatus", "RUNNING")
    service, family = asked.get("serviceName"), asked.get("family")
    for task in state.tasks:
        if task.cluster_arn != cluster or descriptions.desired_status(task) != desired:
            continue
        if service and task.group != f"service:{service.rpartition('/')[2]}":
            continue
        if family and f"/{family}:" not in task.definition_arn:
            continue
        if asked.get("startedBy", task.started_by) == task.started_by:
            yield task


def _page(call: AwsCall, name: str, items: Iterable[str], size: int = 100) -> Mapping[str, Any]:
    return page_of(call, name, tuple(items), size, "InvalidParameterException")


def _require_number(names: list[str], most: int, what: str) -> None:
    if not names:
        raise refused(f"{what} cannot be empty.")
    if len(names) > most:
        raise refused(f"{what} may have {most} entries at most.")
