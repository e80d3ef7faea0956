"""ECS: services, the task definitions they run, and the containers in them.

reader            aws_ecs_service
task_definition   aws_ecs_task_definition
container         an entry of its `container_definitions`
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Cluster:
    address: str
    arn: str
    name: str
    container_insights: bool = False


@dataclass(frozen=True, slots=True)
class PortMapping:
    container_port: int
    name: str = ""
    protocol: str = "tcp"
    app_protocol: str = ""


@dataclass(frozen=True, slots=True)
class ContainerHealthCheck:
    """A container's health check. Times are in seconds. `command` begins with CMD, CMD-SHELL or
    NONE, as in ECS."""

    command: tuple[str, ...]
    interval: float = 30.0
    timeout: float = 5.0
    retries: int = 3
    start_period: float = 0.0


@dataclass(frozen=True, slots=True)
class ContainerDependency:
    container_name: str
    condition: str  # START | COMPLETE | SUCCESS | HEALTHY


@dataclass(frozen=True, slots=True)
class LogConfiguration:
    driver: str
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class FirelensConfiguration:
    type: str  # fluentbit | fluentd
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class MountPoint:
    source_volume: str
    container_path: str
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class FileSystemVolume:
    """A volume of EFS. With an access point, that point's root directory counts."""

    name: str
    file_system_id: str
    root_directory: str = "/"
    access_point_id: str = ""


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """A container that ends by itself begins again, unless with one of `ignored` exit codes, or
    before `after` seconds: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/container-restart-policy.html"""

    after: float = 300.0
    ignored: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Container:
    """One entry of `container_definitions`. None means that the image's value applies. Times are in
    seconds."""

    name: str
    image: str
    essential: bool = True
    command: tuple[str, ...] | None = None
    entry_point: tuple[str, ...] | None = None
    working_directory: str | None = None
    environment: tuple[tuple[str, str], ...] = ()
    secrets: tuple[tuple[str, str], ...] = ()  # (name, valueFrom)
    port_mappings: tuple[PortMapping, ...] = ()
    mount_points: tuple[MountPoint, ...] = ()
    depends_on: tuple[ContainerDependency, ...] = ()
    health_check: ContainerHealthCheck | None = None
    start_timeout: float | None = None
    stop_timeout: float = 30.0
    memory: int = 0  # MiB, the hard limit; 0: none
    user: str | None = None
    readonly_root_filesystem: bool = False
    log_configuration: LogConfiguration | None = None
    firelens: FirelensConfiguration | None = None
    restart: RestartPolicy | None = None


@dataclass(frozen=True, slots=True)
class TaskDefinition:
    """A task definition. `cpu` is in CPU units (1024 for a vCPU), `memory` in MiB. `architecture`
    is that of its images (`amd64`, `arm64`). `document` is ECS's description as JSON. `outlives`
    means that it survives Terraform's destruction (`skip_destroy`)."""

    address: str
    arn: str
    family: str
    revision: int
    cpu: int
    memory: int
    containers: tuple[Container, ...]
    execution_role_arn: str = ""
    task_role_arn: str = ""
    file_systems: tuple[FileSystemVolume, ...] = ()
    document: str = field(default="{}", repr=False)
    architecture: str = "amd64"
    outlives: bool = field(default=False, repr=False)

    @property
    def ports(self) -> dict[str, tuple[str, int]]:
        """The container and port of each name of a port: the mapping's own, and CONTAINER:PORT."""
        return {
            name: (container.name, mapping.container_port)
            for container in self.containers
            for mapping in container.port_mappings
            for name in (mapping.name, f"{container.name}:{mapping.container_port}")
            if name and mapping.protocol == "tcp"
        }

    def key_of(self, container: Container, keys: Collection[str]) -> str:
        """The key by which settings mean a container: FAMILY/NAME, where FAMILY may be the end of
        the family after a hyphen, or else NAME alone, or else its image's repository with its
        registry. Empty if there is none of them."""
        for key in sorted(keys, key=len, reverse=True):
            family, slash, name = key.rpartition("/")
            if name == container.name and (
                not slash or family == self.family or self.family.endswith(f"-{family}")
            ):
                return key
        repository = repository_of(container.image)
        return repository if repository in keys and has_registry(repository) else ""


def has_registry(key: str) -> bool:
    """Whether a key of the settings means a repository: no family has a dot or a colon."""
    registry, slash, _ = key.partition("/")
    return bool(slash) and not {".", ":"}.isdisjoint(registry)


def repository_of(image: str) -> str:
    """`HOST/NAME` of a reference; the host may have a port."""
    path, slash, name = image.partition("@")[0].rpartition("/")
    return f"{path}{slash}{name.partition(':')[0]}"


@dataclass(frozen=True, slots=True)
class ServiceTarget:
    """A service's load_balancer block: which container's port joins which target group. A
    deployment that shifts traffic uses the `alternate_arn` in turn, and writes the weights of both
    groups into its listener rules (ARNs): that of the visitors, and that of the tests (or empty).
    """

    target_group_arn: str
    container_name: str
    container_port: int
    alternate_arn: str = ""
    production_rule: str = ""
    test_rule: str = ""


