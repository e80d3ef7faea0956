"""Amazon ECS: clusters, task definitions, services.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bonkei.provider.aws.checks import (
    at,
    at_least,
    between,
    conflicts,
    length,
    matches,
    one_of,
    unique,
)
from bonkei.provider.aws.container_definitions import Surroundings, faults
from bonkei.provider.aws.container_equality import same_containers
from bonkei.provider.aws.fargate import cpu_units, memory_mib, wrong_size
from bonkei.provider.aws.formats import arn
from bonkei.provider.aws.naming import Mint, each, first, resource, same_shape
from bonkei.provider.behaviour import Context, Problem, Refused, ResourceBehaviour
from bonkei.provider.values import UNKNOWN, Object, Value, given, known_items

_NAME = matches(r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,254}", "letters, digits, - and _, at most 255")
_LAUNCH_TYPES = ("EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES")


def _cluster(mint: Mint) -> Mapping[str, Value]:
    identifier = mint.arn("ecs", f"cluster/{mint.given('name')}")
    return {"id": identifier, "arn": identifier}


def _insights(config: Object) -> Iterator[Problem]:
    for index, setting in enumerate(each(config.get("setting"))):
        value = setting.get("value")
        if setting.get("name") == "containerInsights" and given(value):
            wrong = one_of("enabled", "disabled", "enhanced")(value)
            if wrong:
                yield Problem(("setting", index, "value"), 'Invalid value for "setting"', wrong)


def _import_cluster(identifier: str, context: Context) -> Object:
    name = identifier.rpartition("/")[2]
    arn_ = f"arn:{context.partition}:ecs:{context.region}:{context.account_id}:cluster/{name}"
    return {"id": arn_, "arn": arn_, "name": name}


def _task_definition(mint: Mint) -> Mapping[str, Value]:
    """Revisions of a family count up, also over destruction: ECS never gives a number twice."""
    family = str(mint.given("family"))
    place = f"ecs/{mint.account}/{mint.region}/{family}"
    revision = mint.given("revision") or mint.context.sequence(place)
    without = mint.arn("ecs", f"task-definition/{family}")
    return {
        "id": family,
        "arn": f"{without}:{revision}",
        "arn_without_revision": without,
        "revision": revision,
        "network_mode": "bridge",
        "enable_fault_injection": False,
        "volume": same_shape(
            mint.planned.get("volume"), lambda _index, _block: {"configure_at_launch": False}
        ),
    }


def _on_fargate(config: Object) -> bool:
    return "FARGATE" in list(known_items(config.get("requires_compatibilities")))


def _sizes(config: Object) -> Iterator[Problem]:
    """Both sizes in their forms, and on Fargate a pair that there is."""
    found: dict[str, int | None] = {}
    for name, read in (("cpu", cpu_units), ("memory", memory_mib)):
        text = config.get(name)
        if given(text):
            found[name] = read(str(text))
            if found[name] is None:
                example = '"256" or ".25 vCPU"' if name == "cpu" else '"512" or "1 GB"'
                detail = f'Expected {example}, got "{text}".'
                yield Problem((name,), f'Invalid value for "{name}"', detail)
        elif text is None and _on_fargate(config):
            detail = f'A task for Fargate needs "{name}".'
            yield Problem(("requires_compatibilities",), "Missing argument", detail)
    cpu, memory = found.get("cpu"), found.get("memory")
    if cpu is not None and memory is not None and _on_fargate(config):
        wrong = wrong_size(cpu, memory)
        if wrong:
            yield Problem(("cpu",), "No such Fargate task size", wrong)


def _fargate_needs(config: Object) -> Iterator[Problem]:
    if not _on_fargate(config):
        return
    mode = config.get("network_mode")
    if mode is not UNKNOWN and mode != "awsvpc":
        detail = 'A task for Fargate has network_mode = "awsvpc".'
        yield Problem(
            ("network_mode",) if mode else ("requires_compatibilities",),
            "Invalid network mode",
            detail,
        )
    for name in ("ipc_mode", "placement_constraints"):
        if given(config.get(name)) and config[name] not in ("", []):
            yield Problem((name,), "Conflicting arguments", f'On Fargate there is no "{name}".')
    if config.get("pid_mode") == "host":
        detail = 'On Fargate, pid_mode is "task" or left out.'
        yield Problem(("pid_mode",), "Invalid value", detail)


def _containers(config: Object) -> Iterator[Problem]:
    text = config.get("container_definitions")
    if not given(text):
        return
    memory, cpu = config.get("memory"), config.get("cpu")
    mode, volumes = config.get("network_mode"), config.get("volume")
    names = [volume.get("name") for volume in each(volumes)]
    sure = (volumes is None or isinstance(volumes, list)) and all(map(given, names))
    role = config.get("execution_role_arn")
    task = Surroundings(
        network_mode=str(mode) if given(mode) else None,
        fargate=_on_fargate(config),
        memory=memory_mib(str(memory)) if given(memory) else None,
        cpu=cpu_units(str(cpu)) if given(cpu) else None,
        volumes=frozenset(map(str, names)) if sure else None,
        has_execution_role=None if role is UNKNOWN else role is not None,
    )
    for fault in faults(str(text), task):
        yield Problem(("container_definitions",), "Invalid container definitions", fault)


def _import_task_definition(identifier: str, _: Context) -> Object:
    _start, separator, name = identifier.partition(":task-definition/")
    family, colon, revision = name.partition(":")
    if not (separator and colon and revision.isdigit()):
        raise Refused(
            "Unexpected import id",
            "Expected arn:PARTITION:ecs:REGION:ACCOUNT:task-definition/FAMILY:REVISION.",
        )
    return {
        "id": family,
        "arn": identifier,
        "arn_without_revision": identifier.rpartition(":")[0],
        "family": family,
        "revision": int(revision),
    }


def _service(mint: Mint) -> Mapping[str, Value]:
    """`…:service/<cluster>/<service>`: the long ARN format."""
    cluster = str(mint.given("cluster") or "default").rpartition("/")[2]
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
            mint.planned.get("service_connect_configuration"), _connected
        ),
        "deployment_configuration": same_shape(
            mint.planned.get("deployment_configuration"),
            lambda _index, _block: {"strategy": "ROLLING", "bake_time_in_minutes": "0"},
        ),
    }


def _connected(_index: int, block: Mapping[str, Value]) -> Mapping[str, Value]:
    """Without a discovery name, the port's name is it; without an alias' name, `name.namespace`."""
    namespace = str(block.get("namespace") or "").rpartition("/")[2]

    def service(_place: int, entry: Mapping[str, Value]) -> Mapping[str, Value]:
        name = entry.get("discovery_name")
        chosen = str(name if given(name) else entry.get("port_name"))
        return {
            "discovery_name": chosen,
            "client_alias": same_shape(
                entry.get("client_alias"),
                lambda _index, _alias: {"dns_name": f"{chosen}.{namespace}"},
            ),
        }

    return {
        "service": same_shape(block.get("service"), service),
        "log_configuration": same_shape(
            block.get("log_configuration"), lambda _index, _log: {"options": {}}
        ),
        "access_log_configuration": same_shape(
            block.get("access_log_configuration"),
            lambda _index, _log: {"include_query_parameters": "DISABLED"},
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


def _grace_needs_balancer(config: Object) -> Iterator[Problem]:
    balancer = config.get("load_balancer")
    if given(config.get("health_check_grace_period_seconds")) and balancer in (None, []):
        detail = "A grace period is only valid for a service with a load_balancer block."
        path = ("health_check_grace_period_seconds",)
        yield Problem(path, "Conflicting arguments", detail)


def _import_service(identifier: str, context: Context) -> Object:
    cluster, slash, name = identifier.rpartition("/")
    cluster = cluster.rpartition("/")[2]
    if not slash or not cluster:
        raise Refused("Unexpected import id", "Expected CLUSTER/SERVICE.")
    start = f"arn:{context.partition}:ecs:{context.region}:{context.account_id}"
    return {
        "id": f"{start}:service/{cluster}/{name}",
        "arn": f"{start}:service/{cluster}/{name}",
        "cluster": f"{start}:cluster/{cluster}",
        "name": name,
    }


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_ecs_cluster": resource(
        _cluster,
        at("name", _NAME),
        at("setting.name", one_of("containerInsights")),
        _insights,
        at(
            "configuration.execute_command_configuration.logging",
            one_of("NONE", "DEFAULT", "OVERRIDE"),
        ),
        at("service_connect_defaults.namespace", arn("servicediscovery")),
        force_new="name",
        arguments={"configuration.execute_command_configuration.logging": "DEFAULT"},
        import_=_import_cluster,
    ),
    "aws_ecs_cluster_capacity_providers": resource(
        lambda mint: {"id": mint.given("cluster_name")},
        at("default_capacity_provider_strategy.base", between(0, 100000)),
        at("default_capacity_provider_strategy.weight", between(0, 1000)),
        force_new="cluster_name",
        arguments={
            "default_capacity_provider_strategy.base": 0,
            "default_capacity_provider_strategy.weight": 0,
        },
        import_="cluster_name",
    ),
    "aws_ecs_task_definition": resource(
        _task_definition,
        at("family", length(1, 255), matches(r"[0-9A-Za-z_-]+", "letters, digits, - and _")),
        at("network_mode", one_of("bridge", "host", "awsvpc", "none")),
        at("requires_compatibilities", one_of(*_LAUNCH_TYPES)),
        at("ipc_mode", one_of("host", "task", "none")),
        at("pid_mode", one_of("host", "task")),
        at("execution_role_arn", arn("iam")),
        at("task_role_arn", arn("iam")),
        at("ephemeral_storage.size_in_gib", between(21, 200)),
        at("runtime_platform.cpu_architecture", one_of("X86_64", "ARM64")),
        at(
            "runtime_platform.operating_system_family",
            one_of(
                "LINUX",
                "WINDOWS_SERVER_2019_CORE",
                "WINDOWS_SERVER_2019_FULL",
                "WINDOWS_SERVER_2022_CORE",
                "WINDOWS_SERVER_2022_FULL",
                "WINDOWS_SERVER_2025_CORE",
                "WINDOWS_SERVER_2025_FULL",
            ),
        ),
        at("volume.efs_volume_configuration.transit_encryption", one_of("ENABLED", "DISABLED")),
        unique("volume", "name", "volume"),
        _sizes,
        _fargate_needs,
        _containers,
        force_new="container_definitions cpu enable_fault_injection ephemeral_storage"
        " execution_role_arn family ipc_mode memory network_mode pid_mode placement_constraints"
        " proxy_configuration requires_compatibilities runtime_platform task_role_arn volume",
        arguments={
            "skip_destroy": False,
            "track_latest": False,
            "proxy_configuration.type": "APPMESH",
            "volume.efs_volume_configuration.root_directory": "/",
        },
        equivalent={"container_definitions": same_containers},
        import_=_import_task_definition,
    ),
    "aws_ecs_service": resource(
        _service,
        at("name", _NAME),
        at("launch_type", one_of(*_LAUNCH_TYPES)),
        at("scheduling_strategy", one_of("REPLICA", "DAEMON")),
        at("propagate_tags", one_of("SERVICE", "TASK_DEFINITION", "NONE")),
        at("availability_zone_rebalancing", one_of("ENABLED", "DISABLED")),
        at("deployment_controller.type", one_of("ECS", "CODE_DEPLOY", "EXTERNAL")),
        at(
            "deployment_configuration.strategy", one_of("ROLLING", "BLUE_GREEN", "LINEAR", "CANARY")
        ),
        at("desired_count", at_least(0)),
        at("deployment_maximum_percent", at_least(0)),
        at("deployment_minimum_healthy_percent", between(0, 100)),
        at("health_check_grace_period_seconds", between(0, 2147483647)),
        at("platform_version", matches(r"LATEST|\d+\.\d+\.\d+|", "LATEST or a version")),
        at("load_balancer.target_group_arn", arn("elasticloadbalancing", resource="targetgroup/")),
        at("load_balancer.container_port", between(0, 65535)),
        at("service_connect_configuration.service.client_alias.port", between(0, 65535)),
        at("service_connect_configuration.service.ingress_port_override", between(0, 65535)),
        at("service_registries.registry_arn", arn("servicediscovery")),
        at("capacity_provider_strategy.base", between(0, 100000)),
        at("capacity_provider_strategy.weight", between(0, 1000)),
        conflicts("launch_type", "capacity_provider_strategy"),
        _fargate_network,
        _percents,
        _grace_needs_balancer,
        force_new="name cluster launch_type iam_role scheduling_strategy deployment_controller",
        arguments={
            "deployment_maximum_percent": 200,
            "deployment_minimum_healthy_percent": 100,
            "enable_ecs_managed_tags": False,
            "enable_execute_command": False,
            "scheduling_strategy": "REPLICA",
            "wait_for_steady_state": False,
            "deployment_controller.type": "ECS",
            "network_configuration.assign_public_ip": False,
        },
        import_=_import_service,
    ),
    "aws_ecs_capacity_provider": resource(
        lambda mint: {
            "id": mint.arn("ecs", f"capacity-provider/{mint.given('name')}"),
            "arn": mint.arn("ecs", f"capacity-provider/{mint.given('name')}"),
        },
        force_new="name",
    ),
    "aws_ecs_account_setting_default": resource(
        lambda mint: {
            "id": mint.given("name"),
            "principal_arn": mint.arn("iam", "root", region=""),
        },
        force_new="name",
    ),
}
