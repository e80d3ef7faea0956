"""Amazon ECS: services.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import NoReturn

from bonkei.definitions.provider.aws.ecs.clusters import NAME
from bonkei.definitions.provider.aws.shared.blocks import each, first, same_shape
from bonkei.definitions.provider.aws.shared.checks import at, between, conflicts, matches
from bonkei.definitions.provider.aws.shared.documents import parse
from bonkei.definitions.provider.aws.shared.formats import arn
from bonkei.definitions.provider.aws.shared.import_ids import unexpected
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import Context, Problem, Refused, ResourceBehaviour
from bonkei.definitions.provider.values import Object, Value, given


def _refuse_what_the_cluster_lacks(mint: Mint, cluster: str) -> None:
    """Each capacity provider of the strategy is associated with the cluster.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html
    """
    for known in mint.context.peers("aws_ecs_cluster_capacity_providers"):
        if known.get("cluster_name") != cluster:
            continue
        for item in each(mint.planned.get("capacity_provider_strategy")):
            name = item.get("capacity_provider")
            if given(name) and name not in (known.get("capacity_providers") or ()):
                raise Refused(
                    f"InvalidParameterException: the capacity provider {name} is not associated"
                    " with the cluster",
                    "Name it in aws_ecs_cluster_capacity_providers.",
                    ("capacity_provider_strategy",),
                )


def _service(mint: Mint) -> Mapping[str, Value]:
    """`…:service/<cluster>/<service>`: the long ARN format."""
    _refuse_what_the_task_lacks(mint)
    cluster = str(mint.given("cluster") or "default").rpartition("/")[2]
    _refuse_what_the_cluster_lacks(mint, cluster)
    identifier = mint.arn("ecs", f"service/{cluster}/{mint.given('name')}")
    strategy = bool(mint.planned.get("capacity_provider_strategy"))
    launch_type = mint.given("launch_type") or ("" if strategy else "EC2")
    on_fargate = launch_type == "FARGATE" or any(
        str(each_.get("capacity_provider", "")).startswith("FARGATE")
        for each_ in each(mint.planned.get("capacity_provider_strategy"))
    )
    service_role = "aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
    return {
        "id": identifier,
        "arn": identifier,
        "cluster": mint.arn("ecs", "cluster/default"),
        "iam_role": f"/{service_role}",
        "launch_type": launch_type,
        "platform_version": "LATEST" if on_fargate else "",
        "availability_zone_rebalancing": "ENABLED",
        "triggers": {},
        "service_connect_configuration": same_shape(
            mint.planned.get("service_connect_configuration"), _connected(mint, cluster)
        ),
        "deployment_configuration": same_shape(
            mint.planned.get("deployment_configuration"),
            lambda _index, _block: {"strategy": "ROLLING", "bake_time_in_minutes": "0"},
        ),
    }


def _refuse_what_the_task_lacks(mint: Mint) -> None:
    """Load balancers and Service Connect name ports of the task definition.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
    """
    containers = _containers(mint)
    if containers is None:
        return
    ports = {c.get("name"): c.get("portMappings") or () for c in containers}
    for block in each(mint.planned.get("load_balancer")):
        name, port = block.get("container_name"), block.get("container_port")
        if name not in ports:
            _refuse("load_balancer", f"has no container {name}; it has {_listed(ports)}")
        if port not in (mapping.get("containerPort") for mapping in ports[name]):
            _refuse("load_balancer", f"maps no port {port} of the container {name}")
    names = [m.get("name") for mappings in ports.values() for m in mappings if m.get("name")]
    for connect in each(mint.planned.get("service_connect_configuration")):
        for service in each(connect.get("service")):
            if service.get("port_name") not in names:
                detail = f"names no port {service.get('port_name')}; it names {_listed(names)}"
                _refuse("service_connect_configuration", detail)


def _containers(mint: Mint) -> list[Mapping[str, Value]] | None:
    """The containers of the service's task definition, if it belongs to this stack."""
    wanted = mint.given("task_definition")
    for definition in mint.context.peers("aws_ecs_task_definition"):
        if wanted in (definition.get("arn"), _revision(definition)):
            containers, _ = parse(str(definition.get("container_definitions")))
            return containers if isinstance(containers, list) else None
    return None


def _revision(definition: Object) -> str:
    return f"{definition.get('family')}:{definition.get('revision')}"


def _refuse(block: str, what: str) -> NoReturn:
    message = "InvalidParameterException: the service does not fit its task definition"
    raise Refused(message, f"The task definition {what}.", (block,))


def _listed(names: Iterable[Value]) -> str:
    return ", ".join(map(str, names)) or "none"


