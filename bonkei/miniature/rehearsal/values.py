"""The input and the results of a rehearsal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bonkei.base.aws_service import Aws
from bonkei.base.errors import BonkeiError
from bonkei.base.vault import Vault
from bonkei.blueprint import Blueprint
from bonkei.services.cloudwatch.monitor import Monitor
from bonkei.services.codepipeline.pipelines import Pipelines
from bonkei.services.ecs import Tasks
from bonkei.services.edge import EdgeSnapshot
from bonkei.services.eventbridge.bus import EventBus
from bonkei.services.rds.snapshot import DatabaseSnapshot

Request = Callable[[], Awaitable[None]]


class RehearsalError(BonkeiError):
    """The rehearsal cannot begin, or a cause cannot be created."""


@dataclass(slots=True)
class Result:
    """The result of one alarm, or of one rule of EventBridge (`kind`: alarm, rule). Times are in
    Unix seconds; 0 until the state was reached. `cause`: the action. `injected`: whether it was not
    a real cause. `slack`: the messages in Slack, and how many seconds after the change they
    came. `pipeline`: whose failure a message about the rule names. `not_shown`: what it does not
    show, although it went both ways."""

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
    pipeline: str = ""
    not_shown: str = ""

    @property
    def both_ways(self) -> bool:
        """Whether it went to ALARM and back. A rule does not go back."""
        came = bool(self.alarm_at and (self.ok_at or self.kind == "rule"))
        return came and not self.problem


def not_shown(result: Result, *, by_slack: bool) -> str:
    """What a result does not show although it went both ways; empty if all was shown. `by_slack`:
    whether a message had to come to Slack."""
    if not result.both_ways:
        return ""
    if result.injected:
        made = "an event made from its own pattern" if result.kind == "rule" else "injected data"
        return f"a real cause: {made} went this way"
    if problem := next((sent["problem"] for sent in result.messages if sent["problem"]), ""):
        return f"its action: {problem}"
    return "" if result.slack or not by_slack else "its message: nothing came to Slack"


class Webhook(Protocol):
    """The stand-in for Slack, and the functions that call it."""

    @property
    def secret(self) -> str:
        """The ARN of the secret with its address; empty if there is none."""

    @property
    def refuse(self) -> Callable[[int], None]:
        """So many messages from now on."""

    @property
    def waiting(self) -> Callable[[], int]:
        """The number of unfinished events of functions."""

    def entries(self, since: float) -> Sequence[tuple[float, str]]:
        """The messages that have arrived: their time and text."""


@dataclass(frozen=True, slots=True)
class Means:
    """The parts with which real causes are made. `paths`: of a service, by the end of its name;
    their answers need a part behind the service, such as the database. `look`: measures the queues
    now. `prepare`: gets the functions that report alarms ready, before anything uses the
    processors."""

    tasks: Callable[[], Tasks]
    edge: Callable[[], EdgeSnapshot]
    databases: Callable[[], Sequence[DatabaseSnapshot]]
    vault: Vault
    paths: Mapping[str, Sequence[str]]
    webhook: Webhook
    look: Callable[[], Awaitable[None]]
    prepare: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class World:
    """The surroundings of a rehearsal. `firewall`: a request that the web ACL blocks. Without
    `means`, the only causes are injected data, records and such requests."""

    monitor: Monitor
    blueprint: Callable[[], Blueprint]
    aws: Aws
    firewall: Request | None = None
    means: Means | None = None
    events: EventBus | None = None
    pipelines: Pipelines | None = None


class Cause(Protocol):
    """One real action. `end` may be called twice, and also after a `begin` that failed."""

    async def begin(self) -> None:
        """RehearsalError where it cannot be done."""

    async def push(self) -> None:
        """Called repeatedly until the alarms are raised."""

    async def calm(self) -> None:
        """Called repeatedly after its end, until the alarms are over."""

    async def end(self) -> None:
        """Restore the state from before."""