@dataclass(frozen=True, slots=True)
class ServiceConnectEndpoint:
    """A name under which a service's port can be called: http://<dns_name>:<port>. `port_name` is
    one of `TaskDefinition.ports`. `is_direct`: by AWS Cloud Map, whose names have the tasks' own
    addresses, without Service Connect's proxy."""

    port_name: str
    dns_name: str
    port: int
    is_direct: bool = False


@dataclass(frozen=True, slots=True)
class ServiceConnect:
    """A service's part in Service Connect. `endpoints` is empty for a service that only calls
    others. Time-outs are in seconds."""

    namespace: str
    endpoints: tuple[ServiceConnectEndpoint, ...] = ()
    idle_timeout: float | None = None
    per_request_timeout: float | None = None
    declared: bool = True  # whether the namespace is one of the definitions


@dataclass(frozen=True, slots=True)
class TargetTracking:
    """A target-tracking policy. `metric` is a predefined metric, or empty for a customized one.
    Cooldowns are in seconds."""

    metric: str  # ECSServiceAverageCPUUtilization, …
    target_value: float
    scale_in_cooldown: float = 300.0
    scale_out_cooldown: float = 300.0
    disable_scale_in: bool = False


@dataclass(frozen=True, slots=True)
class AutoScaling:
    min_capacity: int
    max_capacity: int
    policies: tuple[TargetTracking, ...] = ()


@dataclass(frozen=True, slots=True)
class DeploymentAlarms:
    """The names of the alarms that stop a deployment, and whether ECS then rolls back."""

    names: tuple[str, ...]
    rollback: bool = False


@dataclass(frozen=True, slots=True)
class LifecycleHook:
    """A function that ECS calls, with a role, in some stages of a deployment. `details`: JSON for
    the function, or empty."""

    function_arn: str
    role_arn: str
    stages: tuple[str, ...]
    details: str = ""


@dataclass(frozen=True, slots=True)
class TrafficShift:
    """How a deployment brings its traffic to new tasks beside the old ones: blue/green, canary and
    linear ("Amazon ECS deployment types"). `steps`: percent of the traffic that the new tasks
    have, and for how many minutes, before they have all of it. `bake`: minutes with all of it,
    while the old tasks still run."""

    strategy: str  # BLUE_GREEN | CANARY | LINEAR
    steps: tuple[tuple[float, float], ...] = ()
    bake: float = 0.0
    hooks: tuple[LifecycleHook, ...] = ()


@dataclass(frozen=True, slots=True)
class Registry:
    """A service of AWS Cloud Map, and its namespace, with the tasks of an ECS service. `port`: the
    container's, or 0 where only addresses are registered. `has_dns`: whether its name is resolved
    to addresses; else programs can only ask for it."""

    namespace: str
    name: str
    port: int = 0
    has_dns: bool = True

    @property
    def dns_name(self) -> str:
        return f"{self.name}.{self.namespace}".lower()


@dataclass(frozen=True, slots=True)
class Service:
    """An ECS service. Percentages are ECS's; times are in seconds. `deployment_id` is the id of the
    next deployment if it was already assigned."""

    address: str
    arn: str
    name: str
    cluster_arn: str
    task_definition_arn: str
    desired_count: int
    targets: tuple[ServiceTarget, ...] = ()
    minimum_healthy_percent: int = 100
    maximum_percent: int = 200
    health_check_grace_period: float = 0.0
    circuit_breaker: bool = False
    circuit_breaker_rollback: bool = False
    deployment_alarms: DeploymentAlarms | None = None
    shift: TrafficShift | None = None
    service_connect: ServiceConnect | None = None
    registries: tuple[Registry, ...] = ()
    scaling: AutoScaling | None = None
    force_new_deployment_token: str = ""
    deployment_id: str = ""
    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    assign_public_ip: bool = False
    execute_command: bool = False
    controller: str = "ECS"  # of its deployments; also CODE_DEPLOY, EXTERNAL

    def endpoints(self, definition: TaskDefinition) -> tuple[ServiceConnectEndpoint, ...]:
        """What other tasks can call: Service Connect's endpoints, and each port of the definition
        by the names in Cloud Map."""
        return (
            *(self.service_connect.endpoints if self.service_connect else ()),
            *(
                ServiceConnectEndpoint(f"{container}:{port}", each.dns_name, port, is_direct=True)
                for each in self.registries
                for container, port in dict.fromkeys(definition.ports.values())
            ),
        )

    @property
    def discovery_names(self) -> tuple[str, ...]:
        """The DNS names of its tasks in Cloud Map."""
        return tuple(each.dns_name for each in self.registries if each.has_dns)

    @property
    def capacity(self) -> int:
        """The number of tasks without load: the desired count, within the bounds of auto scaling.
        AWS corrects a count outside them at once ("RegisterScalableTarget",
        docs.aws.amazon.com/autoscaling/application/APIReference)."""
        if self.scaling is None:
            return self.desired_count
        return max(self.scaling.min_capacity, min(self.desired_count, self.scaling.max_capacity))
