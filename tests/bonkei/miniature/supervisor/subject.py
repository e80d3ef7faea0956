"""A miniature whose parts are doubles that record their calls. The control socket, the loopback
addresses and the bus are real.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Container, Service, TaskDefinition
from bonkei.blueprint.rds import DatabaseCluster
from bonkei.config import Config
from bonkei.miniature import control
from bonkei.miniature.home import Home
from bonkei.miniature.supervisor import Miniature
from bonkei.services.edge.snapshot import ListenerState
from tests.bonkei.miniature.doubles import World, parts_of

DEFINITION = TaskDefinition("a", "arn:web:1", "web", 1, 256, 512, (Container("web", "web:1"),))


SERVICES = tuple(
    Service("a", f"arn:{name}", name, "cluster", DEFINITION.arn, 1) for name in ("web", "api")
)


SITE = ListenerState("distribution", "d", "site", "http://127.0.0.1:8080/", "127.0.0.1", 8080, 0, 0)


START = [
    "terraform apply",
    "cloud starts",
    "edge starts",
    "database main starts",
    "installs app",
    "cloud follows",
    "runs migrate",
    "services roll out",
]


def cluster(identifier: str = "main") -> DatabaseCluster:
    arn = f"arn:aws:rds:eu-west-1:123456789012:cluster:{identifier}"
    return DatabaseCluster(
        "c", arn, identifier, "aurora-postgresql", "18.1", f"{identifier}.e", "", 5432, "app", "m"
    )


BLUEPRINT = Blueprint(
    services=SERVICES, task_definitions=(DEFINITION,), database_clusters=(cluster(),)
)


class Subject:
    """One miniature with doubles, and its messages."""

    def __init__(self, world: World, config: Config) -> None:
        self.world = world
        self.said: list[str] = []
        self.home = Home(config.home).make()
        self.miniature = Miniature(config, self.home, self.said.append, parts_of(world))

    async def ask(self, name: str, **more: Any) -> Any:
        return await asyncio.to_thread(control.call, self.home, name, **more)

    def since(self, count: int) -> list[str]:
        return self.world.done[count:]

    @property
    def text(self) -> str:
        return "\n".join(self.said)


Make = Callable[..., Subject]


async def reached(world: World, what: str) -> None:
    async with asyncio.timeout(60):
        while what not in world.done:
            await asyncio.sleep(0.005)
