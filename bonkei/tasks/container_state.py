"""One container of a living task: where it is."""

from __future__ import annotations

from dataclasses import dataclass

from bonkei.blueprint.service import Container
from bonkei.tasks.health import UNKNOWN, HealthRecord


@dataclass(slots=True)
class ContainerState:
    """status: PENDING | STARTING | RUNNING | STOPPED. Times in monotonic seconds."""

    container: Container
    status: str = "PENDING"
    started_at: float | None = None
    pid: int | None = None
    exit_code: int | None = None
    reason: str = ""
    health: HealthRecord | None = None
    elsewhere: tuple[int, ...] = ()  # ports that it listens on instead of its own
    terminated_at: float | None = None
    killed: bool = False

    @property
    def has_started(self) -> bool:
        return self.started_at is not None

    @property
    def health_status(self) -> str:
        return self.health.status if self.health else UNKNOWN
