"""ECS: services, the task definitions they run, and the containers in them.

values            the values for the tasks' scheduler
reader            aws_ecs_service (service_connect)
task_definition   aws_ecs_task_definition (container, container_spelling)
"""

from bonkei.blueprint.ecs.values import (
    AutoScaling,
    Cluster,
    Container,
    ContainerDependency,
    ContainerHealthCheck,
    DeploymentAlarms,
    FirelensConfiguration,
    LogConfiguration,
    MountPoint,
    PortMapping,
    Service,
    ServiceConnect,
    ServiceConnectEndpoint,
    ServiceTarget,
    TargetTracking,
    TaskDefinition,
)

__all__ = [
    "AutoScaling",
    "Cluster",
    "Container",
    "ContainerDependency",
    "ContainerHealthCheck",
    "DeploymentAlarms",
    "FirelensConfiguration",
    "LogConfiguration",
    "MountPoint",
    "PortMapping",
    "Service",
    "ServiceConnect",
    "ServiceConnectEndpoint",
    "ServiceTarget",
    "TargetTracking",
    "TaskDefinition",
]
