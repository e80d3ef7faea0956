"""aws_ecs_service, with the scaling of its tasks: aws_appautoscaling_target and its policies."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence

from bonkei.blueprint.coverage import Gaps
from bonkei.blueprint.ecs import (
    AutoScaling,
    Cluster,
    DeploymentAlarms,
    LifecycleHook,
    Registry,
    Service,
    ServiceConnect,
    ServiceConnectEndpoint,
    ServiceTarget,
    TargetTracking,
    TaskDefinition,
    TrafficShift,
)
from bonkei.blueprint.state import Resource, State
from bonkei.blueprint.state.block import Block

_SERVICE = "aws_ecs_service"


def read_services(
    state: State, gaps: Gaps, revisions: Sequence[TaskDefinition] = ()
) -> tuple[Service, ...]:
    """Every service with a task definition in the state, or among the further `revisions`. Others
    are noted."""
    return tuple(_services(state, gaps, revisions))


def read_clusters(state: State) -> tuple[Cluster, ...]:
    """Every ECS cluster, and those of other stacks in which services of this one run."""
    own = tuple(
        block.read(
            Cluster,
            container_insights=any(
                setting.text("name") == "containerInsights" and setting.text("value") != "disabled"
                for setting in block.blocks("setting")
            ),
        )
        for block in state.managed("aws_ecs_cluster")
    )
    used = {_cluster_arn(block, _cluster(block, state)) for block in state.managed(_SERVICE)}
    others = sorted(used - {cluster.arn for cluster in own})
    return (*own, *(Cluster("", arn, arn.rpartition("/")[2]) for arn in others))


def _cluster_arn(block: Resource, cluster: Resource | None) -> str:
    """The ARN of a service's cluster; that of another stack may be given by its name alone."""
    if cluster is not None:
        return cluster.text("arn")
    wanted, service = block.text("cluster", "default"), block.text("arn", "")
    if ":service/" in service and not wanted.startswith("arn:"):
        return f"{service.partition(':service/')[0]}:cluster/{wanted}"
    return wanted


def _services(state: State, gaps: Gaps, revisions: Sequence[TaskDefinition]) -> Iterator[Service]:
    for block in state.managed(_SERVICE):
        definition = _task_definition(block, state, revisions)
        if not definition:
            gaps.resource(block, "its task definition is not part of these definitions")
        else:
            yield _service(block, definition, state)


def _task_definition(block: Resource, state: State, revisions: Sequence[TaskDefinition]) -> str:
    """Find the ARN by an ARN, by `family:revision` or by `family` (its latest revision). The result
    is empty if there is none."""
    wanted = block.text("task_definition", "")
    for found in reversed(state.managed("aws_ecs_task_definition")):
        family, revision = found.text("family"), found.integer("revision")
        if wanted in (found.text("arn"), f"{family}:{revision}", family):
            return found.text("arn")
    for one in revisions:
        if wanted in (one.arn, f"{one.family}:{one.revision}"):
            return one.arn
    return ""


def _service(block: Resource, task_definition_arn: str, state: State) -> Service:
    cluster = _cluster(block, state)
    name = block.text("name")
    breaker = block.part("deployment_circuit_breaker")
    network = block.part("network_configuration")
    return Service(
        address=block.address,
        arn=block.text("arn", "") or block.text("id"),
        name=name,
        cluster_arn=_cluster_arn(block, cluster),
        task_definition_arn=task_definition_arn,
        desired_count=block.integer("desired_count", 0),
        targets=tuple(sorted(_targets(block), key=lambda target: target.target_group_arn)),
        minimum_healthy_percent=block.integer("deployment_minimum_healthy_percent", 100),
        maximum_percent=block.integer("deployment_maximum_percent", 200),
        health_check_grace_period=block.number("health_check_grace_period_seconds", 0),
        circuit_breaker=breaker.flag("enable"),
        circuit_breaker_rollback=breaker.flag("rollback"),
        deployment_alarms=_alarms(block.block("alarms")),
        shift=_shift(block.part("deployment_configuration")),
        service_connect=read_service_connect(block, cluster, state),
        registries=tuple(_registries(block, state)),
        scaling=_auto_scaling(name, _cluster_name(block, cluster), state),
        force_new_deployment_token=_token(block),
        subnet_ids=tuple(sorted(network.texts("subnets"))),
        security_group_ids=tuple(sorted(network.texts("security_groups"))),
        assign_public_ip=network.flag("assign_public_ip"),
        execute_command=block.flag("enable_execute_command"),
        controller=block.part("deployment_controller").text("type", "ECS"),
    )


def _cluster(block: Resource, state: State) -> Resource | None:
    """The cluster that a service names by ARN or by name."""
    wanted = block.text("cluster", "default")
    return state.find(wanted, "arn", "aws_ecs_cluster") or state.find(
        wanted, "name", "aws_ecs_cluster"
    )


def _cluster_name(block: Resource, cluster: Resource | None) -> str:
    if cluster is not None and cluster.mode == "managed":
        return cluster.text("name")
    return block.text("cluster", "default").rpartition("/")[2]


def _targets(block: Block) -> Iterator[ServiceTarget]:
    for target in block.blocks("load_balancer"):
        if target.has("target_group_arn"):  # a Classic Load Balancer is named by elb_name
            advanced = target.part("advanced_configuration")
            yield target.read(
                ServiceTarget,
                alternate_arn=advanced.text("alternate_target_group_arn", ""),
                production_rule=advanced.text("production_listener_rule", ""),
                test_rule=advanced.text("test_listener_rule", ""),
            )


