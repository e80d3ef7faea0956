"""One entry of a task definition's `container_definitions`, in the ECS API's own spelling."""

from __future__ import annotations

from typing import Any

from bonkei.blueprint.ecs import (
    Container,
    ContainerDependency,
    ContainerHealthCheck,
    FirelensConfiguration,
    LogConfiguration,
    MountPoint,
    PortMapping,
    RestartPolicy,
)
from bonkei.blueprint.state.block import Block

_KEYS = """
    add appProtocol capabilities command condition containerName containerPath containerPort
    containerPortRange cpu credentialsParameter credentialSpecs dependsOn devices
    disableNetworking dnsSearchDomains dnsServers dockerLabels dockerSecurityOptions drop
    enabled entryPoint environment environmentFiles essential extraHosts firelensConfiguration
    hardLimit healthCheck hostname hostPath hostPort ignoredExitCodes image initProcessEnabled
    interactive interval ipAddress links linuxParameters logConfiguration logDriver maxSwap
    memory memoryReservation mountOptions mountPoints name namespace options permissions
    portMappings privileged protocol pseudoTerminal readOnly readonlyRootFilesystem
    repositoryCredentials resourceRequirements restartAttemptPeriod restartPolicy retries
    secretOptions secrets sharedMemorySize size softLimit sourceContainer sourceVolume
    startPeriod startTimeout stopTimeout swappiness systemControls timeout tmpfs type ulimits
    user value valueFrom versionConsistency volumesFrom workingDirectory
"""
KEYS = frozenset(_KEYS.split())
_OF_ONES_OWN = ("options", "dockerLabels")  # maps with keys of the author's own
_BY_LOWER = {key.lower(): key for key in KEYS}


def in_api_spelling(value: Any) -> Any:
    """Return the decoded document. Each key that the API knows is spelled as in the API. Members
    that are null are left out.

    Terraform's provider decodes the document with Go's encoding/json. It ignores the case of keys
    (`healthcheck` is `healthCheck`), and takes null for absent.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
    """
    if isinstance(value, list):
        return [in_api_spelling(item) for item in value if item is not None]
    if not isinstance(value, dict):
        return value
    spelled = {_BY_LOWER.get(key.lower(), key): member for key, member in value.items()}
    return {
        key: _own(member) if key in _OF_ONES_OWN else in_api_spelling(member)
        for key, member in spelled.items()
        if member is not None
    }


def _own(value: Any) -> Any:
    """A map whose keys are the author's own."""
    if not isinstance(value, dict):
        return value
    return {key: member for key, member in value.items() if member is not None}


def read_container(block: Block) -> Container:
    """Defaults: ContainerDefinition,
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
    """
    return block.read(
        Container,
        command=_command(block, "command"),
        entry_point=_command(block, "entryPoint"),
        working_directory=block.text("workingDirectory", "") or None,
        environment=_environment(block),
        secrets=_pairs(block, "secrets", "valueFrom"),
        port_mappings=tuple(_port_mapping(item) for item in block.blocks("portMappings")),
        mount_points=tuple(_mount_point(item) for item in block.blocks("mountPoints")),
        depends_on=tuple(
            ContainerDependency(item.text("containerName"), item.text("condition"))
            for item in block.blocks("dependsOn")
        ),
        health_check=_health_check(block.block("healthCheck")),
        start_timeout=block.number("startTimeout") if block.has("startTimeout") else None,
        stop_timeout=block.number("stopTimeout", 30),
        user=block.text("user", "") or None,
        readonly_root_filesystem=block.flag("readonlyRootFilesystem"),
        log_configuration=_log_configuration(block.block("logConfiguration")),
        firelens=_firelens(block.block("firelensConfiguration")),
        restart=_restart(block.block("restartPolicy")),
    )


def _command(block: Block, name: str) -> tuple[str, ...] | None:
    return block.texts(name) or None


def _environment(block: Block) -> tuple[tuple[str, str], ...]:
    """A value may be missing (KeyValuePair). The variable then exists, and is empty."""
    items = block.blocks("environment")
    return tuple(sorted((item.text("name"), item.text("value", "")) for item in items))


def _pairs(block: Block, name: str, value: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((item.text("name"), item.text(value)) for item in block.blocks(name)))


def _port_mapping(block: Block) -> PortMapping:
    return block.read(
        PortMapping,
        container_port=block.integer("containerPort"),
        app_protocol=block.text("appProtocol", ""),
    )


def _mount_point(block: Block) -> MountPoint:
    return MountPoint(
        source_volume=block.text("sourceVolume"),
        container_path=block.text("containerPath"),
        read_only=block.flag("readOnly"),
    )


def _health_check(block: Block | None) -> ContainerHealthCheck | None:
    if block is None:
        return None
    return block.read(
        ContainerHealthCheck,
        command=block.texts("command"),
        start_period=block.number("startPeriod", 0),
    )


def _log_configuration(block: Block | None) -> LogConfiguration | None:
    if block is None:
        return None
    return LogConfiguration(
        driver=block.text("logDriver"),
        options=block.pairs("options"),
    )


def _firelens(block: Block | None) -> FirelensConfiguration | None:
    if block is None:
        return None
    return FirelensConfiguration(block.text("type"), block.pairs("options"))


def _restart(block: Block | None) -> RestartPolicy | None:
    if block is None or not block.flag("enabled"):
        return None
    ignored = block.values.get("ignoredExitCodes") or ()
    return RestartPolicy(block.number("restartAttemptPeriod", 300), tuple(map(int, ignored)))
