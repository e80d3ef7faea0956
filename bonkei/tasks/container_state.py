"""One container of a living task: where it is, and what that means for those that wait for it."""

from __future__ import annotations

from dataclasses import dataclass

from bonkei.blueprint.service import Container
from bonkei.tasks.health import HEALTHY, UNKNOWN, HealthRecord


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
    terminated_at: float | None = None
    killed: bool = False

    @property
    def has_started(self) -> bool:
        return self.started_at is not None

    @property
    def health_status(self) -> str:
        return self.health.status if self.health else UNKNOWN


def is_met(condition: str, other: ContainerState) -> bool:
    """Whether `other` has reached the condition of a dependsOn (ContainerDependency)."""
    match condition:
        case "START":
            return other.has_started
        case "COMPLETE":
            return other.has_started and other.status == "STOPPED"
        case "SUCCESS":
            return other.status == "STOPPED" and other.exit_code == 0
        case "HEALTHY":
            return other.status == "RUNNING" and other.health_status == HEALTHY
    return False


def can_never_be(condition: str, other: ContainerState) -> bool:
    """Whether waiting is in vain: the other container has ended, in another way."""
    return other.status == "STOPPED" and not is_met(condition, other)
