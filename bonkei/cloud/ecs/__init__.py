"""Amazon ECS: the miniature's own services and tasks, as its API describes and changes them.

`values` is what runs the tasks, as seen from here; `descriptions` writes it in the API's words;
`service` answers what reads, `changes` what changes something. What is left out of a description
is optional there. Source: the Amazon ECS API Reference.
"""

from bonkei.cloud.ecs.service import service
from bonkei.cloud.ecs.values import (
    Ecs,
    EcsContainer,
    EcsDeployment,
    EcsService,
    EcsState,
    EcsTask,
    RunTask,
    ServiceChange,
)

__all__ = [
    "Ecs",
    "EcsContainer",
    "EcsDeployment",
    "EcsService",
    "EcsState",
    "EcsTask",
    "RunTask",
    "ServiceChange",
    "service",
]
