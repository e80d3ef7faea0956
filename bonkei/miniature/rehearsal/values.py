"""The input and the results of a rehearsal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bonkei.aws_service import AwsService
from bonkei.blueprint import Blueprint
from bonkei.database import DatabaseSnapshot
from bonkei.edge import EdgeSnapshot
from bonkei.errors import BonkeiError
from bonkei.miniature.measures.queues import CallQueue
from bonkei.monitor.events.bus import EventBus
from bonkei.monitor.monitor import Monitor
from bonkei.tasks import Tasks
from bonkei.vault import Vault

Request = Callable[[], Awaitable[None]]


class RehearsalError(BonkeiError):
    """It cannot begin, or a cause cannot be made."""


@dataclass(slots=True)
class Result:
    """The result of one alarm, or of one rule of EventBridge (`kind`: alarm, rule). Times in Unix
    seconds, 0 until the state was reached; `cause`: the action, `injected`: whether it was no real
    cause. `slack`: the messages in Slack, with the seconds after the change.
    """

    name: str
    kind: str = "alarm"
    cause: str = ""
    injected: bool = False
    alarm_at: float = 0.0
    ok_at: float = 0.0
    alarm_reason: str = ""
    ok_reason: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list)
    slack: list[dict[str, Any]] = field(default_factory=list)
    problem: str = ""

    @property
    def both_ways(self) -> bool:
        """Whether it went to ALARM and back; a rule has no way back."""
        came = bool(self.alarm_at and (self.ok_at or self.kind == "rule"))
        return came and not self.problem


class Webhook(Protocol):
    """The stand-in for Slack, and the functions that call it."""

    @property
    def secret(self) -> str:
        """The ARN of the secret that holds its address; empty where there is none."""

    @property
    def refuse(self) -> Callable[[int], None]:
        """So many messages from now on."""

    @property
    def waiting(self) -> Callable[[], int]:
        """How many events of functions are not over."""

    def entries(self, since: float) -> Sequence[tuple[float, str]]:
        """The messages that have arrived: when, and their text."""


@dataclass(frozen=True, slots=True)
class Means:
    """The parts with which real causes are made. `paths`: of a service, by the end of its name:
    those whose answers need a part behind it, such as the database. `look`: measures the queues
    now. `prepare`: makes the functions that report alarms ready, before anything uses the
    processors.
    """

    tasks: Callable[[], Tasks]
    edge: Callable[[], EdgeSnapshot]
    databases: Callable[[], Sequence[DatabaseSnapshot]]
    vault: Vault
    paths: Mapping[str, Sequence[str]]
    webhook: Webhook
    queue: CallQueue
    look: Callable[[], Awaitable[None]]
    prepare: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class World:
    """Where it happens. `firewall`: a request that the web ACL blocks; without `means` there are
    no real causes but records and such requests."""

    monitor: Monitor
    blueprint: Callable[[], Blueprint]
    services: Mapping[str, AwsService]
    firewall: Request | None = None
    means: Means | None = None
    events: EventBus | None = None


class Cause(Protocol):
    """One thing that is done. `end` may be called twice, and after a `begin` that failed."""

    async def begin(self) -> None:
        """RehearsalError where it cannot be done."""

    async def push(self) -> None:
        """Once in a while, until the alarms are there."""

    async def calm(self) -> None:
        """Once in a while after its end, until the alarms are over."""

    async def end(self) -> None:
        """Restore the state from before."""
