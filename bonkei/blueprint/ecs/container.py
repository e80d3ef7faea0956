"""One entry of a task definition's `container_definitions`, in the ECS API's own spelling."""

from __future__ import annotations

from bonkei.blueprint.ecs import (
    Container,
    ContainerDependency,
    ContainerHealthCheck,
    FirelensConfiguration,
    LogConfiguration,
    MountPoint,
    PortMapping,
)
from bonkei.blueprint.state.block import Block


def read_container(block: Block) -> Container:
    """Defaults: ContainerDefinition,
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
    """
    return Container(
        name=block.text("name"),
        image=block.text("image"),
        essential=block.flag("essential", True),
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
        memory=block.integer("memory", 0),
        user=block.text("user", "") or None,
        readonly_root_filesystem=block.flag("readonlyRootFilesystem"),
        log_configuration=_log_configuration(block.block("logConfiguration")),
        firelens=_firelens(block.block("firelensConfiguration")),
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
    return PortMapping(
        container_port=block.integer("containerPort"),
        name=block.text("name", ""),
        protocol=block.text("protocol", "tcp"),
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
    return ContainerHealthCheck(
        command=block.texts("command"),
        interval=block.number("interval", 30),
        timeout=block.number("timeout", 5),
        retries=block.integer("retries", 3),
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
