"""Clusters, services and task definitions of this stack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bonkei.definitions.provider.aws.shared.own import own
from bonkei.definitions.provider.behaviour import Context, DataSource
from bonkei.definitions.provider.values import Object


def _task_definitions(context: Context) -> Iterator[Object]:
    """Find task definitions by family (the newest), by family and revision, and by ARN."""
    newest: dict[str, Object] = {}
    for task in context.peers("aws_ecs_task_definition"):
        family, revision = str(task.get("family")), task.get("revision")
        whole = {**task, "id": task.get("arn"), "status": "ACTIVE"}
        if revision > newest.get(family, {"revision": 0})["revision"]:
            newest[family] = {**whole, "task_definition": family}
        yield {**whole, "task_definition": f"{family}:{revision}"}
        yield {**whole, "task_definition": task.get("arn")}
    yield from newest.values()


DATA_SOURCES: Mapping[str, DataSource] = {
    "aws_ecs_cluster": own("aws_ecs_cluster", cluster_name="name"),
    "aws_ecs_service": own("aws_ecs_service", service_name="name", cluster_arn="cluster"),
    "aws_ecs_task_definition": own("aws_ecs_task_definition", _task_definitions),
}