def _shift(config: Block) -> TrafficShift | None:
    """DeploymentConfiguration: the defaults are those of CanaryConfiguration, LinearConfiguration.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
    """
    strategy = config.text("strategy", "") or "ROLLING"
    if strategy == "ROLLING":
        return None
    steps: list[tuple[float, float]] = []
    if strategy == "CANARY":
        canary = config.part("canary_configuration")
        wait = canary.number("canary_bake_time_in_minutes", 10)
        steps = [(canary.number("canary_percent", 5), wait)]
    if strategy == "LINEAR":
        linear = config.part("linear_configuration")
        percent, wait = (
            linear.number("step_percent", 10),
            linear.number("step_bake_time_in_minutes", 6),
        )
        steps = [(n * percent, wait) for n in range(1, math.ceil(100 / percent))]
    hooks = tuple(
        LifecycleHook(
            hook.text("hook_target_arn"),
            hook.text("role_arn", ""),
            tuple(sorted(hook.texts("lifecycle_stages"))),
            hook.text("hook_details", ""),
        )
        for hook in config.blocks("lifecycle_hook")
    )
    return TrafficShift(strategy, tuple(steps), config.number("bake_time_in_minutes", 0), hooks)


def _alarms(block: Block | None) -> DeploymentAlarms | None:
    if block is None or not block.flag("enable"):
        return None
    return DeploymentAlarms(tuple(sorted(block.texts("alarm_names"))), block.flag("rollback"))


def _token(block: Block) -> str:
    """A text that changes when a new deployment must start with the same task definition."""
    triggers = block.pairs("triggers")
    return json.dumps(triggers) if triggers and block.flag("force_new_deployment") else ""


def _auto_scaling(service: str, cluster: str, state: State) -> AutoScaling | None:
    """Read the scalable target of a service with its target-tracking policies, or None without
    one."""
    resource_id = f"service/{cluster}/{service}"
    for target in state.managed("aws_appautoscaling_target"):
        if target.text("service_namespace") == "ecs" and target.text("resource_id") == resource_id:
            return target.read(AutoScaling, policies=tuple(_policies(resource_id, state)))
    return None


def _policies(resource_id: str, state: State) -> Iterator[TargetTracking]:
    for policy in state.managed("aws_appautoscaling_policy"):
        config = policy.block("target_tracking_scaling_policy_configuration")
        if policy.text("resource_id") != resource_id or config is None:
            continue
        metric = config.block("predefined_metric_specification")
        yield config.read(
            TargetTracking,
            metric=metric.text("predefined_metric_type") if metric is not None else "",
        )


_NAMESPACES = (
    "aws_service_discovery_http_namespace",
    "aws_service_discovery_private_dns_namespace",
    "aws_service_discovery_public_dns_namespace",
)
_ALL_NAMESPACES = (*_NAMESPACES, "aws_service_discovery_dns_namespace")


def _registries(service: Block, state: State) -> Iterator[Registry]:
    """What Cloud Map knows the tasks by ("Using service discovery to connect Amazon ECS services
    with DNS names", Amazon ECS Developer Guide)."""
    for block in service.blocks("service_registries"):
        found = state.find(block.text("registry_arn"), "arn", "aws_service_discovery_service")
        dns = found.block("dns_config") if found else None
        place = dns or found
        wanted = place.text("namespace_id", "") if place else ""
        namespace = state.find(wanted, "id", *_ALL_NAMESPACES)
        if found and namespace:
            port = block.integer("container_port", 0) or block.integer("port", 0)
            records = dns.blocks("dns_records") if dns else ()
            has_address = any(each.text("type") != "SRV" for each in records)
            yield Registry(namespace.text("name"), found.text("name"), port, has_address)


def read_service_connect(
    service: Block, cluster: Block | None, state: State
) -> ServiceConnect | None:
    """Read the configuration. The result is None if the service does not use Service Connect."""
    config = service.block("service_connect_configuration")
    if config is None or not config.flag("enabled"):
        return None
    namespace = _namespace(config, cluster, state)
    services = config.blocks("service")
    timeout = next((found for item in services if (found := item.block("timeout"))), None)
    return ServiceConnect(
        namespace=namespace,
        endpoints=tuple(e for item in services for e in _endpoints(item, namespace)),
        idle_timeout=_seconds(timeout, "idle_timeout_seconds"),
        per_request_timeout=_seconds(timeout, "per_request_timeout_seconds"),
        declared=any(n.text("name") == namespace for n in state.managed(*_NAMESPACES)),
    )


def _namespace(config: Block, cluster: Block | None, state: State) -> str:
    """The namespace's name: the service's own, or else its cluster's default."""
    defaults = cluster.block("service_connect_defaults") if cluster else None
    wanted = config.text("namespace", "") or (defaults.text("namespace") if defaults else "")
    if not wanted:
        config.refuse("namespace", "not set, and the cluster has no default")
    found = state.find(wanted, "arn", *_NAMESPACES)
    return found.text("name") if found else wanted.rpartition("/")[2]


def _endpoints(block: Block, namespace: str) -> Iterator[ServiceConnectEndpoint]:
    """ServiceConnectClientAlias: without a dnsName it is `<discoveryName>.<namespace>`.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceConnectClientAlias.html
    """
    port_name = block.text("port_name")
    discovery_name = block.text("discovery_name", "") or port_name
    for alias in block.blocks("client_alias"):
        yield ServiceConnectEndpoint(
            port_name=port_name,
            dns_name=alias.text("dns_name", "") or f"{discovery_name}.{namespace}",
            port=alias.integer("port"),
        )


def _seconds(timeout: Block | None, name: str) -> float | None:
    if timeout is None or not timeout.has(name):
        return None
    return timeout.number(name)
