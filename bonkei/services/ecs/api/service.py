"""The operations that read; and the table of all operations."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

from bonkei.base.aws_service import (
    Asks,
    AwsCall,
    AwsService,
    AwsServiceError,
    NothingIsAsked,
    Operation,
    Operations,
)
from bonkei.base.paging import page
from bonkei.services.ecs.api import changes, definitions, deployments, descriptions, shells
from bonkei.services.ecs.api.changes import described, run_task
from bonkei.services.ecs.api.finding import find_cluster, find_service, find_task
from bonkei.services.ecs.api.values import Ecs, EcsState, EcsTask


def service(ecs: Callable[[], Ecs | None], asks: Callable[[], Asks] = NothingIsAsked) -> AwsService:
    """`ecs`: None until tasks can be started. `asks`: whether a task's role may open a shell."""

    def bind(operation: Callable[[Ecs, AwsCall], Awaitable[Mapping[str, Any]]]) -> Operation:
        async def answer(call: AwsCall) -> Mapping[str, Any]:
            found = ecs()
            if found is None:
                raise AwsServiceError("ServerException", "The miniature is still starting.", 500)
            return await operation(found, call)

        return answer

    async def execute_command(found: Ecs, call: AwsCall) -> Mapping[str, Any]:
        return await shells.execute_command(found, call, asks())

    own = {"ExecuteCommand": execute_command, "RunTask": Repeats().run_task}
    table = {**_OPERATIONS, **own}
    return Operations({name: bind(one) for name, one in table.items()})


async def _list_clusters(ecs: Ecs, call: AwsCall) -> Mapping[str, Any]:
    return _page(call, "clusterArns", (arn for _, arn in ecs.describe().clusters))


async def _describe_clusters(ecs: Ecs, call: AwsCall) -> Mapping[str, Any]:
    state = ecs.describe()
    found, failures = [], []
    for wanted in call.parameters.get("clusters") or ["default"]:
        cluster = next((one for one in state.clusters if wanted in one), None)
        if cluster is None:
            failures.append({"arn": wanted, "reason": "MISSING"})
        else:
            found.append(descriptions.cluster(state, *cluster))
    return {"clusters": found, "failures": failures}


async def _list_services(ecs: Ecs, call: AwsCall) -> Mapping[str, Any]:
    state = ecs.describe()
    cluster = find_cluster(state, call)
    return _page(call, "serviceArns", (s.arn for s in state.services if s.cluster_arn == cluster))


async def _describe_services(ecs: Ecs, call: AwsCall) -> Mapping[str, Any]:
    state = ecs.describe()
    cluster = find_cluster(state, call)
    _require_number(call.parameters["services"], 10, "Services")
    found, failures = [], []
    for name in call.parameters["services"]:
        if (one := find_service(state, cluster, name)) is None:
            failures.append({"arn": name, "reason": "MISSING"})
        else:
            found.append(descriptions.service(one, ecs.events(one)))
    return {"services": found, "failures": failures}


async def _list_tasks(ecs: Ecs, call: AwsCall) -> Mapping[str, Any]:
    return _page(call, "taskArns", (task.arn for task in _tasks(ecs.describe(), call)))


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


async def _describe_tasks(ecs: Ecs, call: AwsCall) -> Mapping[str, Any]:
    state = ecs.describe()
    cluster = find_cluster(state, call)
    _require_number(call.parameters["tasks"], 100, "Tasks")
    found, failures = [], []
    for name in call.parameters["tasks"]:
        task = find_task(state, cluster, name)
        if task is None:
            failures.append({"arn": name, "reason": "MISSING"})
        else:
            found.append(descriptions.task(task, tags="TAGS" in call.parameters.get("include", ())))
    return {"tasks": found, "failures": failures}


_READING: Mapping[str, Callable[[Ecs, AwsCall], Awaitable[Mapping[str, Any]]]] = {
    "DescribeClusters": _describe_clusters,
    "DescribeServices": _describe_services,
    "DescribeTasks": _describe_tasks,
    "ListClusters": _list_clusters,
    "ListServices": _list_services,
    "ListTasks": _list_tasks,
}
_OPERATIONS = {
    **_READING,
    **definitions.OPERATIONS,
    **changes.OPERATIONS,
    **deployments.OPERATIONS,
}


def _page(call: AwsCall, name: str, items: Iterable[Any]) -> Mapping[str, Any]:
    usual = 10 if name == "serviceArns" else 100
    found, token = page(
        tuple(items), call.parameters.get("nextToken"), call.parameters.get("maxResults", usual)
    )
    return {name: found, "nextToken": token}


def _require_number(names: list[str], most: int, what: str) -> None:
    if not names:
        raise AwsServiceError("InvalidParameterException", f"{what} cannot be empty.")
    if len(names) > most:
        raise AwsServiceError(
            "InvalidParameterException", f"{what} may have {most} entries at most."
        )


_MOST_TOKENS = 1_000


class Repeats:
    """The newest client tokens of RunTask, and the tasks that each has started.

    An SDK makes a token for each call, and sends it again if it has received no answer. Source:
    "Ensuring idempotency" in the Amazon ECS API Reference.
    """

    def __init__(self) -> None:
        self._ran: OrderedDict[str, tuple[bytes, tuple[str, ...]]] = OrderedDict()

    async def run_task(self, ecs: Ecs, call: AwsCall) -> Mapping[str, Any]:
        """Raises AwsServiceError."""
        token = str(call.parameters.get("clientToken") or "")
        if token not in self._ran:
            ids = run_task(ecs, call)
            if token:
                self._remember(token, call.parameters, ids)
            return described(ecs, call, ids)
        asked, ids = self._ran[token]
        if asked != _digest(call.parameters):
            cluster = find_cluster(ecs.describe(), call)
            prefix = cluster.replace(":cluster/", ":task/")
            raise AwsServiceError(
                "ConflictException",
                "The provided clientToken is already in use with a different RunTask request.",
                members={"resourceIds": [f"{prefix}/{each}" for each in ids]},
            )
        return described(ecs, call, ids)

    def _remember(self, token: str, parameters: Mapping[str, Any], ids: tuple[str, ...]) -> None:
        self._ran[token] = (_digest(parameters), ids)
        while len(self._ran) > _MOST_TOKENS:
            self._ran.popitem(last=False)


def _digest(parameters: Mapping[str, Any]) -> bytes:
    return sha256(json.dumps(parameters, sort_keys=True, default=str).encode()).digest()
