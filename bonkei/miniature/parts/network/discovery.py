"""Cloud Map's answer to programs that ask for the tasks of a service: DiscoverInstances.

All instances have one address, that of the name: it leads to the healthy tasks in turn, with the
port of the definitions, and only where the network lets the caller through.
Source: https://docs.aws.amazon.com/cloud-map/latest/api/API_DiscoverInstances.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bonkei.base.aws_service import AwsCall, AwsService, AwsServiceError, Operations
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Registry, Service
from bonkei.services.ecs.api.values import EcsState

_MOST = 100
_Instance = dict[str, Any]


def discovering(
    blueprint: Callable[[], Blueprint],
    describe: Callable[[], EcsState],
    place: Callable[[str, str, int], tuple[str, int]],
) -> AwsService:
    """`describe`: the tasks. `place`: where the holder of credentials finds a name and port."""

    async def discover(call: AwsCall) -> Mapping[str, Any]:
        given = call.parameters
        service, registry = _found(blueprint(), given["NamespaceName"], given["ServiceName"])
        here = place(call.caller.source, registry.dns_name, registry.port)
        instances = list(_instances(describe(), service, registry, here, call.region))
        shown = _chosen(instances, given)[: given.get("MaxResults", _MOST)]
        return {"Instances": shown, "InstancesRevision": 1}

    return Operations({"DiscoverInstances": discover})


def _found(blueprint: Blueprint, namespace: str, name: str) -> tuple[Service, Registry]:
    known = [(one, each) for one in blueprint.services for each in one.registries]
    named = [(one, each) for one, each in known if each.namespace == namespace]
    if not named:
        raise AwsServiceError("NamespaceNotFound", f"No tasks are in a namespace {namespace}.")
    for one, each in named:
        if each.name == name:
            return one, each
    raise AwsServiceError("ServiceNotFound", f"{namespace} has no service {name} with tasks.")


def _instances(
    state: EcsState, service: Service, registry: Registry, here: tuple[str, int], region: str
) -> Iterator[_Instance]:
    host, port = here
    for task in state.tasks:
        if task.group != f"service:{service.name}" or task.last_status != "RUNNING":
            continue
        attributes = {
            "AWS_INSTANCE_IPV4": host,
            "ECS_CLUSTER_NAME": task.cluster_arn.rpartition("/")[2],
            "ECS_SERVICE_NAME": service.name,
            "ECS_TASK_DEFINITION_FAMILY": task.definition_arn.rpartition("/")[2].partition(":")[0],
            "REGION": region,
        }
        yield {
            "InstanceId": task.id,
            "NamespaceName": registry.namespace,
            "ServiceName": registry.name,
            "HealthStatus": "UNHEALTHY" if task.health == "UNHEALTHY" else "HEALTHY",
            "Attributes": attributes | ({"AWS_INSTANCE_PORT": str(port)} if port else {}),
        }


def _chosen(found: list[_Instance], given: Mapping[str, Any]) -> list[_Instance]:
    """Those with the wished attributes and health. The optional ones count if any instance has
    them; so does health where it is not wished."""

    def having(wished: Mapping[str, str]) -> list[_Instance]:
        return [each for each in found if wished.items() <= each["Attributes"].items()]

    found = having(given.get("QueryParameters", {}))
    found = having(given.get("OptionalParameters", {})) or found
    wished = given.get("HealthStatus", "HEALTHY_OR_ELSE_ALL")
    healthy = [each for each in found if each["HealthStatus"] == "HEALTHY"]
    match wished:
        case "ALL":
            return found
        case "UNHEALTHY":
            return [each for each in found if each not in healthy]
        case "HEALTHY":
            return healthy
    return healthy or found
