"""The state of one container of a live task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bonkei.base.events import Endpoint
from bonkei.blueprint.ecs import Container
from bonkei.services.ecs.messages import HealthProbed, Listens, PortKey
from bonkei.services.ecs.scheduling.container_health import UNKNOWN, HealthRecord


@dataclass(slots=True)
class ContainerState:
    """status: PENDING | STARTING | RUNNING | STOPPED. Times are in monotonic seconds."""

    container: Container
    status: str = "PENDING"
    started_at: float | None = None
    pid: int | None = None
    exit_code: int | None = None
    error: str = ""  # the exception of which it has ended
    reason: str = ""
    health: HealthRecord | None = None
    elsewhere: tuple[int, ...] = ()  # the ports on which it listens instead of its assigned port
    terminated_at: float | None = None
    killed: bool = False

    @property
    def has_started(self) -> bool:
        return self.started_at is not None

    @property
    def health_status(self) -> str:
        return self.health.status if self.health else UNKNOWN

    @property
    def ending(self) -> str:
        """How it has ended, unless well: `web: exit code 1, ValueError: no name, /app/main.py:3`.
        ECS leaves the reader to look for the exception in the log."""
        if not self.exit_code:
            return ""
        return f"{self.container.name}: exit code {self.exit_code}" + (
            f", {self.error}" if self.error else ""
        )

    def may_restart(self, now: float) -> bool:
        """Whether it begins again after this end. One that ended sooner would only fail again."""
        policy = self.container.restart
        return (
            policy is not None
            and self.terminated_at is None
            and self.exit_code not in policy.ignored
            and self.started_at is not None
            and now - self.started_at >= policy.after
        )

    def begin_again(self) -> None:
        self.status, self.health, self.reason, self.error = "STARTING", None, "", ""

    def note_health(self, event: HealthProbed | Listens, now: float) -> None:
        if self.health is None:
            return
        if isinstance(event, HealthProbed):
            self.health = self.health.probe_ended(event.succeeded, now)
        else:
            self.health = self.health.listens(now)


def listening_elsewhere(
    containers: Mapping[str, ContainerState], endpoints: Mapping[PortKey, Endpoint]
) -> str:
    """A sentence about containers that do not listen on PORT; empty if all do."""
    ports: dict[str, int] = {}
    for (name, _), endpoint in endpoints.items():
        ports.setdefault(name, endpoint.port)  # the main port comes first
    return ", ".join(
        f"{name} listens on port {', '.join(map(str, state.elsewhere))} and not on {ports[name]}, "
        "the value of PORT"
        for name, state in containers.items()
        if state.elsewhere and name in ports
    )
