"""What the tests of faults hit, and hands that remember."""

from __future__ import annotations

from dataclasses import dataclass, field

from bonkei.services.faults.effects import NOTHING
from bonkei.services.faults.values import DatabaseThing, Effects, Estate, TaskThing

WEB = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/app-web/1"
API = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/app-api/2"
ZONES = ("eu-west-1a", "eu-west-1c")


def estate(*tasks: TaskThing, database: DatabaseThing | None = None) -> Estate:
    return Estate(
        tasks=tasks
        or (
            TaskThing("aaaa0001", "app-web", (WEB,), "eu-west-1a"),
            TaskThing("aaaa0002", "app-web", (WEB,), "eu-west-1c"),
            TaskThing("bbbb0001", "app-api", (API,), "eu-west-1a"),
        ),
        services={"app-web": ZONES, "app-api": ZONES, "app-worker": ZONES[:1]},
        groups={WEB: "app-web", API: "app-api"},
        databases=(database or DatabaseThing("app-db", ("eu-west-1a",)),),
        aws=("logs", "s3", "sqs"),
        zones=ZONES,
    )


@dataclass
class MemoryHands:
    """`failing`: the next `become` raises."""

    now: Estate = field(default_factory=estate)
    effects: Effects = NOTHING
    killed: list[str] = field(default_factory=list)
    failing: list[Exception] = field(default_factory=list)
    closed: bool = False

    def estate(self) -> Estate:
        return self.now

    async def become(self, effects: Effects) -> None:
        self.effects = effects
        if self.failing:
            raise self.failing.pop()

    async def kill_task(self, task_id: str) -> None:
        self.killed.append(task_id)

    async def kill_database(self, name: str) -> None:
        self.killed.append(name)

    async def close(self) -> None:
        self.effects, self.closed = NOTHING, True