def _connected(
    mint: Mint, cluster: str
) -> Callable[[int, Mapping[str, Value]], Mapping[str, Value]]:
    """The default of the namespace is the cluster's, of a discovery name the port's name, and of an
    alias `name.namespace`."""

    def configuration(_index: int, block: Mapping[str, Value]) -> Mapping[str, Value]:
        own = block.get("namespace")
        namespace = str(own) if given(own) and own else _default_namespace(mint, cluster)
        name = _name_of_namespace(mint, namespace)
        return {
            "namespace": namespace,
            "service": same_shape(block.get("service"), partial(_connected_service, name)),
            "access_log_configuration": same_shape(
                block.get("access_log_configuration"),
                lambda _index, _log: {"include_query_parameters": "DISABLED"},
            ),
        }

    return configuration


def _default_namespace(mint: Mint, cluster: str) -> str:
    for known in mint.context.peers("aws_ecs_cluster"):
        if known.get("name") == cluster:
            return str(first(known.get("service_connect_defaults")).get("namespace") or "")
    return ""


def _name_of_namespace(mint: Mint, namespace: str) -> str:
    """Of one that is named by its ARN."""
    for kind in ("http", "private_dns", "public_dns"):
        for known in mint.context.peers(f"aws_service_discovery_{kind}_namespace"):
            if namespace == known.get("arn"):
                return str(known.get("name"))
    return namespace.rpartition("/")[2]


def _connected_service(
    namespace: str, _place: int, entry: Mapping[str, Value]
) -> Mapping[str, Value]:
    name = entry.get("discovery_name")
    chosen = str(name if given(name) else entry.get("port_name"))
    return {
        "discovery_name": chosen,
        "client_alias": same_shape(
            entry.get("client_alias"),
            lambda _index, _alias: {"dns_name": f"{chosen}.{namespace}"},
        ),
    }


def _fargate_network(config: Object) -> Iterator[Problem]:
    network = config.get("network_configuration")
    if config.get("launch_type") == "FARGATE" and (network is None or network == []):
        detail = "A service on Fargate needs a block network_configuration with its subnets."
        yield Problem(("launch_type",), "Missing block", detail)
    block = first(network)
    for name, low, high in (("subnets", 1, 16), ("security_groups", 0, 5)):
        members = block.get(name)
        if isinstance(members, list) and not low <= len(members) <= high:
            detail = f"A service has {low} to {high} {name}, here are {len(members)}."
            path = ("network_configuration", 0, name)
            yield Problem(path, "Invalid network configuration", detail)


def _percents(config: Object) -> Iterator[Problem]:
    low, high = (
        config.get("deployment_minimum_healthy_percent"),
        config.get("deployment_maximum_percent"),
    )
    low, high = 100 if low is None else low, 200 if high is None else high
    if not (given(low) and given(high)):
        return
    if low == high == 100 or (low >= 100 and high <= 100):
        detail = (
            f"With at least {low} % healthy and at most {high} % running, a deployment can neither"
            " stop an old task nor start a new one."
        )
        yield Problem(("deployment_maximum_percent",), "Deployments would be stuck", detail)


def _shifts(config: Object) -> Iterator[Problem]:
    """A deployment that shifts traffic needs another target group, and rules to write into.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AdvancedConfiguration.html
    """
    strategy = first(config.get("deployment_configuration")).get("strategy")
    if strategy not in ("BLUE_GREEN", "CANARY", "LINEAR"):
        return
    for index, target in enumerate(each(config.get("load_balancer"))):
        advanced = first(target.get("advanced_configuration"))
        path = ("load_balancer", index)
        if not advanced:
            detail = f"The strategy {strategy} needs a block advanced_configuration with the"
            detail += " alternate target group, the listener rule and the role for both."
            yield Problem(path, "Missing block", detail)
            continue
        alternate = advanced.get("alternate_target_group_arn")
        if given(alternate) and alternate == target.get("target_group_arn"):
            detail = "The alternate target group has to be another one than target_group_arn."
            yield Problem(path, "The same target group twice", detail)


def _import_service(identifier: str, context: Context) -> Object:
    cluster, slash, name = identifier.rpartition("/")
    cluster = cluster.rpartition("/")[2]
    if not (slash and cluster and name):
        raise unexpected("CLUSTER/SERVICE")
    start = f"arn:{context.partition}:ecs:{context.region}:{context.account_id}"
    return {
        "id": f"{start}:service/{cluster}/{name}",
        "arn": f"{start}:service/{cluster}/{name}",
        "cluster": f"{start}:cluster/{cluster}",
        "name": name,
    }


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_ecs_service": resource(
        _service,
        at("name", NAME),
        at("desired_count", between(0)),
        at("deployment_maximum_percent", between(0)),
        at("deployment_minimum_healthy_percent", between(0, 100)),
        at("health_check_grace_period_seconds", between(0, 2147483647)),
        at("platform_version", matches(r"LATEST|\d+\.\d+\.\d+|", "LATEST or a version")),
        at("load_balancer.target_group_arn", arn("elasticloadbalancing", resource="targetgroup/")),
        at("load_balancer.container_port", between(0, 65535)),
        at("service_registries.registry_arn", arn("servicediscovery")),
        conflicts("launch_type", "capacity_provider_strategy"),
        _fargate_network,
        _percents,
        _shifts,
        import_=_import_service,
    ),
}
